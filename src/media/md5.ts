import { createHash } from 'node:crypto';
import { sizeOfSource, readAt, withFile } from './file.ts';

const mebibyte = 2 ** 20;
const chunkSize = 4 * mebibyte;

/** The two forms of Tator's `md5` field. They agree for files up to 10 MiB. */
export type MediaMd5 = {
  /** As Tator's Python client computes it, over the first 100 MiB: the one to send. */
  readonly python: string;
  /** As the web client computes it, over the first 10 MiB: to be expected from others. */
  readonly web: string;
};

/**
 * Tator's `md5` field: not the file's md5 but md5(hex(md5(head)) + decimal size). Reads at most the first
 * 100 MiB, in pieces.
 */
export async function mediaMd5(
  path: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<MediaMd5> {
  const size = await sizeOfSource(path);
  return await withFile(path, async (file) => {
    const python = createHash('md5');
    const web = createHash('md5');
    for (let at = 0; at < Math.min(size, 100 * mebibyte); at += chunkSize) {
      signal?.throwIfAborted();
      const chunk = await readAt(file, at, Math.min(chunkSize, 100 * mebibyte - at));
      python.update(chunk);
      if (at < 10 * mebibyte) web.update(chunk.subarray(0, 10 * mebibyte - at));
    }
    return { python: withSize(python.digest('hex'), size), web: withSize(web.digest('hex'), size) };
  });
}

function withSize(headDigest: string, size: number): string {
  return createHash('md5').update(`${headDigest}${size}`).digest('hex');
}
