/** How a file is cut into parts. */
export interface PartPlan {
  partBytes: number;
  count: number;
}

/** Part size of Tator's own clients; S3 wants 5 MiB at least, but for the last part. */
export const usualPartBytes = 10 * 2 ** 20;
/** The server signs at most 10,000 URLs; a larger file gets larger parts, with some room left. */
const mostParts = 10_000;
const partsOfLargeFile = 9_000;

export function planParts(size: number, partBytes: number = usualPartBytes): PartPlan {
  const usual = Math.max(1, Math.ceil(size / partBytes));
  if (usual <= mostParts) return { partBytes, count: usual };
  const larger = Math.ceil(size / partsOfLargeFile);
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
