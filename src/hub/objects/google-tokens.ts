import { createPrivateKey, sign } from 'node:crypto';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { badRequest } from '../errors.ts';
import type { RemoteFiles } from '../remote/remote-files.ts';
import { storeFailure } from './store-failures.ts';

/** What of a Google service account's JSON is needed to speak in its name. */
export interface ServiceAccount {
  email: string;
  keyId: string;
  /** PEM. */
  privateKey: string;
  tokenUri: string;
}

/** @throws HubError 400 without the members, or with a key that is none. */
export function serviceAccountOf(config: Readonly<Record<string, unknown>>): ServiceAccount {
  const text = (member: string): string => {
    const value = config[member];
    if (typeof value !== 'string' || value === '')
      throw badRequest(`The config of the bucket needs "${member}".`);
    return value;
  };
  const account = {
    email: text('client_email'),
    keyId: text('private_key_id'),
    privateKey: text('private_key'),
    tokenUri: text('token_uri'),
  };
  try {
    if (createPrivateKey(account.privateKey).asymmetricKeyType !== 'rsa') throw new Error('not RSA');
  } catch {
    throw badRequest('"private_key" of the bucket is no RSA key in PEM form.');
  }
  return account;
}

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
/** s; the longest that Google allows. */
const LIFE = 3600;
/** A token is renewed so long before it ends, ms. */
const MARGIN = 300_000;
const PATIENCE_MS = 20_000;
const LARGEST_ANSWER = 65_536;

export interface GoogleTokensOptions {
  remote: Pick<RemoteFiles, 'check' | 'lookup'>;
  /** ms since 1970. */
  now?: () => number;
}

/**
 * Access tokens of a service account: a signed statement of who we are is changed into a token that
 * lives for an hour (RFC 7523). One is fetched at a time and used until shortly before it ends.
 */
export class GoogleTokens {
  readonly #account: ServiceAccount;
  readonly #remote: GoogleTokensOptions['remote'];
  readonly #now: () => number;
  #current: { token: string; until: number } | undefined;
  #coming: Promise<string> | undefined;

  constructor(account: ServiceAccount, { remote, now = Date.now }: GoogleTokensOptions) {
    this.#account = account;
    this.#remote = remote;
    this.#now = now;
  }

  /** @throws HubError 503 where Google's answer is none, 400 for a `token_uri` that is not visited. */
  async token(): Promise<string> {
    if (this.#current && this.#now() < this.#current.until) return this.#current.token;
    this.#coming ??= this.#fetch().finally(() => {
      this.#coming = undefined;
    });
    return this.#coming;
  }

  async #fetch(): Promise<string> {
    const url = this.#remote.check(this.#account.tokenUri);
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: this.#assertion(),
    });
    const begun = this.#now();
    const { access_token, expires_in } = parse(await this.#post(url, form.toString()));
    this.#current = { token: access_token, until: begun + expires_in * 1000 - MARGIN };
    return access_token;
  }

  #assertion(): string {
    const { email, keyId, privateKey, tokenUri } = this.#account;
    const issued = Math.floor(this.#now() / 1000);
    const head = { alg: 'RS256', typ: 'JWT', kid: keyId };
    const claims = { iss: email, scope: SCOPE, aud: tokenUri, iat: issued, exp: issued + LIFE };
    const text = `${encode(head)}.${encode(claims)}`;
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`;
  }

  #post(url: URL, body: string): Promise<string> {
    const send = url.protocol === 'https:' ? secure : plain;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const options = { method: 'POST', lookup: this.#remote.lookup, agent: false, headers } as const;
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => reject(storeFailure(cause));
      const request = send(url, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > LARGEST_ANSWER) response.destroy(new Error('the answer is too long'));
        });
        response.on('error', fail);
        response.on('end', () => {
          // The answer may repeat what was sent: only its status is told.
          if (response.statusCode === 200) resolve(text);
          else fail(new Error(`the token service answered ${response.statusCode}`));
        });
      });
      request.on('error', fail);
      request.end(body);
    });
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function parse(text: string): { access_token: string; expires_in: number } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'access_token' in value && 'expires_in' in value) {
      const { access_token, expires_in } = value;
      if (typeof access_token === 'string' && typeof expires_in === 'number')
        return { access_token, expires_in };
    }
  } catch {
    // Told below, like an answer without a token.
  }
  throw storeFailure(new Error('the answer of the token service holds no token'));
}
