import type { CacheState } from '../../../contract/host-fetches.ts';
import { fileToFetch, servedFiles, type ServedFiles } from '../../../domain/served-files.ts';
import type { MediaItem } from '../../../store/types.ts';

/** A media that may be taken along, as this device knows it: no server is asked for the plan. */
export interface PackItem {
  key: string;
  name: string;
  /** The media's row on the server. */
  mediaId: number;
  files: ServedFiles;
}

/** Media that a server has; others cannot be fetched. */
export function packItems(items: readonly MediaItem[]): PackItem[] {
  return items.flatMap(({ key, name, serverId, server }) => {
    if (serverId === null) return [];
    const files = servedFiles(typeof server === 'object' && server !== null ? mediaFilesOf(server) : null);
    return [{ key, name, mediaId: serverId, files }];
  });
}

function mediaFilesOf(server: object): unknown {
  return 'media_files' in server ? server.media_files : null;
}

export interface PackWish {
  /** Tallest picture, pixels; null: the largest that there is. */
  height: number | null;
  cache: CacheState | null;
  /** Bytes a second; null where not known. */
  rate: number | null;
}

export interface PackPlan {
  /** What will be fetched; media without a file on the server are left out. */
  media: { mediaId: number; mediaKey: string; name: string; bytes: number | null }[];
  left: number;
  bytes: number;
  /** Files of which the server does not tell the size. */
  unknown: number;
  seconds: number | null;
  /** Bytes of the disk that will be free; null where the disk is not known yet. */
  freeAfter: number | null;
  fit: PackFit;
}

export type PackFit =
  | { kind: 'unknown' }
  | { kind: 'fits' }
  /** So many bytes of fetched media will be removed for it. */
  | { kind: 'makes-room'; bytes: number }
  | { kind: 'disk-full'; needed: number; left: number }
  | { kind: 'over-limit'; needed: number; limit: number };

/** What a fetch of these will take. Pure. */
export function packPlan(items: readonly PackItem[], { height, cache, rate }: PackWish): PackPlan {
  const chosen = items.flatMap(({ files, mediaId, key: mediaKey, name }) => {
    const file = fileToFetch(files, height);
    return file === null ? [] : [{ mediaId, mediaKey, name, bytes: file.size }];
  });
  const bytes = chosen.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
  const fit = fitOf(bytes, cache);
  const removed = fit.kind === 'makes-room' ? fit.bytes : 0;
  return {
    media: chosen,
    left: items.length - chosen.length,
    bytes,
    unknown: chosen.filter((one) => one.bytes === null).length,
    seconds: rate === null || rate <= 0 ? null : bytes / rate,
    freeAfter: cache === null ? null : Math.max(0, cache.free - bytes + removed),
    fit,
  };
}

function fitOf(bytes: number, cache: CacheState | null): PackFit {
  if (cache === null) return { kind: 'unknown' };
  const { free, reserve, limit, fetched, evictable } = cache;
  const room = Math.max(0, free - reserve);
  const overDisk = bytes - room;
  const overLimit = limit === null ? 0 : fetched.bytes + bytes - limit;
  const over = Math.max(0, overDisk, overLimit);
  if (over === 0) return { kind: 'fits' };
  if (over <= evictable.bytes) return { kind: 'makes-room', bytes: over };
  return overLimit > overDisk
    ? { kind: 'over-limit', needed: overLimit - evictable.bytes, limit: limit ?? 0 }
    : { kind: 'disk-full', needed: bytes, left: room + evictable.bytes };
}

/** Heights between which there is something to choose; empty where each media has but one file. */
export function heightsOf(items: readonly PackItem[]): number[] {
  const heights = new Set(
    items.flatMap(({ files }) => files.streaming.flatMap(({ height }) => height ?? [])),
  );
  const isChoice = items.some(({ files }) => files.streaming.length > 1);
  return isChoice ? [...heights].sort((a, b) => b - a).slice(1) : [];
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** No finer than an estimate deserves: `about 12 min`, `about 3 h 20 min`, `about 2 days`. */
export function durationText(seconds: number): string {
  if (seconds < minute) return 'less than a minute';
  if (seconds < hour) return `about ${Math.round(seconds / minute)} min`;
  if (seconds < day) {
    const minutes = Math.round(seconds / (10 * minute)) * 10;
    const rest = minutes % 60;
    return `about ${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
  }
  return `about ${Math.round(seconds / day)} ${Math.round(seconds / day) === 1 ? 'day' : 'days'}`;
}

/** Bytes a second as links are sold: `256 kbit/s`, `21 Mbit/s`. */
export function rateText(rate: number): string {
  const kilobits = (rate * 8) / 1000;
  if (kilobits < 1000) return `${Math.max(1, Math.round(kilobits))} kbit/s`;
  const megabits = kilobits / 1000;
  return `${megabits < 10 ? Number(megabits.toFixed(1)) : Math.round(megabits)} Mbit/s`;
}
