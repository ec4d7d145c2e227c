import { bytesText } from '../../base/bytes-text.ts';
import { TidemarkError } from '../../contract/errors.ts';

/** Room on the disk for what is fetched. */
export interface Room {
  /** Throws `disk-full` where so many bytes more, with what is still to come, can never be taken. Changes nothing. */
  judge(bytes: number): Promise<void>;
  /** Makes room for the next bytes of this media by removing others, or throws `disk-full` and removes nothing. */
  make(key: string, bytes: number): Promise<void>;
}

/** What there is, in bytes. */
export interface Space {
  /** Of the disk, without the reserve. */
  free: number;
  /** What fetched media take together. */
  fetched: number;
  /** What they may take; null for no limit. */
  limit: number | null;
}

export interface Candidate {
  key: string;
  bytes: number;
  /** Local ms. */
  usedAt: number;
}

/** Bytes that have to go before `bytes` more can come. */
export function lacking({ free, fetched, limit }: Space, bytes: number): number {
  return Math.max(0, bytes - free, limit === null ? 0 : fetched + bytes - limit);
}

/** Longest unused first, until so many bytes are gone; all of them where that is not enough. */
export function toEvict<T extends Candidate>(candidates: readonly T[], bytes: number): T[] {
  const chosen: T[] = [];
  let gone = 0;
  for (const one of [...candidates].sort((a, b) => a.usedAt - b.usedAt)) {
    if (gone >= bytes) break;
    chosen.push(one);
    gone += one.bytes;
  }
  return chosen;
}

/** Says which of the two bounds it is, with the numbers that a person needs. */
export function noRoom(
  space: Space,
  { bytes, evictable }: { bytes: number; evictable: number },
): TidemarkError {
  const byLimit = space.limit !== null && space.fetched + bytes - space.limit > bytes - space.free;
  const left = byLimit ? (space.limit ?? 0) - space.fetched : space.free;
  const could = evictable > 0 ? `, and ${bytesText(evictable)} that can be removed` : '';
  const where = byLimit
    ? `the limit for fetched media leaves ${bytesText(left)}`
    : `${bytesText(left)} are free`;
  return new TidemarkError('disk-full', {
    message: `It needs ${bytesText(bytes)}, but ${where}${could}.`,
  });
}
