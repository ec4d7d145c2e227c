/** How a file is cut into parts. */
export interface PartPlan {
  partBytes: number;
  count: number;
}

const mebibyte = 2 ** 20;
/** Part size of Tator's own clients. */
export const usualPartBytes = 10 * mebibyte;
/** S3 takes no smaller parts, but for the last. */
const leastPartBytes = 5 * mebibyte;
const mostPartBytes = 64 * mebibyte;
/** What a kill or a broken connection costs at most, seconds of the link. */
const partSeconds = 30;
/** The server signs at most 10,000 URLs; a larger file gets larger parts, with some room left. */
const mostParts = 10_000;
const partsOfLargeFile = 9_000;

/** A part size that fits the link: small ones where little arrives between two breaks. `speed`: bytes a second of one lane. */
export function partBytesFor(speed: number | null): number {
  if (speed === null) return usualPartBytes;
  const fitting = Math.round((speed * partSeconds) / mebibyte) * mebibyte;
  return Math.min(mostPartBytes, Math.max(leastPartBytes, fitting));
}

export function planParts(size: number, partBytes: number = usualPartBytes): PartPlan {
  const usual = Math.max(1, Math.ceil(size / partBytes));
  if (usual <= mostParts) return { partBytes, count: usual };
  // Whole mebibytes: some stores take only multiples of 256 KiB.
  const larger = Math.ceil(size / partsOfLargeFile / mebibyte) * mebibyte;
  return { partBytes: larger, count: Math.ceil(size / larger) };
}

/** Where part `number` (from 1) lies in the file, bytes. */
export function partRange(plan: PartPlan, size: number, number: number): { start: number; length: number } {
  const start = (number - 1) * plan.partBytes;
  return { start, length: Math.min(plan.partBytes, size - start) };
}

/** Whether a store's ETag vouches for these bytes; stores that do not use MD5 say nothing about them. */
export function judgeEtag(etag: string, md5: string): 'same' | 'differs' | 'no-md5' {
  const bare = etag.replace(/^W\//, '').replace(/^"|"$/g, '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(bare)) return 'no-md5';
  return bare === md5 ? 'same' : 'differs';
}
