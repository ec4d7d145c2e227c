import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { badRequest } from '../errors.ts';

export interface StoredPart {
  number: number;
  size: number;
  /** MD5 of the bytes in quotes, as S3 answers it. */
  etag: string;
}

export interface ObjectInfo {
  size: number;
  etag: string;
}

export interface ByteRange {
  /** First and last byte, inclusive. */
  start: number;
  end: number;
}

export interface PartReference {
  PartNumber: number;
  ETag: string;
}

/**
 * Where files live, by key (`<org>/<project>/<media>/<name>`, `_uploads/…`). Multipart uploads work as
 * in S3: parts may come in any order and again; completion names the parts and their ETags.
 */
export interface ObjectStore {
  put(key: string, content: Readable): Promise<ObjectInfo>;
  /** Size and ETag; undefined when there is no such object. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** @throws HubError 404 */
  read(key: string, range?: ByteRange): Promise<Readable>;
  delete(key: string): Promise<void>;
  /** Takes over a finished local file (it is moved or copied). */
  adopt(key: string, path: string): Promise<ObjectInfo>;
  /** A local path with the object's bytes for the media tools; `release` frees what was made for it. */
  localCopy(key: string): Promise<{ path: string; release(): Promise<void> }>;
  /** A URL at which clients read the object from the store itself, for `seconds`; undefined: they cannot. */
  directUrl(key: string, seconds: number): Promise<string | undefined>;
  /** Begins a multipart upload; the id of it. */
  beginUpload(key: string): Promise<string>;
  putPart(key: string, uploadId: string, part: number, content: Readable): Promise<StoredPart>;
  /** @throws HubError 400 unless this is an upload of this key. */
  requireUpload(key: string, uploadId: string): Promise<void>;
  listParts(key: string, uploadId: string): Promise<StoredPart[]>;
  /**
   * Makes the object of the named parts. Repeating a completion that succeeded succeeds.
   * @throws HubError 400 when a part is missing or its ETag differs.
   */
  completeUpload(key: string, uploadId: string, parts: readonly PartReference[]): Promise<ObjectInfo>;
  /**
   * Moves an object to a storage class, in stores that have several.
   * @returns false while it is on its way: ask again later.
   */
  toClass?(key: string, storageClass: string): Promise<boolean>;
}

/** The hub's own store and the buckets of its organizations, as one. */
export interface PlacedStore extends ObjectStore {
  /** Says where an object that is about to be uploaded shall be, whatever its project says. */
  assign(key: string, bucket: number): Promise<void>;
  /**
   * Moves an object into the storage class that its bucket has for archived or for live files.
   * @returns false while it is on its way: ask again later.
   * @throws HubError 404
   */
  shelve(key: string, as: 'archive' | 'live'): Promise<boolean>;
}

/** @throws HubError 400 unless the parts are named in ascending order. */
export function requireOrder(parts: readonly PartReference[]): void {
  for (const [i, { PartNumber }] of parts.entries()) {
    if (PartNumber <= (parts[i - 1]?.PartNumber ?? 0))
      throw badRequest('Parts must be named in ascending order.');
  }
}

/** The ETag that S3 gives an object of parts: the MD5 of their MD5s, and their number. */
export function etagOfParts(parts: readonly PartReference[]): string {
  const hash = createHash('md5');
  for (const { ETag } of parts) hash.update(Buffer.from(ETag.replaceAll('"', ''), 'hex'));
  return `"${hash.digest('hex')}-${parts.length}"`;
}
