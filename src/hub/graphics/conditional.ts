import { createHash } from 'node:crypto';
import type { Answer } from '../call.ts';

export interface Validators {
  /** All that the answer is made of, as JSON values. */
  of: unknown;
  /** When the newest of it was changed. */
  modified: Date;
}

export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The answer that is made of `of`: 304 where the client has it already, else what `make` gives, with
 * the headers by which the client can ask again. A tag counts more than a date, as HTTP has it.
 */
export async function ifChanged(
  headers: RequestHeaders,
  { of, modified }: Validators,
  make: () => Promise<{ contentType: string; bytes: Buffer }>,
): Promise<Answer> {
  const etag = `"${createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 32)}"`;
  const own = { etag, 'last-modified': modified.toUTCString(), 'cache-control': 'private, no-cache' };
  if (isKnown(headers, etag, modified)) return { kind: 'empty', status: 304, headers: own };
  return { kind: 'bytes', ...(await make()), headers: own };
}

function isKnown(headers: RequestHeaders, etag: string, modified: Date): boolean {
  const tags = headers['if-none-match'];
  if (typeof tags === 'string') {
    return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
  }
  const since = headers['if-modified-since'];
  // HTTP dates have whole seconds.
  return typeof since === 'string' && Math.floor(modified.getTime() / 1000) * 1000 <= Date.parse(since);
}
