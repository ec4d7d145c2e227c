import { createHash } from 'node:crypto';

/**
 * How the stores behind a Tator server take a file, each as strict as the real one. The bytes stay in
 * memory; the HTTP around it is `host-store.ts`.
 */
export type StoreStyle = 's3' | 'google' | 'azure' | 'hub';

export interface PutRequest {
  url: URL;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  bytes: Buffer;
}

export interface PutReply {
  status: number;
  headers?: Record<string, string>;
}

export interface StoredUpload {
  id: string;
  key: string;
  count: number;
  parts: Map<number, Buffer>;
  /** Set once it is whole: after its only part, its last byte, or joining. */
  object: Buffer | null;
}

const borderBytes = 256 * 1024;

/** The signed URLs of an upload, as the server hands them out. `edition` is what a store can revoke. */
export function signedUrls(
  style: StoreStyle,
  { origin, upload, edition }: { origin: string; upload: StoredUpload; edition: number },
): string[] {
  const { id, count } = upload;
  const end = `edition=${edition}`;
  return Array.from({ length: count }, (_, i) => {
    const part = `${origin}/objects/${id}/${i + 1}`;
    if (style === 'azure')
      return `${part}?${count > 1 ? `comp=block&blockid=${i + 1}&` : ''}sig=secret&${end}`;
    if (style === 'google' && count > 1) return `${origin}/objects/${id}/session?${end}`;
    return `${part}?X-Amz-Expires=604800&X-Amz-Signature=secret&${end}`;
  });
}

/** What the store answers to a PUT, and what it keeps of it. */
export function takePut(style: StoreStyle, upload: StoredUpload, request: PutRequest): PutReply {
  const { headers, bytes, url } = request;
  // Presigned requests with another credential are refused, and so is chunked encoding.
  if (headers['authorization'] !== undefined) return { status: 400 };
  if (headers['content-length'] === undefined) return { status: 411 };
  if (url.pathname.endsWith('/session')) return takeOfSession(upload, request);
  const part = Number(url.pathname.split('/').at(-1));
  if (style === 'azure' && upload.count === 1 && headers['x-ms-blob-type'] !== 'BlockBlob')
    return { status: 400 };
  upload.parts.set(part, bytes);
  if (upload.count === 1) upload.object = bytes;
  if (style !== 'azure') return { status: 200, headers: { etag: etagOf(bytes) } };
  const md5 = createHash('md5').update(bytes).digest('base64');
  return { status: 201, headers: { 'content-md5': md5, ...(upload.count === 1 ? { etag: '"0x8DB"' } : {}) } };
}

function takeOfSession(upload: StoredUpload, { headers, bytes }: PutRequest): PutReply {
  const range = String(headers['content-range'] ?? '');
  const there = Buffer.concat([...upload.parts.values()]);
  const soFar = { status: 308, headers: there.length > 0 ? { range: `bytes=0-${there.length - 1}` } : {} };
  if (/^bytes \*\/\d+$/.test(range)) return upload.object === null ? soFar : { status: 200 };
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range);
  if (match === null) return { status: 400 };
  const [from, last, total] = match.slice(1).map(Number) as [number, number, number];
  if (from !== there.length) return soFar;
  const isLast = last + 1 === total;
  if (bytes.length !== last - from + 1 || (!isLast && bytes.length % borderBytes !== 0))
    return { status: 400 };
  upload.parts.set(upload.parts.size + 1, bytes);
  if (!isLast) return { status: 308, headers: { range: `bytes=0-${last}` } };
  upload.object = Buffer.concat([...upload.parts.values()]);
  return { status: 200 };
}

/** Joins the named parts; null when one is missing or named by another ETag. */
export function joinStored(
  style: StoreStyle,
  upload: StoredUpload,
  parts: readonly { ETag: string; PartNumber: number }[],
): Buffer | null {
  if (style === 'google') return upload.object;
  const ordered = parts.every(({ PartNumber }, i) => PartNumber === i + 1);
  const named = parts.every(
    ({ ETag, PartNumber }) => style === 'azure' || ETag === etagOf(upload.parts.get(PartNumber)),
  );
  if (!ordered || !named || parts.length !== upload.count || upload.parts.size !== upload.count) return null;
  return Buffer.concat(parts.map(({ PartNumber }) => upload.parts.get(PartNumber) ?? Buffer.alloc(0)));
}

export function etagOf(bytes: Buffer | undefined): string {
  return bytes === undefined ? '' : `"${createHash('md5').update(bytes).digest('hex')}"`;
}
