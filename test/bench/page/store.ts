import { Dexie, type EntityTable } from 'dexie';
import { systemClock } from '../../../src/base/clock.ts';
import { recorderOf } from '../../../src/renderer/backend/recorder-of.ts';
import { openStore, type OpenedStore } from '../../../src/store/open-store.ts';
import type { ServerRow } from '../../../src/sync/ports.ts';
import { connectTo } from './connect-to.ts';

interface Binding {
  /** Rewrites a whole file and fsyncs it. */
  rewriteFile(text: string): Promise<void>;
}

type PlainRow = ServerRow & { id: string };
type PlainDatabase = Dexie & { rows: EntityTable<PlainRow, 'id'> };

const binding = globalThis as unknown as Binding;

/** The store beside what is written without much thought: a record for every annotation. */
class StoreBench {
  #opened: OpenedStore | null = null;
  #plain: PlainDatabase | null = null;

  /** `hostAddress`: of the RPC of the measuring process, whose recorder fsyncs a real file. */
  async open(hostAddress: string): Promise<void> {
    const recorder = recorderOf(await connectTo(hostAddress), 'crew');
    const makeId = (): string => crypto.randomUUID();
    this.#opened = await openStore({ accountId: 'crew', recorder, clock: systemClock(), makeId });
    const plain = new Dexie('plain', { chromeTransactionDurability: 'strict' }) as PlainDatabase;
    plain.version(1).stores({ rows: 'id, media, [media+ref.version], type' });
    this.#plain = await plain.open().then(() => plain);
  }

  /** ms for `count` rows of one media into packed pages. */
  async ingestPacked(media: string, count: number): Promise<number> {
    const rows = rowsOf(media, count);
    const places = rows.map(({ ref }) => ({ ref, media }));
    return await timed(() => this.#opened!.sync.revise(places, () => rows.map((row) => ({ row }))));
  }

  /** ms for the same rows, a record each. */
  async ingestPlain(media: string, count: number): Promise<number> {
    const rows = rowsOf(media, count).map((row) => ({ ...row, id: row.ref.elementalId }));
    return await timed(() => this.#plain!.rows.bulkPut(rows));
  }

  /** ms until row `i` is changed on both copies, the database's and the recorder's. */
  async editTwice(media: string, i: number): Promise<number> {
    const { ref } = rowOf(media, i);
    return await timed(() =>
      this.#opened!.store.apply({
        projectId: 1,
        media,
        label: 'history.change',
        changes: [{ kind: 'change', ref, fields: { frame: i } }],
      }),
    );
  }

  /** ms until the record is changed in IndexedDB alone, which may lose it with a torn log. */
  async editPlain(media: string, i: number): Promise<number> {
    return await timed(() =>
      this.#plain!.rows.update(rowOf(media, i).ref.elementalId, { 'fields.frame': i }),
    );
  }

  /** ms until all annotations of the media are read and written into their file. */
  async editFile(media: string): Promise<number> {
    return await timed(async () => {
      const rows = await this.#plain!.rows.where('media').equals(media).toArray();
      await binding.rewriteFile(JSON.stringify(rows));
    });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function rowsOf(media: string, count: number): ServerRow[] {
  return Array.from({ length: count }, (_, i) => rowOf(media, i));
}

function rowOf(media: string, i: number): ServerRow {
  const elementalId = `00000000-0000-4000-${media.padStart(4, '0')}-${String(i).padStart(12, '0')}`;
  return {
    ref: { kind: 'localization', version: 1, elementalId },
    rowId: i + 1,
    mark: 0,
    type: 7,
    media,
    deleted: false,
    fields: {
      frame: i,
      geometry: { kind: 'box', x: 0.1, y: 0.2, width: 0.1, height: 0.1 },
      'attributes.Species': 'Bathochordaeus',
      'attributes.Certainty': 'probable',
    },
    createdBy: 1,
    modifiedBy: 1,
    modifiedAt: '2026-01-01T00:00:00.000Z',
  };
}

(globalThis as unknown as { bench: StoreBench }).bench = new StoreBench();
export type { StoreBench };
