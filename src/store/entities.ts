import { groupBy } from '../base/group.ts';
import { entityKey, isCatalogKind, type EntityKey, type EntityKind } from '../domain/identity.ts';
import type { Attempt, Conflict, Edit, EntityState, Place, Revision, ServerRow } from '../sync/ports.ts';
import { rowsInCatalogs } from './catalog-table.ts';
import { rowOfMedia } from './media-table.ts';
import { getMany, whereAny } from './lookup-many.ts';
import type { Pages } from './pages.ts';
import type { TidemarkDatabase } from './schema.ts';

/** Up to this many places the overlay is asked about each at once. */
const several = 50;

/** Reads everything known of the entities; inside a transaction of `entityTables`. */
export async function readStates(
  db: TidemarkDatabase,
  pages: Pages,
  places: Place[],
): Promise<EntityState[]> {
  const [known, overlay] = await Promise.all([knownRows(db, pages, places), overlayOf(db, places)]);
  if (overlay === null) return bareStates(known, places);
  const { keys, edits, attempts, conflicts } = overlay;
  const conflictsOf = groupBy(conflicts, ({ key }) => key);
  return keys.map((key, i) => ({
    row: known.get(key) ?? null,
    edit: edits[i] ?? null,
    attempt: attempts[i] ?? null,
    conflicts: conflictsOf.get(key) ?? [],
  }));
}

interface Overlay {
  keys: EntityKey[];
  /** By the places of their keys. */
  edits: (Edit | undefined)[];
  attempts: (Attempt | undefined)[];
  conflicts: Conflict[];
}

/** What of the user's lies over the places; null where there is no overlay at all, and no keys need to be made. */
async function overlayOf(db: TidemarkDatabase, places: Place[]): Promise<Overlay | null> {
  if (places.length > several && (await hasNoOverlay(db))) return null;
  const keys = places.map(({ ref }) => entityKey(ref));
  const [edits, attempts, conflicts] = await Promise.all([
    getMany(db.edits, keys),
    getMany(db.attempts, keys),
    whereAny(db.conflicts, 'key', keys),
  ]);
  return { keys, edits, attempts, conflicts };
}

/** Server truth of the places, by key. */
async function knownRows(
  db: TidemarkDatabase,
  pages: Pages,
  places: Place[],
): Promise<Map<EntityKey, ServerRow>> {
  const [rows, ...others] = await Promise.all([
    pages.rows(places.filter(({ ref }) => isInPages(ref.kind))),
    mediaRows(db, places),
    rowsInCatalogs(db, places),
  ]);
  for (const other of others) for (const [key, row] of other) rows.set(key, row);
  return rows;
}

/** States over which nothing of the user's lies. */
function bareStates(known: ReadonlyMap<EntityKey, ServerRow>, places: Place[]): EntityState[] {
  // In a first pull nothing is known of anything yet, and no keys need to be made to find that.
  return places.map(({ ref }) => {
    const row = known.size === 0 ? null : (known.get(entityKey(ref)) ?? null);
    return { row, edit: null, attempt: null, conflicts: [] };
  });
}

/** Nothing of the user's waits on this device: three small questions spare the look-up of every key. */
async function hasNoOverlay(db: TidemarkDatabase): Promise<boolean> {
  const counts = await Promise.all([db.edits.count(), db.attempts.count(), db.conflicts.count()]);
  return counts.every((count) => count === 0);
}

function isInPages(kind: EntityKind): boolean {
  return kind !== 'media' && !isCatalogKind(kind);
}

/** A media is a record of its own, not a row of a page. */
async function mediaRows(db: TidemarkDatabase, places: Place[]): Promise<Map<EntityKey, ServerRow>> {
  const medias = places.filter(({ ref }) => ref.kind === 'media');
  if (medias.length === 0) return new Map();
  const records = await db.media.bulkGet(medias.map(({ ref }) => ref.elementalId));
  return new Map(
    records.flatMap((record) => {
      const row = record === undefined ? null : rowOfMedia(record);
      return row === null ? [] : [[entityKey(row.ref), row] as const];
    }),
  );
}

export interface Rewrite {
  place: Place;
  before: EntityState;
  revision: Revision;
}

/** Writes what changed of the entities (rows of medias and catalogs excepted: listings write them); inside a transaction of `entityTables`. */
export async function writeStates(db: TidemarkDatabase, pages: Pages, rewrites: Rewrite[]): Promise<void> {
  const edits = rewrites.flatMap(({ revision }) => (revision.edit ? [revision.edit] : []));
  const attempts = rewrites.flatMap(({ revision }) => (revision.attempt ? [revision.attempt] : []));
  const gone = (what: 'edit' | 'attempt'): string[] =>
    rewrites.flatMap(({ place, before, revision }) =>
      revision[what] === null && before[what] !== null ? [entityKey(place.ref)] : [],
    );
  const [goneEdits, goneAttempts] = [gone('edit'), gone('attempt')];
  const rows = rewrites.flatMap(({ place, revision }) =>
    revision.row === undefined || !isInPages(place.ref.kind) ? [] : [{ place, row: revision.row }],
  );
  const unlisted = rewrites.flatMap(({ before, revision }) =>
    revision.conflicts === undefined ? [] : before.conflicts.map(({ id }) => id),
  );
  const listed = rewrites.flatMap(({ revision }) => revision.conflicts ?? []);
  if (unlisted.length > 0) await db.conflicts.bulkDelete(unlisted);
  await Promise.all([
    edits.length > 0 && db.edits.bulkPut(edits),
    attempts.length > 0 && db.attempts.bulkPut(attempts),
    goneEdits.length > 0 && db.edits.bulkDelete(goneEdits),
    goneAttempts.length > 0 && db.attempts.bulkDelete(goneAttempts),
    listed.length > 0 && db.conflicts.bulkPut(listed),
    rows.length > 0 && pages.write(rows),
  ]);
}

/** The tables that `readStates` and `writeStates` touch. */
export function entityTables(
  db: TidemarkDatabase,
): TidemarkDatabase['edits' | 'attempts' | 'conflicts' | 'pageHeads' | 'pageBlobs' | 'media' | 'catalogs'][] {
  return [db.edits, db.attempts, db.conflicts, db.pageHeads, db.pageBlobs, db.media, db.catalogs];
}
