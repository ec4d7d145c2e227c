import { lookup } from 'node:dns';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HubError } from '../errors.ts';
import { makePrivateTest } from './private-addresses.ts';

/** A file of another server could not be had; answered as a 400. */
export class RemoteFailure extends HubError {
  /** Whether asking again is pointless: the URL is refused, or the server says so. */
  readonly permanent: boolean;

  constructor(message: string, { permanent }: { permanent: boolean }) {
    super(400, message);
    this.permanent = permanent;
  }
}

export interface RemoteFilesOptions {
  /** Lets clients name files on this machine and its network too. */
  allowPrivate: boolean;
}

export interface Download {
  /** Most bytes that are taken. */
  largest: number;
  /** For the server that the URL names; never sent on to another one by a redirect. */
  headers?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
}

const MOST_REDIRECTS = 5;
/** A server that says nothing for so long is given up. */
const IDLE_MS = 30_000;

/**
 * Fetches files that clients name by URL. Only http and https, and only public addresses unless allowed
 * otherwise: the address is checked where it is resolved for the connection, at every redirect, so that
 * no name can mean one thing when checked and another when used.
 */
export class RemoteFiles {
  readonly #allowPrivate: boolean;
  readonly #isPrivate = makePrivateTest();

  constructor({ allowPrivate }: RemoteFilesOptions) {
    this.#allowPrivate = allowPrivate;
  }

  /**
   * What can be said of a URL without asking the network.
   * @throws RemoteFailure for one that would be refused.
   */
  check(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw refused('Only http and https URLs can be fetched.');
    }
    if (url.username !== '' || url.password !== '') throw refused('A URL must not hold a password.');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (!this.#allowPrivate && (isIP(host) === 0 ? isLocalName(host) : this.#isPrivate(host))) {
      throw privateNetwork();
    }
    return url;
  }

  /**
   * Writes the file at `url` to `path`; nothing stays there after a failure.
   * @returns its size in bytes.
   * @throws RemoteFailure
   */
  async download(
    url: string,
    path: string,
    { largest, headers, signal }: Download,
  ): Promise<{ size: number }> {
    const response = await this.#open(this.check(url), { headers, signal, redirects: MOST_REDIRECTS });
    let size = 0;
    const meter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        size += chunk.length;
        if (size > largest) done(refused('The file is larger than this server fetches.'));
        else done(null, chunk);
      },
    });
    try {
      const file = createWriteStream(path, { mode: 0o600 });
      await pipeline(response, meter, file, signal === undefined ? {} : { signal });
      return { size };
    } catch (error) {
      await rm(path, { force: true });
      signal?.throwIfAborted();
      throw asFailure(error);
    }
  }

  async #open(
    url: URL,
    { headers: own, signal, redirects }: Pick<Download, 'headers' | 'signal'> & { redirects: number },
  ): Promise<IncomingMessage> {
    const response = await this.#request(url, own, signal);
    const { statusCode: status = 0, headers } = response;
    if (status === 200) return response;
    response.destroy();
    if (status >= 300 && status < 400 && headers.location !== undefined && redirects > 0) {
      const next = this.check(
        URL.canParse(headers.location, url.href) ? new URL(headers.location, url).href : '',
      );
      const stays = next.origin === url.origin;
      return this.#open(next, { headers: stays ? own : undefined, signal, redirects: redirects - 1 });
    }
    throw new RemoteFailure(`The server of the file answered ${status}.`, {
      permanent: status < 500 && status !== 408 && status !== 429,
    });
  }

  #request(
    url: URL,
    headers: Download['headers'],
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const get = url.protocol === 'https:' ? getSecure : getPlain;
    return new Promise((resolve, reject) => {
      const request = get(
        url,
        {
          lookup: this.lookup,
          agent: false,
          headers: { ...headers, 'accept-encoding': 'identity' },
          timeout: IDLE_MS,
          ...(signal === undefined ? {} : { signal }),
        },
        resolve,
      );
      request.on('timeout', () => request.destroy(slow()));
      request.on('error', (error) => reject(signal?.aborted ? (signal.reason as Error) : asFailure(error)));
    });
  }

  /** Resolves a name for a connection; an error in place of an address that is not visited. */
  readonly lookup: LookupFunction = (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        done(error, ''); // without addresses, whatever the types say
        return;
      }
      const [first] = addresses;
      const bad = !this.#allowPrivate && addresses.some(({ address }) => this.#isPrivate(address));
      if (bad || !first) done(privateNetwork(), '');
      else if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

function privateNetwork(): RemoteFailure {
  return refused('The URL leads to a private network, which this server does not fetch from.');
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

function refused(message: string): RemoteFailure {
  return new RemoteFailure(message, { permanent: true });
}

function slow(): RemoteFailure {
  return new RemoteFailure('The server of the file does not answer.', { permanent: false });
}

/** Without the system's text: it tells about the inside of the network. */
function asFailure(error: unknown): RemoteFailure {
  if (error instanceof RemoteFailure) return error;
  return new RemoteFailure('The file could not be fetched from its server.', { permanent: false });
}
