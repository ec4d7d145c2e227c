import { Agent, request } from 'node:https';
import { isIP } from 'node:net';
import type { JobClusters } from '../../db/schema-work.ts';
import { HubError, type FailureStatus } from '../../errors.ts';
import type { RemoteFiles } from '../../remote/remote-files.ts';

/*
 * The Kubernetes API over Node's own HTTPS: six requests are needed of it. (The official client,
 * @kubernetes/client-node 2, asks for Node 22 through its undici 8, and brings sixteen packages.)
 */

export type ClusterAddress = Pick<JobClusters, 'host' | 'port' | 'token' | 'cert'>;

/** The cluster cannot be used, or does not want what it was asked. Its text never holds the token. */
export class ClusterFailure extends HubError {
  /** What the cluster answered; none: it did not. */
  readonly answered: number | undefined;

  constructor(status: FailureStatus, message: string, answered?: number) {
    super(status, message, 'job-cluster');
    this.answered = answered;
  }
}

export interface KubeRequest {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: unknown;
}

/** A cluster that is silent for so long is given up, ms. */
const IDLE_MS = 10_000;
/** Bytes of an answer: a page of large workflows. */
const LARGEST = 64 * 1024 * 1024;

export class KubeClient {
  readonly #agent: Agent;
  readonly #host: string;
  readonly #port: number;
  readonly #token: string;
  readonly #idle: number;

  /** @throws HubError 400 for an address that this hub does not visit, or a certificate that is none */
  constructor(
    { host, port, token, cert }: ClusterAddress,
    { remote, idle = IDLE_MS }: { remote: Pick<RemoteFiles, 'check' | 'lookup'>; idle?: number },
  ) {
    const bare = host
      .trim()
      .replace(/^https:\/\//, '')
      .replace(/\/+$/, '');
    const { hostname } = remote.check(`https://${isIP(bare) === 6 ? `[${bare}]` : bare}:${port}/`);
    this.#host = hostname.replace(/^\[|\]$/g, '');
    this.#port = port;
    this.#token = token.trim();
    this.#idle = idle;
    const ca = authorityOf(cert);
    // Only whom the given authority vouches for may see the token.
    const trust = ca === undefined ? {} : { ca };
    this.#agent = new Agent({
      ...trust,
      keepAlive: true,
      maxSockets: 8,
      lookup: remote.lookup,
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @throws ClusterFailure unless the answer is 2xx */
  async json(asked: KubeRequest, signal?: AbortSignal): Promise<unknown> {
    const text = await this.text(asked, signal);
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new ClusterFailure(503, 'What answers at the address of the job cluster is no Kubernetes.');
    }
  }

  async text({ method, path, query = {}, body }: KubeRequest, signal?: AbortSignal): Promise<string> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const search = new URLSearchParams(query).toString();
    const { status, text } = await this.#exchange(
      { method, path: search ? `${path}?${search}` : path, sent },
      signal,
    );
    if (status >= 200 && status < 300) return text;
    throw refusal(status, this.#masked(text));
  }

  #exchange(
    { method, path, sent }: { method: string; path: string; sent: string | undefined },
    signal: AbortSignal | undefined,
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        if (signal?.aborted) reject(signal.reason as Error);
        else reject(error instanceof HubError ? error : unreachable(this.#masked(reasonOf(error))));
      };
      const call = request(
        {
          host: this.#host,
          port: this.#port,
          method,
          path,
          agent: this.#agent,
          timeout: this.#idle,
          ...(signal === undefined ? {} : { signal }),
          headers: {
            accept: 'application/json, */*',
            ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }),
            ...(sent === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > LARGEST)
              call.destroy(new ClusterFailure(503, 'The job cluster answers more than fits.'));
            else chunks.push(chunk);
          });
          response.on('error', fail);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
        },
      );
      call.on('timeout', () => call.destroy(unreachable(`no answer for ${this.#idle / 1_000} s`)));
      call.on('error', fail);
      call.end(sent);
    });
  }

  #masked(text: string): string {
    return this.#token === '' ? text : text.replaceAll(this.#token, '***');
  }
}

/** PEM, or what a kubeconfig has under `certificate-authority-data`: PEM in Base64. */
function authorityOf(cert: string): string | undefined {
  const text = cert.trim();
  if (text === '') return undefined;
  const pem = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('latin1');
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new ClusterFailure(400, 'The cert of the job cluster is no certificate in PEM.');
  return pem;
}

function unreachable(why: string): ClusterFailure {
  return new ClusterFailure(503, `The job cluster cannot be reached: ${why}.`);
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error.message;
  if (/CERT|SELF_SIGNED|ISSUER|ALTNAME|LEAF_SIGNATURE/.test(code))
    return `its certificate is not vouched for by the cert that was given (${code})`;
  return code;
}

function refusal(status: number, text: string): ClusterFailure {
  const said = statusMessage(text);
  if (status === 401) return new ClusterFailure(400, 'The job cluster does not take its token.', status);
  if (status === 403)
    return new ClusterFailure(400, `The token of the job cluster may not do this: ${said}`, status);
  if (status === 404)
    return new ClusterFailure(400, `The job cluster has no such thing (is Argo installed?): ${said}`, status);
  if (status === 429 || status >= 500)
    return new ClusterFailure(503, `The job cluster cannot do this now (${status}): ${said}`, status);
  return new ClusterFailure(400, `The job cluster refuses this (${status}): ${said}`, status);
}

/** The message of a Kubernetes `Status`, or the beginning of whatever it is. */
function statusMessage(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message.slice(0, 500);
  } catch {
    // A proxy's page.
  }
  return text.replace(/\s+/g, ' ').slice(0, 200);
}
