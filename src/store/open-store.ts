import type { DexieOptions } from 'dexie';
import type { Clock } from '../base/clock.ts';
import type { MakeId } from '../base/random.ts';
import type { SyncStorage } from '../sync/ports.ts';
import { databaseError } from './errors.ts';
import { Outline } from './outline.ts';
import { Pages } from './pages.ts';
import { recover } from './recovery.ts';
import { readMeta, writeMeta } from './meta.ts';
import { makeDatabase, type TidemarkDatabase } from './schema.ts';
import { DexieSyncStorage } from './sync-storage.ts';
import type { AnnotationStore, Recorder } from './types.ts';
import { DexieAnnotationStore } from './annotation-store.ts';
import type { Json } from '../base/json.ts';
import { DeviceTables } from './device-tables.ts';

export interface OpenStoreOptions {
  accountId: string;
  recorder: Recorder;
  /** A log of its own for the second copy of projects and catalogs; without one they have none. */
  outlineLog?: Recorder;
  clock: Clock;
  makeId: MakeId;
  /** Another IndexedDB than the page's own (tests). */
  dexie?: Pick<DexieOptions, 'indexedDB' | 'IDBKeyRange'>;
}

export interface OpenedStore {
  /** The user's side. */
  store: AnnotationStore;
  /** The engine's side. */
  sync: SyncStorage;
  /** What the composition root of the engine enters: media of this device, frame tables, settings. */
  device: DeviceTables;
  close(): void;
}

/**
 * Opens the device database of an account and repairs it from the flight recorder, or the other way
 * round. Rejects with `StorageError` where the database cannot be opened; an unreachable recorder
 * rejects with the recorder's own error, since edits could not be kept twice.
 */
export async function openStore({
  accountId,
  recorder,
  outlineLog,
  clock,
  makeId,
  dexie,
}: OpenStoreOptions): Promise<OpenedStore> {
  const db = makeDatabase(accountId, dexie);
  try {
    await db.open();
  } catch (error) {
    throw databaseError(error);
  }
  const outline = new Outline({ db, log: outlineLog ?? null, clock });
  try {
    await outline.restore();
    await recoverAndReport(db, recorder, { now: clock.now(), makeId });
  } catch (error) {
    db.close();
    throw error;
  }
  const pages = new Pages(db, makeId);
  const parts = { db, pages, recorder, outline };
  const store = new DexieAnnotationStore({ ...parts, accountId, clock, makeId });
  return {
    store,
    sync: new DexieSyncStorage({ ...parts, makeId }),
    device: new DeviceTables(db),
    close: () => store.close(),
  };
}

async function recoverAndReport(
  db: TidemarkDatabase,
  recorder: Recorder,
  context: { now: number; makeId: MakeId },
): Promise<void> {
  const report = await recover(db, recorder, context);
  const shown = await readMeta(db, 'recovery');
  if (report !== null && shown === null) await writeMeta(db, 'recovery', report as unknown as Json);
}
