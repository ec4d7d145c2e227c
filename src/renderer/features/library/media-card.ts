import type { LocalMedia, Upload } from '../../../contract/host-rpc.ts';
import type { MediaKey } from '../../../domain/identity.ts';
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
  /** It is being fetched from the server; that can be given up without losing anything. */
  fetching: boolean;
  addedAt: number;
  status: CardStatus;
}

export type CardStatus =
  | { kind: 'working'; what: 'copying' | 'queued' | 'probing' | 'preparing'; fraction: number | null }
  | { kind: 'uploading'; done: number; total: number; fraction: number }
  | { kind: 'transcoding'; fraction: number | null }
  | { kind: 'resting'; what: 'local' | 'uploadWaiting' | 'uploadPaused' | 'completing' | 'held' | 'ready' }
  /** `retry`: what to try again. */
  | { kind: 'failed'; message: string; kept: string; remedy: string; retry: 'media' | 'upload' }
  | { kind: 'remote' };

interface Sources {
  items: readonly MediaItem[];
  local: Iterable<LocalMedia>;
  uploads: ReadonlyMap<MediaKey, Upload>;
  projectId: number;
}

/** Newest first; of equal age by name. */
export function mediaCards({ items, local, uploads, projectId }: Sources): MediaCard[] {
  const cached = new Map(
    [...local].filter((media) => media.projectId === projectId).map((media) => [media.key, media]),
  );
  const known = new Set(items.map(({ key }) => key));
  const both = items.map((item) => cardOf(item, cached.get(item.key) ?? null, uploads.get(item.key)));
  const fresh = [...cached.values()].filter(({ key }) => !known.has(key));
  return [...both, ...fresh.map((media) => cardOf(null, media, uploads.get(media.key)))].sort(
    (a, b) => b.addedAt - a.addedAt || a.name.localeCompare(b.name),
  );
}

function cardOf(item: MediaItem | null, local: LocalMedia | null, upload: Upload | undefined): MediaCard {
  const probe = local?.probe ?? null;
  const fps = probe?.fps ?? item?.fps ?? 0;
  const frameCount = probe?.frameCount ?? item?.frameCount ?? 0;
  return {
    key: item?.key ?? local?.key ?? '',
    name: item?.name ?? local?.name ?? '',
    kind: probe?.kind ?? item?.kind ?? null,
    sectionId: item === null ? (local?.sectionId ?? null) : item.sectionId,
    sectionKey: item?.sectionKey ?? null,
    known: item !== null,
    serverId: item?.serverId ?? null,
    frameCount,
    fps,
    duration: probe?.duration ?? (fps > 0 ? frameCount / fps : null),
    hasThumbnail: local?.hasThumbnail ?? false,
    playable: local !== null && local.plays !== 'nothing',
    fetching: item?.serverId != null && local?.stage.kind === 'copying',
    addedAt: local?.addedAt ?? item?.addedAt ?? 0,
    status: statusOf(item, local, upload),
  };
}

function statusOf(item: MediaItem | null, local: LocalMedia | null, upload: Upload | undefined): CardStatus {
  if (local === null) return { kind: 'remote' };
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
