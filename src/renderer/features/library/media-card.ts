import type { Fetch, FetchState } from '../../../contract/host-fetches.ts';
import type { LocalMedia, Upload } from '../../../contract/host-rpc.ts';
import type { MediaKey } from '../../../domain/identity.ts';
import { fileToFetch, servedFiles } from '../../../domain/served-files.ts';
import type { MediaItem } from '../../../store/types.ts';

/** One media in the library, joined from what the store, the cache and the uploader know of it. */
export interface MediaCard {
  key: MediaKey;
  name: string;
  kind: 'video' | 'image' | null;
  sectionId: number | null;
  /** Of a section that no server has yet. */
  sectionKey: string | null;
  /** The store knows it, so it can be moved. */
  known: boolean;
  serverId: number | null;
  frameCount: number;
  fps: number;
  /** Seconds; null where unknown. */
  duration: number | null;
  hasThumbnail: boolean;
  /** It can be opened and drawn on. */
  playable: boolean;
  /** Bytes of its file, here or on the server; null where unknown. */
  bytes: number | null;
  /** Whose the file on this device is: fetched from a server, or added here; null while there is none. */
  origin: 'fetched' | 'own' | null;
  /** The server has the whole file, and the one here can go without losing anything. */
  removable: boolean;
  /** Never removed to make room. */
  pinned: boolean;
  addedAt: number;
  status: CardStatus;
}

export type CardStatus =
  | { kind: 'working'; what: 'copying' | 'queued' | 'probing' | 'preparing'; fraction: number | null }
  | FetchingStatus
  | { kind: 'uploading'; done: number; total: number; fraction: number }
  | { kind: 'transcoding'; fraction: number | null }
  | { kind: 'resting'; what: 'local' | 'uploadWaiting' | 'uploadPaused' | 'completing' | 'held' | 'ready' }
  /** `retry`: what to try again. */
  | { kind: 'failed'; message: string; kept: string; remedy: string; retry: 'media' | 'upload' }
  | { kind: 'remote' };

/** What a person can have done with the media of a card. */
export interface CardOrders {
  onfetch: () => void;
  onpause: () => void;
  onresume: () => void;
  oncancel: () => void;
  onpin: (pinned: boolean) => void;
  onremove: () => void;
}

/** It comes from the server; that can be paused, and given up without losing anything. */
export interface FetchingStatus {
  kind: 'fetching';
  state: Exclude<FetchState['kind'], 'done'>;
  fraction: number | null;
  /** Bytes a second. */
  speed: number | null;
  /** Why it waits or has stopped; of a stopped one with what to do. */
  trouble: { message: string; kept: string; remedy: string } | null;
}

interface Sources {
  items: readonly MediaItem[];
  local: Iterable<LocalMedia>;
  uploads: ReadonlyMap<MediaKey, Upload>;
  fetches: ReadonlyMap<MediaKey, Fetch>;
  projectId: number;
}

/** What the server told of these, in the same order; of those that it has. */
export function itemsOfCards(items: readonly MediaItem[], cards: readonly MediaCard[]): MediaItem[] {
  const known = new Map(items.map((item) => [item.key, item]));
  return cards.flatMap(({ key }) => known.get(key) ?? []);
}

/** Newest first; of equal age by name. */
export function mediaCards({ items, local, uploads, fetches, projectId }: Sources): MediaCard[] {
  const cached = new Map(
    [...local].filter((media) => media.projectId === projectId).map((media) => [media.key, media]),
  );
  const known = new Set(items.map(({ key }) => key));
  const partsOf = (key: MediaKey): Pick<Parts, 'local' | 'upload' | 'fetch'> => ({
    local: cached.get(key) ?? null,
    upload: uploads.get(key),
    fetch: fetches.get(key),
  });
  const both = items.map((item) => cardOf({ item, ...partsOf(item.key) }));
  const fresh = [...cached.keys()].filter((key) => !known.has(key));
  return [...both, ...fresh.map((key) => cardOf({ item: null, ...partsOf(key) }))].sort(
    (a, b) => b.addedAt - a.addedAt || a.name.localeCompare(b.name),
  );
}

interface Parts {
  item: MediaItem | null;
  local: LocalMedia | null;
  upload: Upload | undefined;
  fetch: Fetch | undefined;
}

