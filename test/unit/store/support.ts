import fc from 'fast-check';
import { Dexie } from 'dexie';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import type { Json } from '../../../src/base/json.ts';
import type { Fields } from '../../../src/domain/fields.ts';
import { seededRandom, uuidFrom, type MakeId } from '../../../src/base/random.ts';
import type { ElementalId, EntityRef } from '../../../src/domain/identity.ts';
import { entityKey } from '../../../src/domain/identity.ts';
import { openStore, type OpenedStore } from '../../../src/store/open-store.ts';
import type { Live, Recorder } from '../../../src/store/types.ts';
import type { ServerRow } from '../../../src/sync/ports.ts';
import type { Clock } from '../../../src/base/clock.ts';

// Live queries ask for a global IndexedDB even where a database brings its own.
Dexie.dependencies.indexedDB = new IDBFactory();
Dexie.dependencies.IDBKeyRange = IDBKeyRange;

/** A recorder in memory that outlives the databases, with switches for what can go wrong. */
export class MemoryRecorder implements Recorder {
  entries: { seq: number; body: string }[] = [];
  #last = 0;
  failWith: Error | null = null;
  /** Awaited before each append. */
  gate: Promise<void> = Promise.resolve();

  async append(bodies: string[]): Promise<{ seq: number }> {
    await this.gate;
    if (this.failWith !== null) throw this.failWith;
    for (const body of bodies) this.entries.push({ seq: (this.#last += 1), body });
    return { seq: this.#last };
  }

  /** From now on what it has written down is answered with an error, until the function is called. */
  loseAnswers(): () => void {
    const append = this.append.bind(this);
    this.append = async (bodies) => {
      await append(bodies);
      throw new Error('pipe closed');
    };
    return () => (this.append = append);
  }

  async read(after: number, limit: number) {
    const entries = this.entries.filter(({ seq }) => seq > after).slice(0, limit);
    return { entries, first: this.entries[0]?.seq ?? this.#last + 1, last: this.#last };
  }

  async release(through: number): Promise<void> {
    this.entries = this.entries.filter(({ seq }) => seq > through);
  }
}

export interface World {
  recorder: MemoryRecorder;
  outlineLog: MemoryRecorder;
  makeId: MakeId;
  /** The device's IndexedDB; replace it to lose the database. */
  indexedDB: IDBFactory;
  open(): Promise<OpenedStore>;
}

export function makeWorld(seed = 1): World {
  const random = seededRandom(seed);
  let now = 1_700_000_000_000;
  const clock: Clock = {
    now: () => (now += 1),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
  const world: World = {
    recorder: new MemoryRecorder(),
    outlineLog: new MemoryRecorder(),
    makeId: () => uuidFrom(random),
    indexedDB: new IDBFactory(),
    open: () =>
      openStore({
        accountId: 'crew',
        recorder: world.recorder,
        outlineLog: world.outlineLog,
        clock,
        makeId: world.makeId,
        dexie: { indexedDB: world.indexedDB, IDBKeyRange },
      }),
  };
  return world;
}

/** A start that has read the recorder and goes no further until the function is called. */
export async function startSlowly(world: World): Promise<{ opened: Promise<OpenedStore>; goOn: () => void }> {
  const { recorder } = world;
  const read = recorder.read.bind(recorder);
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  let opened!: Promise<OpenedStore>;
  await new Promise<void>((hasRead) => {
    recorder.read = async (after, limit) => {
      const answer = await read(after, limit);
      hasRead();
      await gate;
      return answer;
    };
    opened = world.open();
  });
  recorder.read = read;
  return { opened, goOn };
}

/** The present value of a live value. */
export function now<T>(live: Live<T>): Promise<T> {
  return new Promise((resolve) => {
    const stop = live.subscribe((value) => {
      resolve(value);
      setTimeout(() => stop());
    });
  });
}

export function refOf(elementalId: ElementalId, version = 1): EntityRef {
  return { kind: 'localization', version, elementalId };
}

export const media = '11111111-1111-4111-8111-111111111111';

export function box(x: number) {
  return { kind: 'box', x, y: 0.25, width: 0.1, height: 0.1 };
}

export function rowOf(ref: EntityRef, over: Partial<ServerRow> = {}): ServerRow {
  return {
    ref,
    rowId: 100,
    mark: 0,
    type: 7,
    media,
    deleted: false,
    fields: { frame: 3, geometry: box(0.1), 'attributes.Species': 'Cod' },
    createdBy: 2,
    modifiedBy: 2,
    modifiedAt: '2026-01-01T00:00:00.000Z',
    ...over,
  };
}

/** Puts rows as the pull would. */
export async function serve({ sync }: OpenedStore, rows: ServerRow[]): Promise<void> {
  await sync.revise(
    rows.map(({ ref, media }) => ({ ref, media })),
    () => rows.map((row) => ({ row })),
  );
}

export function createCommand(ref: EntityRef, label = 'history.draw') {
  return {
    projectId: 1,
    media,
    label,
    changes: [{ kind: 'create' as const, ref, type: 7, media, fields: { frame: 5, geometry: box(0.4) } }],
  };
}

export function changeCommand(ref: EntityRef, fields: Record<string, never> | Record<string, unknown>) {
  return {
    projectId: 1,
    media,
    label: 'history.change',
    changes: [{ kind: 'change' as const, ref, fields: fields as never }],
  };
}

export function deleteCommand(ref: EntityRef) {
  return { projectId: 1, media, label: 'history.delete', changes: [{ kind: 'delete' as const, ref }] };
}

export { entityKey };

/** As JSON tells it: an infinite number, or minus zero, is none of its values. */
export const toldAsJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Fields as strange as JSON allows, of few names, so that two of them are often alike. */
export const strangeFields = fc.dictionary(
  fc.constantFrom('frame', 'geometry', 'attributes.Species', 'toString', '__proto__'),
  fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('Hake', 'Hak', '', 0, 1, '0', false, null, [], {}),
    fc.record({ kind: fc.constant('box'), x: fc.double() }),
  ) as fc.Arbitrary<Json>,
) as fc.Arbitrary<Fields>;
