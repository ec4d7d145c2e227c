import { extname } from 'node:path';
import type { Fetch, FetchState } from '../../contract/host-fetches.ts';
import type { HostParams, LocalMedia } from '../../contract/host-rpc.ts';
import type { FetchedFrom, MediaRecord } from './record.ts';

/* A record as a fetch: pure. */

/** A media that is fetched from a server. */
export type FetchRecord = MediaRecord & { fetchedFrom: FetchedFrom };

export function isFetch(record: MediaRecord | undefined): record is FetchRecord {
  return record !== undefined && record.fetchedFrom !== null;
}

/** Whether the whole of it is here; what comes after is the preparing. */
export function isWhole({ fetchedFrom, media, synced }: FetchRecord): boolean {
  if (fetchedFrom.check != null) return true;
  // Of a time before there were checks.
  if (media.stage.kind === 'copying') return false;
  return media.stage.kind !== 'failed' || (media.size > 0 && synced >= media.size);
}

type Order = HostParams<'fetches.begin'>;

export function newFetch(
  { account, projectId, height, pinned }: Omit<Order, 'media'>,
  { mediaId, mediaKey, name, bytes }: Order['media'][number],
  addedAt: number,
): FetchRecord {
  const stage: LocalMedia['stage'] = { kind: 'copying', done: 0, total: bytes ?? 0 };
  return {
    media: {
      ...{ key: mediaKey, account, projectId, sectionId: null, name, size: bytes ?? 0, addedAt, stage },
      ...{ fetchedFrom: mediaId, probe: null, hasThumbnail: false, plays: 'nothing' },
    },
    source: { kind: 'copy', file: sourceName(name) },
    lastModified: 0,
    synced: 0,
    fetchedFrom: { mediaId, height, pinned, usedAt: addedAt },
  };
}

/** The file's name on this disk; only an extension of the foreign names gets into it. */
export function sourceName(...names: string[]): string {
  const extension = names.map(extname).find((one) => /^\.[a-z0-9]{1,8}$/i.test(one));
  return `source${(extension ?? '.mp4').toLowerCase()}`;
}

export function withFetch(record: MediaRecord, change: Partial<FetchedFrom>): MediaRecord {
  const { fetchedFrom } = record;
  return fetchedFrom === null ? record : { ...record, fetchedFrom: { ...fetchedFrom, ...change } };
}

export function withStage(record: MediaRecord, stage: LocalMedia['stage']): MediaRecord {
  return { ...record, media: { ...record.media, stage } };
}

/** Nothing of the file counts any more: it is fetched from its first byte on. */
export function begunAnew(record: MediaRecord, change: Partial<FetchedFrom> = {}): MediaRecord {
  const total = record.media.size;
  const fresh: LocalMedia = {
    ...record.media,
    stage: { kind: 'copying', done: 0, total },
    ...{ probe: null, hasThumbnail: false, plays: 'nothing' },
  };
  const anew = { ...record, synced: 0, media: fresh };
  return withFetch(anew, { etag: null, digest: null, check: null, ...change });
}

/** `live`: what a running or held attempt shows; null between attempts. */
export function fetchOf(
  record: FetchRecord,
  live: { state: FetchState; speed: number | null } | null,
): Fetch {
  const { media, fetchedFrom, synced } = record;
  const { key: mediaKey, account, projectId, name, size, addedAt, stage } = media;
  const state = restingState(record) ?? live?.state ?? { kind: 'waiting' };
  const whole = state.kind === 'done' || state.kind === 'checking';
  return {
    ...{ mediaKey, account, projectId, mediaId: fetchedFrom.mediaId, name, size, addedAt, state },
    done: whole ? size : stage.kind === 'copying' ? Math.max(stage.done, synced) : synced,
    speed: state.kind === 'receiving' ? (live?.speed ?? null) : null,
    pinned: fetchedFrom.pinned ?? false,
    usedAt: fetchedFrom.usedAt ?? addedAt,
  };
}

/** What the record alone says; null while it is to go on by itself. */
function restingState(record: FetchRecord): FetchState | null {
  if (isWhole(record)) return { kind: 'done' };
  const { stage } = record.media;
  if (stage.kind === 'failed') return stage;
  return record.fetchedFrom.paused === true ? { kind: 'paused' } : null;
}
