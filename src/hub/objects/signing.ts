import { createHmac, timingSafeEqual } from 'node:crypto';
import { forbidden } from '../errors.ts';

/** What a signed URL allows. */
export interface Grant {
  method: 'GET' | 'PUT';
  key: string;
  /** Second since the epoch after which it is void. */
  expires: number;
  upload?: { id: string; part: number };
}

/** Signs and checks URLs of objects with a secret that only this data folder (or installation) knows. */
export class UrlSigner {
  readonly #secret: Buffer;

  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** Path and query of the URL that carries `grant`. */
  sign(grant: Grant): string {
    const query = new URLSearchParams({ expires: String(grant.expires) });
    if (grant.upload) {
      query.set('uploadId', grant.upload.id);
      query.set('partNumber', String(grant.upload.part));
    }
    query.set('signature', this.#signature(grant));
    return `/objects/${grant.key.split('/').map(encodeURIComponent).join('/')}?${query.toString()}`;
  }

  /** @throws HubError 403 when the signature is not ours or too old. */
  check(grant: Grant, signature: string, nowSeconds: number): void {
    const expected = Buffer.from(this.#signature(grant));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) {
      throw forbidden('The URL is not signed correctly.');
    }
    if (grant.expires < nowSeconds) throw forbidden('The URL has expired.');
  }

  #signature({ method, key, expires, upload }: Grant): string {
    const text = JSON.stringify([method, key, expires, upload?.id ?? '', upload?.part ?? 0]);
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}