/** A file that is still coming in lies where it was dropped. */
function sectionOf(
  item: MediaItem | null,
  local: LocalMedia | null,
): Pick<MediaCard, 'sectionId' | 'sectionKey'> {
  if (item !== null) return { sectionId: item.sectionId, sectionKey: item.sectionKey };
  const place = local?.sectionId ?? null;
  return typeof place === 'string'
    ? { sectionId: null, sectionKey: place }
    : { sectionId: place, sectionKey: null };
}

function cardOf(parts: Parts): MediaCard {
  const { item, local, upload, fetch } = parts;
  const probe = local?.probe ?? null;
  const fps = probe?.fps ?? item?.fps ?? 0;
  const frameCount = probe?.frameCount ?? item?.frameCount ?? 0;
  return {
    key: item?.key ?? local?.key ?? '',
    name: item?.name ?? local?.name ?? '',
    kind: probe?.kind ?? item?.kind ?? null,
    ...sectionOf(item, local),
    known: item !== null,
    serverId: item?.serverId ?? null,
    frameCount,
    fps,
    duration: probe?.duration ?? (fps > 0 ? frameCount / fps : null),
    hasThumbnail: local?.hasThumbnail ?? false,
    playable: local !== null && local.plays !== 'nothing',
    bytes: local !== null && local.size > 0 ? local.size : bytesOnServer(item),
    origin: local === null ? null : fetch === undefined ? 'own' : 'fetched',
    removable: fetch?.state.kind === 'done' || upload?.state.kind === 'done',
    pinned: fetch?.pinned ?? false,
    // Where it stands among the others does not change when it comes to this device.
    addedAt: item?.addedAt ?? local?.addedAt ?? 0,
    status: statusOf(parts),
  };
}

function bytesOnServer(item: MediaItem | null): number | null {
  const server = item?.server ?? null;
  if (typeof server !== 'object' || server === null || !('media_files' in server)) return null;
  return fileToFetch(servedFiles(server.media_files), null)?.size ?? null;
}

function fetchingStatus({ state, size, done, speed }: Fetch): FetchingStatus | null {
  if (state.kind === 'done') return null;
  const fraction = size > 0 ? Math.min(1, done / size) : null;
  const common = { kind: 'fetching', state: state.kind, fraction, speed } as const;
  if (state.kind === 'failed') {
    const { fault, kept, remedy } = state;
    return { ...common, trouble: { message: fault.message, kept, remedy } };
  }
  const message = state.kind === 'held' ? state.fault.message : null;
  return { ...common, trouble: message === null ? null : { message, kept: '', remedy: '' } };
}

function statusOf({ item, local, upload, fetch }: Parts): CardStatus {
  if (local === null) return { kind: 'remote' };
  const fetching = fetch === undefined ? null : fetchingStatus(fetch);
  if (fetching !== null) return fetching;
  const { stage } = local;
  switch (stage.kind) {
    case 'copying':
      return {
        kind: 'working',
        what: 'copying',
        fraction: stage.total > 0 ? stage.done / stage.total : null,
      };
    case 'queued':
      return { kind: 'working', what: 'queued', fraction: null };
    case 'probing':
      return { kind: 'working', what: 'probing', fraction: null };
    case 'preparing':
      return { kind: 'working', what: 'preparing', fraction: stage.fraction };
    case 'failed':
      return {
        kind: 'failed',
        message: stage.fault.message,
        kept: stage.kept,
        remedy: stage.remedy,
        retry: 'media',
      };
    case 'ready':
      if (upload !== undefined) return uploadStatus(upload);
      return { kind: 'resting', what: item?.serverId == null ? 'local' : 'ready' };
  }
}

function uploadStatus({ state, parts }: Upload): CardStatus {
  switch (state.kind) {
    case 'waiting':
      return { kind: 'resting', what: 'uploadWaiting' };
    case 'paused':
      return { kind: 'resting', what: 'uploadPaused' };
    case 'sending':
      return { kind: 'uploading', ...parts, fraction: state.total > 0 ? state.done / state.total : 0 };
    case 'completing':
      return { kind: 'resting', what: 'completing' };
    case 'transcoding':
      return { kind: 'transcoding', fraction: state.fraction };
    case 'done':
      return { kind: 'resting', what: 'ready' };
    case 'held':
      return { kind: 'resting', what: 'held' };
    case 'failed':
      return {
        kind: 'failed',
        message: state.fault.message,
        kept: state.kept,
        remedy: state.remedy,
        retry: 'upload',
      };
  }
}
