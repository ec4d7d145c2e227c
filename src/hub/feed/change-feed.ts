import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { badRequest } from '../errors.ts';

/** Rows of one kind that one statement changed. */
export interface FeedEntry {
  kind: 'localization' | 'state' | 'media' | 'leaf';
  /** They are gone: deleted for good, or pruned. Tombstones are changes like others. */
  removed: boolean;
  /** Row ids, and the elemental IDs of the same rows in the same order; leaves have none. */
  ids: number[];
  elemental_ids: (string | null)[];
  /** Medias that the rows lie on, each once; none of medias and leaves, and of changes before an update of the hub. */
  media_ids: number[];
  /** These are more rows than are named (`mostOfEntry`): none of them is. Whoever keeps rows reads all of the kind again. */
  unnamed: boolean;
}

export interface FeedPage {
  /** For the next request. */
  cursor: string;
  /** The cursor was of another time of this database (it was restored): read everything again. */
  reset: boolean;
  /** There is more to read at once. */
  more: boolean;
  changes: FeedEntry[];
}

/** Rows of one statement that are named at most, e.g. not those of a renamed attribute of a whole season. */
const mostOfEntry = 20_000;
/** Rows after which a page ends: over a ship's link each takes its reader 20 ms to follow. */
const mostOfPage = 2000;

interface Position {
  epoch: string;
  /** Number of a transaction: a 64-bit integer in decimal. */
  changed: string;
  entry: string;
}

interface Now {
  epoch: string;
  /** Every transaction below it has ended. */
  floor: string;
}

/**
 * What changed in a project after `cursor`, oldest first; without one, from now on. Only transactions
 * below the oldest running one are told, so none that commits late is ever jumped over.
 * @throws HubError 400 for a cursor that is none.
 */
export async function readFeed(
  db: Db,
  { project, cursor, limit }: { project: number; cursor: string | undefined; limit: number },
): Promise<FeedPage> {
  const now = await readNow(db);
  const from = cursor === undefined ? undefined : parseCursor(cursor);
  const start: Position = { epoch: now.epoch, changed: now.floor, entry: '0' };
  if (from === undefined) return { cursor: textOf(start), reset: false, more: false, changes: [] };
  if (from.epoch !== now.epoch) return { cursor: textOf(start), reset: true, more: false, changes: [] };
  if (BigInt(from.changed) > BigInt(now.floor)) {
    // This database has never given that out: it is an older copy of the one that did.
    const epoch = await beginEpoch(db, now.epoch);
    return { cursor: textOf({ ...start, epoch }), reset: true, more: false, changes: [] };
  }
  const { rows } = await sql<FeedEntry & { id: string; changed: string; isLast: boolean }>`
    WITH next AS (
      SELECT id, changed, kind, removed, ids, elements, medias, cardinality(ids) > ${mostOfEntry} AS unnamed
      FROM feed_entries
      WHERE project = ${project} AND changed < ${now.floor}::xid8
        AND (changed, id) > (${from.changed}::xid8, ${from.entry}::bigint)
      ORDER BY changed, id LIMIT ${limit}
    ), told AS (
      SELECT *, count(*) OVER () AS found, row_number() OVER in_order AS place,
        sum(CASE WHEN unnamed THEN 0 ELSE cardinality(ids) END) OVER in_order AS named
      FROM next WINDOW in_order AS (ORDER BY changed, id)
    )
    SELECT id, changed, kind, removed, unnamed, medias AS media_ids, found < ${limit} AND place = found AS "isLast",
      CASE WHEN unnamed THEN '{}' ELSE ids END AS ids,
      CASE WHEN unnamed THEN '{}' ELSE elements END AS elemental_ids
    FROM told WHERE place = 1 OR named <= ${mostOfPage} ORDER BY changed, told.id`.execute(db);
  const last = rows.at(-1);
  const more = last !== undefined && !last.isLast;
  // Nothing of this project below the floor is left: the next reader need not pass it again.
  const next = more ? { epoch: now.epoch, changed: last.changed, entry: last.id } : start;
  const changes = rows.map(({ kind, removed, ids, elemental_ids, media_ids, unnamed }) => ({
    ...{ kind, removed, ids, elemental_ids, media_ids, unnamed },
  }));
  return { cursor: textOf(next), reset: false, more, changes };
}

/**
 * After a restore into another cluster the numbers of transactions begin anew, and entries of the
 * former one would wait for them: they are made old, and cursors void.
 */
export async function settleFeed(db: Db): Promise<void> {
  const { rows } = await sql`
    SELECT 1 FROM feed_entries WHERE changed >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT 1`.execute(db);
  if (rows.length === 0) return;
  await db.transaction().execute(async (tx) => {
    await sql`UPDATE feed_entries SET changed = '3'::xid8
      WHERE changed >= pg_snapshot_xmax(pg_current_snapshot())`.execute(tx);
    await sql`UPDATE feed_epoch SET epoch = gen_random_uuid()`.execute(tx);
  });
}

async function readNow(db: Db): Promise<Now> {
  const { rows } = await sql<Now>`
    SELECT epoch, pg_snapshot_xmin(pg_current_snapshot())::text AS floor FROM feed_epoch`.execute(db);
  const [now] = rows;
  if (!now) throw new Error('the change feed has no epoch');
  return now;
}

/** Another epoch than `former`; the same for all who ask at once. */
async function beginEpoch(db: Db, former: string): Promise<string> {
  await sql`UPDATE feed_epoch SET epoch = gen_random_uuid() WHERE epoch = ${former}::uuid`.execute(db);
  return (await readNow(db)).epoch;
}

function textOf({ epoch, changed, entry }: Position): string {
  return `${epoch}.${changed}.${entry}`;
}

function parseCursor(text: string): Position {
  const match = /^([0-9a-f-]{36})\.(\d{1,19})\.(\d{1,18})$/.exec(text);
  const [, epoch, changed, entry] = match ?? [];
  if (epoch === undefined || changed === undefined || entry === undefined)
    throw badRequest('The cursor is not one of this hub.');
  return { epoch, changed, entry };
}
