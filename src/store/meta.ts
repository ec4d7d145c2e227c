import type { Json } from '../base/json.ts';
import type { EntityKey } from '../domain/identity.ts';
import type { TidemarkDatabase } from './schema.ts';

/** The single values of the database. */
export async function readMeta(db: TidemarkDatabase, name: string): Promise<Json> {
  return (await db.meta.get(name))?.value ?? null;
}

export async function writeMeta(db: TidemarkDatabase, name: string, value: Json): Promise<void> {
  await db.meta.put({ name, value });
}

/** The name of one of the engine's cursors. */
export function cursorName(name: string): string {
  return `cursor:${name}`;
}

/**
 * The name of the create of a media that was on its way when the database was lost: open again as soon as
 * the host tells that it has the file.
 */
export function createName(key: EntityKey): string {
  return `create:${key}`;
}

const refusedName = 'refused';

/** Commands that were refused though the recorder may have their lines: their abort lines are still to be written. */
export async function readRefused(db: TidemarkDatabase): Promise<string[]> {
  const ids = await readMeta(db, refusedName);
  return Array.isArray(ids) ? ids.map(String) : [];
}

export function noteRefused(db: TidemarkDatabase, id: string): Promise<void> {
  return db.transaction('rw', db.meta, async () =>
    writeMeta(db, refusedName, [...new Set([...(await readRefused(db)), id])]),
  );
}

/** Their abort lines are down. */
export function forgetRefused(db: TidemarkDatabase, ids: readonly string[]): Promise<void> {
  return db.transaction('rw', db.meta, async () => {
    const left = (await readRefused(db)).filter((id) => !ids.includes(id));
    if (left.length > 0) await writeMeta(db, refusedName, left);
    else await db.meta.delete(refusedName);
  });
}

const releasedName = 'released';

/**
 * Up to where the recorder was told to drop its lines. It drops them some time, and whole segments only: what is
 * still there of them is no command that the database lacks.
 */
export async function readReleased(db: TidemarkDatabase): Promise<number> {
  const seq = await readMeta(db, releasedName);
  return typeof seq === 'number' ? seq : 0;
}

export function writeReleased(db: TidemarkDatabase, seq: number): Promise<void> {
  return writeMeta(db, releasedName, seq);
}

/** The number of the newest command. */
export async function readOrder(db: TidemarkDatabase): Promise<number> {
  const order = await readMeta(db, 'order');
  return typeof order === 'number' ? order : 0;
}
