import type { HostParams } from '../../contract/host-rpc.ts';
import type { UploadJob } from './journal.ts';

export type Place = HostParams<'uploads.move'>['place'];
type Ordered = Pick<UploadJob, 'mediaKey' | 'order'>;

/** First to be sent first; jobs of a time before there was an order come first, as they were found. */
export function inOrder<T extends Ordered>(jobs: readonly T[]): T[] {
  return [...jobs].sort((a, b) => (a.order ?? -1) - (b.order ?? -1));
}

/** New numbers of those jobs that change theirs; `jobs` in order. Pure. */
export function reordered(jobs: readonly Ordered[], mediaKey: string, place: Place): Map<string, number> {
  const from = jobs.findIndex((job) => job.mediaKey === mediaKey);
  const moved = jobs[from];
  if (moved === undefined) return new Map();
  const rest = jobs.filter((job) => job !== moved);
  const at = { first: 0, up: Math.max(0, from - 1), down: from + 1, last: rest.length }[place];
  const next = [...rest.slice(0, at), moved, ...rest.slice(at)];
  return new Map(next.flatMap((job, order) => (job.order === order ? [] : [[job.mediaKey, order] as const])));
}
