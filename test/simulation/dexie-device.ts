import { Dexie, type DexieOptions } from 'dexie';
import type { Clock } from '../../src/base/clock.ts';
import type { MakeId } from '../../src/base/random.ts';
import { entityKey, type EntityKey, type MediaKey } from '../../src/domain/identity.ts';
import { planCommand, placesOf } from '../../src/store/commands.ts';
import { readStates } from '../../src/store/entities.ts';
import { nextUndo } from '../../src/store/journal-table.ts';
import { readOrder } from '../../src/store/meta.ts';
import { openStore, type OpenedStore } from '../../src/store/open-store.ts';
import { Pages } from '../../src/store/pages.ts';
import { encodeLine } from '../../src/store/recorder-lines.ts';
import {
  databaseName,
  makeDatabase,
  type JournalEntry,
  type TidemarkDatabase,
} from '../../src/store/schema.ts';
import type { EditCommand } from '../../src/store/types.ts';
import { mediaRef, type Conflict, type Edit, type Place, type SyncStorage } from '../../src/sync/ports.ts';
import { DexieLife } from './dexie-life.ts';
import type { Fate, SimulatedDevice, States } from './device.ts';
import type { Life } from './faults.ts';
import { RecorderInMemory } from './recorder-in-memory.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface DexieDeviceOptions {
  /** Names its database; no two devices share one. */
  name: string;
  time: VirtualTime;
  makeId: MakeId;
  /** Where real work is counted, so that time stands still meanwhile. */
  work: RealWork;
  /** Another IndexedDB than the page's own. */
  dexie?: Pick<DexieOptions, 'indexedDB' | 'IDBKeyRange'>;
}

/** Counts what a real database is doing: virtual time passes only when it is doing nothing. */
export class RealWork {
  #open = 0;
  readonly #breathe: () => Promise<void>;

  /** `breathe` resolves after whatever the runtime has ready, promises and events alike. */
  constructor(breathe: () => Promise<void>) {
    this.#breathe = breathe;
  }

  async of<T>(work: () => Promise<T>): Promise<T> {
    this.#open += 1;
    try {
      return await work();
    } finally {
      this.#open -= 1;
    }
  }

  readonly atRest = async (): Promise<void> => {
    do await this.#breathe();
    while (this.#open > 0);
  };
}

/**
 * A device on the real store: what is not committed when its process dies is gone, and the next start
 * opens the database anew and compares it with the flight recorder, which outlives it.
 */
export class DexieDevice implements SimulatedDevice {
  readonly #options: DexieDeviceOptions;
  readonly #recorder = new RecorderInMemory();
  /** The media files of this device with the edits that make them on the server; the host keeps them. */
  readonly #own = new Map<MediaKey, Edit>();
  /** The process; and a second connection, which looks at what is committed. */
  #opened: OpenedStore | null = null;
  #looking: TidemarkDatabase | null = null;
  #now = 0;

  constructor(options: DexieDeviceOptions) {
    this.#options = options;
  }

  storage(life: Life): SyncStorage {
    const { time, work } = this.#options;
    return new DexieLife({ storage: async () => (await this.#open()).sync, life, time, work });
  }

  states(): Promise<States> {
    return this.#options.work.of(async () => {
      const db = await this.#look();
      const pages = new Pages(db, this.#options.makeId);
      const places = await placesIn(db, pages);
      const states = await readStates(db, pages, places);
      return new Map(places.map(({ ref }, i) => [entityKey(ref), states[i]!]));
    });
  }

  medias(): Promise<ReadonlySet<MediaKey>> {
    return this.#options.work.of(async () => {
      const records = await (await this.#look()).media.toArray();
      return new Set(records.flatMap(({ key, serverId }) => (serverId === null ? [] : [key])));
    });
  }

  apply(command: EditCommand, now: number, fate: Fate): Promise<boolean> {
    return this.#act(now, async (store) => {
      switch (fate) {
        case 'saved':
          await store.apply(command);
          return true;
        case 'refused':
        case 'unheard':
          return this.#refused(fate, () => store.apply(command));
        case 'torn-recorder':
          await this.#recordAlone(command, now);
          return true;
        case 'torn-database':
          await this.#writeAlone(() => store.apply(command));
          return true;
        case 'torn-nothing':
          return true;
      }
    });
  }

