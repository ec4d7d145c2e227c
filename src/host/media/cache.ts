import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheState, KeptReason } from '../../contract/host-fetches.ts';
import type { HostParams, HostResult } from '../../contract/host-rpc.ts';
import { reserveBytes } from '../disk-space.ts';
import { isFetch, isWhole, withFetch } from './fetch-record.ts';
import type { MediaLibrary } from './library.ts';
import { mediaFolder, type MediaRecord } from './record.ts';
import { lacking, noRoom, toEvict, type Candidate, type Room, type Space } from './room.ts';

/**
 * The disk that media take. To make room, fetched media go, longest unused first; never pinned ones, never
 * files that were added on this device, never what the engine protects, and nothing of an account whose
 * engine has not told in this run what to protect.
 */
export interface Cache extends Room {
  state(): Promise<CacheState>;
  forecast(limit: number | null): Promise<HostResult<'cache.forecast'>>;
  setLimit(limit: number | null): Promise<CacheState>;
  evictTo(limit: number): Promise<HostResult<'cache.evictTo'>>;
  evict(keys: readonly string[]): Promise<HostResult<'cache.evict'>>;
  protect(params: HostParams<'cache.protect'>): void;
  /** The media is played now. */
  used(key: string): Promise<void>;
}

export interface CacheOptions {
  root: string;
  library: MediaLibrary;
  free: () => Promise<number>;
  now: () => number;
  /** Of settings. */
  limit: { get(): number | null; set(limit: number | null): Promise<void> };
  /** Whether the upload of a file of this device is through. */
  isUploaded: (key: string) => boolean;
  isBusy: (key: string) => boolean;
  remove: (key: string) => Promise<void>;
  onEvicted: (names: string[], bytes: number) => void;
}

type Amount = HostResult<'cache.evictTo'>;
type Protection = Omit<HostParams<'cache.protect'>, 'account'>;
interface Sized extends Candidate {
  record: MediaRecord;
}

/** ms; a media that is played asks for its file many times. */
const usedGap = 30_000;

export function createCache(options: CacheOptions): Cache {
  const { root, library, limit, now } = options;
  const protections = new Map<string, Protection>();
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: two that make room at once would both count the same bytes. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  const isOnlyHere = ({ media }: MediaRecord): boolean =>
    protections.get(media.account)?.onlyHere.includes(media.key) ?? false;
  const isEvictable = (record: MediaRecord): boolean => {
    const { key, account } = record.media;
    const protection = protections.get(account);
    if (!isFetch(record) || !isWhole(record) || record.fetchedFrom.pinned === true) return false;
    if (protection === undefined || protection.unsynced.includes(key)) return false;
    return !isOnlyHere(record) && !options.isBusy(key);
  };
  const measure = async (): Promise<{ sized: Sized[]; space: Space }> => {
    const sized = await Promise.all(
      library.records().map(async (record): Promise<Sized> => {
        const { key, addedAt } = record.media;
        const bytes = await bytesBelow(mediaFolder(root, key));
        return { key, record, bytes, usedAt: record.fetchedFrom?.usedAt ?? addedAt };
      }),
    );
    const fetched = amountOf(sized.filter(({ record }) => isFetch(record))).bytes;
    const left = Math.max(0, (await options.free()) - reserveBytes);
    return { sized, space: { free: left, fetched, limit: limit.get() } };
  };
  const evictable = (sized: readonly Sized[], except = ''): Sized[] =>
    sized.filter(({ key, record }) => key !== except && isEvictable(record));
  const removeAll = async (chosen: readonly Sized[]): Promise<Amount> => {
    for (const { key } of chosen) await options.remove(key);
    const gone = amountOf(chosen);
    const names = chosen.map(({ record }) => record.media.name);
    if (names.length > 0) options.onEvicted(names, gone.bytes);
    return gone;
  };
  const evictTo = async (bytes: number): Promise<Amount> => {
    const { sized, space } = await measure();
    const over = space.fetched - bytes;
    return over <= 0 ? { count: 0, bytes: 0 } : removeAll(toEvict(evictable(sized), over));
  };
  const state = async (): Promise<CacheState> => {
    const { sized, space } = await measure();
    const fetched = sized.filter(({ record }) => isFetch(record));
    return {
      fetched: amountOf(fetched),
      pinned: amountOf(fetched.filter(({ record }) => record.fetchedFrom?.pinned === true)),
      own: amountOf(sized.filter(({ record }) => !isFetch(record))),
      evictable: amountOf(evictable(sized)),
      free: await options.free(),
      reserve: reserveBytes,
      limit: space.limit,
    };
  };
  const evictOne = async (key: string): Promise<KeptReason | null> => {
    const record = library.find(key);
    if (record === undefined) return 'not-here';
    if (isOnlyHere(record)) return 'only-copy';
    if (!isFetch(record) && !options.isUploaded(key)) return 'not-uploaded';
    await options.remove(key);
    return null;
  };

  return {
    state,
    protect: ({ account, ...protection }) => protections.set(account, protection),
    judge: async (bytes) => {
      const { sized, space } = await measure();
      const needed = bytes + outstanding(library.records());
      const could = amountOf(evictable(sized)).bytes;
      if (lacking(space, needed) > could) throw noRoom(space, { bytes: needed, evictable: could });
    },
    make: (key, bytes) =>
      inTurn(async () => {
        const { sized, space } = await measure();
        const lack = lacking(space, bytes);
        const chosen = toEvict(evictable(sized, key), lack);
        const could = amountOf(chosen).bytes;
        if (could < lack) throw noRoom(space, { bytes, evictable: could });
        await removeAll(chosen);
      }),
    forecast: async (wanted) => {
      const { sized, space } = await measure();
      const over = wanted === null ? 0 : Math.max(0, space.fetched - wanted);
      const gone = amountOf(toEvict(evictable(sized), over));
      return { ...gone, over: Math.max(0, over - gone.bytes) };
    },
    evictTo: (bytes) => inTurn(() => evictTo(bytes)),
    setLimit: (next) =>
      inTurn(async () => {
        await limit.set(next);
        if (next !== null) await evictTo(next);
        return state();
      }),
    // Not in turn: a running fetch that waits for room may be among them, and ends only when it is dropped.
    evict: async (keys) => {
      const kept: { mediaKey: string; reason: KeptReason }[] = [];
      for (const mediaKey of keys) {
        const reason = await evictOne(mediaKey);
        if (reason !== null) kept.push({ mediaKey, reason });
      }
      const stays = new Set(kept.map(({ mediaKey }) => mediaKey));
      return { removed: keys.filter((key) => !stays.has(key)), kept };
    },
    used: async (key) => {
      const record = library.find(key);
      if (!isFetch(record) || now() - (record.fetchedFrom.usedAt ?? 0) < usedGap) return;
      await library.update(key, (before) => withFetch(before, { usedAt: now() }));
    },
  };
}

function amountOf(sized: readonly { bytes: number }[]): Amount {
  return { count: sized.length, bytes: sized.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Bytes that fetches which are not through yet will still bring, as far as their sizes are known. */
function outstanding(records: readonly MediaRecord[]): number {
  return records
    .filter(isFetch)
    .filter((record) => !isWhole(record))
    .reduce((sum, { media, synced }) => sum + Math.max(0, media.size - synced), 0);
}

/** What the files of a media take here; a source that is used where the user has it counts for nothing. */
async function bytesBelow(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
