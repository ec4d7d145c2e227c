import Type, { type Static } from 'typebox';
import { TidemarkError } from '../../contract/errors.ts';

/* What a server's answer says of the file that it sends. */

/** Digest of a whole file, as a server gives it. */
export const FileDigest = Type.Object({ md5: Type.String({ pattern: '^[0-9a-f]{32}$' }) });
export type FileDigest = Static<typeof FileDigest>;

/** Only a strong ETag tells that it is the same file, byte by byte. */
export function strongEtag(headers: Headers): string | null {
  const etag = headers.get('etag');
  return etag === null || etag === '' || etag.startsWith('W/') ? null : etag;
}

/**
 * The MD5 of the whole file, where the server gives one. Azure sends it in a header; of a range it is that
 * header with the prefix, while the plain one is of the range alone. Google sends a list of hashes. An S3
 * ETag is the MD5 of objects that came in one piece and are not encrypted with a key of the customer.
 */
export function digestOf({ status, headers }: { status: number; headers: Headers }): FileDigest | null {
  const azure = headers.get('x-ms-blob-content-md5') ?? (status === 200 ? headers.get('content-md5') : null);
  const google = /(?:^|[\s,])md5=([A-Za-z0-9+/]{22}==)/.exec(headers.get('x-goog-hash') ?? '')?.[1];
  const encoded = azure ?? google ?? null;
  if (encoded !== null) {
    const bytes = Buffer.from(encoded, 'base64');
    return bytes.length === 16 ? { md5: bytes.toString('hex') } : null;
  }
  const etag = /^"([0-9a-f]{32})"$/.exec(headers.get('etag') ?? '')?.[1];
  const isSealed =
    (headers.get('x-amz-server-side-encryption') ?? 'AES256') !== 'AES256' ||
    headers.has('x-amz-server-side-encryption-customer-algorithm');
  return etag === undefined || isSealed || !headers.has('x-amz-request-id') ? null : { md5: etag };
}

/** Bytes of the whole file; `from` is where the answer was asked to begin. Throws where it is no file. */
export function totalOf(response: { status: number; headers: Headers }, from: number): number {
  const { status, headers } = response;
  const range = headers.get('content-range') ?? '';
  if (status === 206) {
    const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(range);
    if (match !== null && Number(match[1]) === from) return Number(match[2]);
  }
  if (status === 416 && from > 0) {
    const match = /^bytes \*\/(\d+)$/.exec(range);
    if (match !== null && Number(match[1]) === from) return from;
  }
  const length = Number(headers.get('content-length') ?? NaN);
  if (status === 200 && Number.isSafeInteger(length)) return length;
  const code = status === 404 ? 'not-found' : status >= 500 ? 'server-busy' : 'garbled-answer';
  throw new TidemarkError(code, { status, detail: 'media file' });
}
