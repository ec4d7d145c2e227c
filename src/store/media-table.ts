import { sameJson } from '../base/json.ts';
import { entityKey, type EntityKey, type MediaKey } from '../domain/identity.ts';
import {
  mediaRef,
  mediaRow,
  type Attempt,
  type Edit,
  type ServerMedia,
  type ServerRow,
} from '../sync/ports.ts';
import { createName, readMeta } from './meta.ts';
import type { MediaRecord, TidemarkDatabase } from './schema.ts';

/** A media of this device that the server does not know yet. */
export type LocalMediaItem = Omit<MediaRecord, 'serverId' | 'server' | 'local' | 'missing'>;

/** Listings in a row that must lack a media before it is taken as deleted there. */
const agreeingListings = 2;

/**
 * Enters a media of this device's cache, with the edit that will create it on the server. Of a media
 * that is known already it refreshes what the device knows better: its size and frames.
 */
export async function addLocalMedia(
  db: TidemarkDatabase,
  item: LocalMediaItem,
  create: Edit | null,
): Promise<void> {
  await db.transaction('rw', [db.media, db.edits, db.attempts, db.meta], async () => {
    const known = await db.media.get(item.key);
    if (known === undefined) {
      await db.media.put({ ...item, serverId: null, server: null, local: true, missing: 0 });
      // After a recovery the user's own work on it may be here before the media itself.
      if (create !== null && (await db.edits.get(create.key)) === undefined) await enterCreate(db, create);
      return;
    }
    const { width, height, frameCount, fps } = item;
    // The type may have been chosen before the catalog was known.
    const type = known.serverId === null ? item.type : known.type;
    const next = { ...known, type, width, height, frameCount, fps, local: true };
    if (sameJson(known, next)) return;
    await db.media.put(next);
    if (type !== known.type) await db.edits.update(mediaEditKey(item.key), { type });
  });
}

/** What a lost database had sent of it may still be on its way: sent anew, it would make a second media. */
async function enterCreate(db: TidemarkDatabase, create: Edit): Promise<void> {
  const name = createName(create.key);
  const sent = (await readMeta(db, name)) as unknown as Attempt | null;
  await db.edits.put(create);
  if (sent === null) return;
  await db.attempts.put(sent);
  await db.meta.delete(name);
}

/** Key of the edit that makes a media on the server. */
function mediaEditKey(key: MediaKey): EntityKey {
  return entityKey(mediaRef(key));
}

/** Server truth of a media, as a row; null while no server has it. */
export function rowOfMedia(record: MediaRecord): ServerRow | null {
  const { serverId, missing } = record;
  return serverId === null
    ? null
    : mediaRow({ ...record, serverId }, { deleted: missing >= agreeingListings });
}

/** Upserts what the server told; writes only what differs, so that nobody repaints for nothing. */
export async function putServerMedia(
  db: TidemarkDatabase,
  { projectId, medias, complete }: { projectId: number; medias: ServerMedia[]; complete: boolean },
): Promise<void> {
  await db.transaction('rw', [db.media, db.edits, db.attempts], async () => {
    const known = new Map(
      (await db.media.where('projectId').equals(projectId).toArray()).map((item) => [item.key, item]),
    );
    const changed = medias.flatMap((media) => {
      const before = known.get(media.key);
      const next = joined(before, media);
      return before !== undefined && sameJson(before, next) ? [] : [next];
    });
    if (changed.length > 0) await db.media.bulkPut(changed);
    if (complete) await noteMissing(db, [...known.values()], new Set(medias.map(({ key }) => key)));
  });
}

/** Frames and size of a media in the cache come from its file, not from what a server says about a copy. */
function joined(before: MediaRecord | undefined, { raw, ...media }: ServerMedia): MediaRecord {
  const own =
    before?.local === true
      ? { width: before.width, height: before.height, frameCount: before.frameCount, fps: before.fps }
      : {};
  return {
    ...media,
    ...own,
    server: raw,
    addedAt: before?.addedAt ?? addedAt(raw),
    local: before?.local ?? false,
    missing: 0,
  };
}

async function noteMissing(db: TidemarkDatabase, known: MediaRecord[], listed: Set<string>): Promise<void> {
  const absent = known.filter(({ key, serverId }) => serverId !== null && !listed.has(key));
  const gone = absent.filter(({ missing, local }) => missing + 1 >= agreeingListings && !local);
  const dirty = new Set(
    await db.edits
      .where('media')
      .anyOf(gone.map(({ key }) => key))
      .uniqueKeys(),
  );
  const dropped = gone.filter(({ key }) => !dirty.has(key));
  const doubted = absent.filter((media) => !dropped.includes(media) && media.missing < agreeingListings);
  await db.media.bulkPut(doubted.map((media) => ({ ...media, missing: media.missing + 1 })));
  await db.media.bulkDelete(dropped.map(({ key }) => key));
}

function addedAt(raw: unknown): number {
  const text =
    typeof raw === 'object' && raw !== null
      ? (raw as Record<string, unknown>)['created_datetime']
      : undefined;
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? 0 : time;
}