  undo(media: MediaKey, now: number): Promise<JournalEntry | null> {
    return this.#act(now, async (store) => {
      const entry = await nextUndo(await this.#look(), media);
      if (entry === undefined) return null;
      await store.undo(media);
      return entry;
    });
  }

  resolve(conflict: Conflict, choice: 'mine' | 'theirs', now: number): Promise<void> {
    return this.#act(now, (store) => store.resolveConflict(conflict.id, choice));
  }

  retryParked(edit: Edit, now: number): Promise<void> {
    return this.#act(now, (store) => store.retryParked(edit.key));
  }

  discardParked(edit: Edit, now: number): Promise<void> {
    return this.#act(now, (store) => store.discardParked(edit.key));
  }

  addMedia(edit: Edit): Promise<void> {
    this.#own.set(edit.media, edit);
    return this.#options.work.of(() => this.#enter(edit));
  }

  restart({ losingDatabase, now }: { losingDatabase: boolean; now: number }): Promise<void> {
    return this.#options.work.of(async () => {
      this.#now = now;
      this.#close();
      this.#recorder.revive();
      if (losingDatabase) {
        await this.#open();
        this.#close();
        await this.#delete();
      }
      await this.#open();
      for (const edit of this.#own.values()) await this.#enter(edit);
    });
  }

  /** Ends it and removes its database. */
  async remove(): Promise<void> {
    this.#close();
    await this.#delete();
  }

  #act<T>(now: number, act: (store: OpenedStore['store']) => Promise<T>): Promise<T> {
    return this.#options.work.of(async () => {
      this.#now = now;
      return act((await this.#open()).store);
    });
  }

  /** The recorder fails, and the store has to take the command out of the database again. */
  async #refused(fate: 'refused' | 'unheard', apply: () => Promise<void>): Promise<false> {
    this.#recorder.fails = fate === 'refused' ? 'before' : 'after';
    try {
      await apply();
    } catch {
      return false;
    } finally {
      this.#recorder.fails = null;
    }
    throw new Error('the store has saved a command that the recorder refused');
  }

  /** The line is down, and the process dies before the database has committed. */
  async #recordAlone(command: EditCommand, now: number): Promise<void> {
    const db = await this.#look();
    const pages = new Pages(db, this.#options.makeId);
    const states = await readStates(db, pages, placesOf(command.changes, command.media));
    const order = (await readOrder(db)) + 1;
    const known = states.filter(
      ({ row, edit, attempt }) => row !== null || edit !== null || attempt !== null,
    );
    const { line } = planCommand(command, known, { id: this.#options.makeId(), order, now });
    await this.#recorder.append([encodeLine(line)]);
  }

  /** The database commits, and the process dies before the line is down. */
  async #writeAlone(apply: () => Promise<void>): Promise<void> {
    const asked = this.#recorder.stall();
    void apply().catch(() => undefined);
    await asked;
    // A transaction over the same tables: it waits for the one that is under way.
    await (await this.#look()).ops.count();
  }

  async #enter(edit: Edit): Promise<void> {
    const { media: key, projectId, type, changes, createdAt: addedAt } = edit;
    const name = typeof changes.name === 'string' ? changes.name : '';
    const { device } = await this.#open();
    await device.addLocalMedia(
      {
        ...{ key, projectId, type, kind: 'video', name, sectionId: null },
        ...{ width: 0, height: 0, frameCount: 0, fps: 0, attributes: {}, addedAt },
      },
      edit,
    );
  }

  async #open(): Promise<OpenedStore> {
    const { name, time, makeId, dexie } = this.#options;
    const clock: Clock = { now: () => this.#now, after: (ms, run) => time.after(ms, run) };
    this.#opened ??= await openStore({
      ...{ accountId: name, recorder: this.#recorder, clock, makeId },
      ...(dexie === undefined ? {} : { dexie }),
    });
    return this.#opened;
  }

  async #look(): Promise<TidemarkDatabase> {
    await this.#open();
    this.#looking ??= makeDatabase(this.#options.name, this.#options.dexie);
    return this.#looking;
  }

  #close(): void {
    this.#opened?.close();
    this.#looking?.close();
    this.#opened = null;
    this.#looking = null;
  }

  async #delete(): Promise<void> {
    await new Dexie(databaseName(this.#options.name), this.#options.dexie).delete();
  }
}

/** Every element that anything is known of. */
async function placesIn(db: TidemarkDatabase, pages: Pages): Promise<Place[]> {
  const places = new Map<EntityKey, Place>();
  const note = (place: Place): unknown =>
    places.set(entityKey(place.ref), { ref: place.ref, media: place.media });
  const heads = await db.pageHeads.toArray();
  for (const media of new Set(heads.map((head) => head.media)))
    for (const { rows } of await pages.ofMedia(media)) for (const row of rows) note(row);
  for (const { key } of await db.media.toArray()) note({ ref: mediaRef(key), media: key });
  for (const conflict of await db.conflicts.toArray()) note(conflict);
  for (const edit of await db.edits.toArray()) note(edit);
  return [...places.values()];
}
