/** The server's own limit. */
const most = 500;
const least = 10;
/** A request of this length, ms, neither wastes round trips nor loses much when the link breaks. */
const aim = 10_000;

/** The number of items in the next request, after one of `size` took `ms`; null: it got no answer. */
export function nextBatchSize(size: number, ms: number | null): number {
  if (ms === null) return Math.max(least, Math.floor(size / 2));
  const fitting = Math.floor((size * aim) / Math.max(1, ms));
  return Math.max(least, Math.min(most, fitting, size * 2));
}

export const firstBatchSize = 250;
