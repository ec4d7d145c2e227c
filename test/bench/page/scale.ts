import { Dexie, type EntityTable } from 'dexie';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { sameJson } from '../../../src/base/json.ts';
import type { Host } from '../../../src/contract/host-rpc.ts';
import { readUnlessOf } from '../../../src/engine/server-call.ts';
import { recorderOf } from '../../../src/renderer/backend/recorder-of.ts';
import { openStore, type OpenedStore } from '../../../src/store/open-store.ts';
import type { Live } from '../../../src/store/types.ts';
import type { SyncDeps } from '../../../src/sync/deps.ts';
import { stockTraits, type MarkQuery, type ServerPort, type ServerRow } from '../../../src/sync/ports.ts';
import { Permissions } from '../../../src/sync/permissions.ts';
import { KnownAnswers } from '../../../src/sync/known-answers.ts';
import { audit, mostAuditRows, pull } from '../../../src/sync/pull.ts';
import { Refusals } from '../../../src/sync/refusals.ts';
import { connectTo } from './connect-to.ts';
import { mediaKeyAt, mediasOf, project, rowAt, rowsFor, type Device } from './device-data.ts';

type PlainRow = ServerRow & { id: string };
type PlainDatabase = Dexie & { rows: EntityTable<PlainRow, 'id'> };

/** ms of the steps from the page's script to the first annotations on the screen's side. */
export interface OpenTimes {
  store: number;
  medias: number;
  annotations: number;
}

/** A device that holds a season: our store and engine parts beside a record for every annotation. */
class ScaleBench {
  readonly #clock: Clock = systemClock();
  #opened: OpenedStore | null = null;
  #plain: PlainDatabase | null = null;
  #host: Host | null = null;
  readonly #answers = new KnownAnswers();
  /** ms spent in making the rows that the server would have sent. */
  #making = 0;

  /** Opens the store over the host's RPC and reads what the first view of a media needs. */
  async open(device: Device, media: number): Promise<OpenTimes> {
    const host = await connectTo(device.hostAddress);
    this.#host = host;
    const started = performance.now();
    const recorder = recorderOf(host, device.account);
    const makeId = (): string => crypto.randomUUID();
    this.#opened = await openStore({ accountId: device.account, recorder, clock: this.#clock, makeId });
    const store = performance.now() - started;
    const { store: views } = this.#opened;
    await Promise.all([first(views.projects()), first(views.mediaList(project.id)), first(views.counts())]);
    const medias = performance.now() - started;
    const key = mediaKeyAt(device, media);
    await Promise.all([
      first(views.mediaItem(key)),
      first(views.history(key)),
      first(views.annotations(key, [])),
    ]);
    return { store, medias, annotations: performance.now() - started };
  }

  close(): void {
    this.#opened?.close();
    this.#opened = null;
    this.#plain?.close();
    this.#plain = null;
  }

  async putMedias(device: Device): Promise<void> {
    await this.#sync.saveProjects([project]);
    await this.#sync.putServerMedia(project.id, mediasOf(device), { complete: true });
  }

  /** Makes every answer of the server once: what pull and audit are measured less. */
  makeAnswers(device: Device): number {
    const started = performance.now();
    for (let after = 0; ;) {
      const rows = rowsFor(device, {
        projectId: project.id,
        kind: 'localization',
        allMarks: false,
        after,
        limit: 2000,
      });
      const last = rows.at(-1);
      if (last === undefined) return performance.now() - started;
      after = last.rowId;
    }
  }

  /** ms of the engine's pull of everything, without the making of the server's answers. */
  async pullAll(device: Device): Promise<number> {
    this.#making = 0;
    const ms = await timed(async () => {
      const outcome = await pull(this.#deps(device), project.id, 'localization');
      if (outcome.kind !== 'done') throw new Error('the pull was stopped');
    });
    return ms - this.#making;
  }

  /** ms of the audit of the medias from..to (exclusive), without the making of the answers. */
  async audit(device: Device, from: number, to: number): Promise<number> {
    this.#making = 0;
    const deps = this.#deps(device);
    const ms = await timed(async () => {
      const all = Array.from(
        { length: to - from },
        (_, i) => [mediaKeyAt(device, from + i), from + i + 1] as const,
      );
      for (let n = 0; n < all.length;) {
        const what = {
          projectId: project.id,
          kind: 'localization',
          medias: all.slice(n, n + 10),
          rows: mostAuditRows,
        } as const;
        const { outcome, taken } = await audit(deps, what, this.#answers);
        if (outcome.kind !== 'done') throw new Error('the audit was stopped');
        n += taken;
      }
    });
    return ms - this.#making;
  }

  /** Rows of a media on the device. */
  async count(device: Device, media: number): Promise<number> {
    return (await first(this.#store.annotations(mediaKeyAt(device, media), []))).length;
  }

  /** ms until an edit is on both copies, while the views of an open media follow it. */
  async edits(device: Device, media: number, times: number): Promise<number[]> {
    const key = mediaKeyAt(device, media);
    const { annotations, history, counts } = {
      annotations: this.#store.annotations(key, []),
      history: this.#store.history(key),
      counts: this.#store.counts(),
    };
    await Promise.all([first(annotations), first(history), first(counts)]);
    const stops = [
      annotations.subscribe(() => undefined),
      history.subscribe(() => undefined),
      counts.subscribe(() => undefined),
    ];
    const took: number[] = [];
    for (let i = 0; i < times; i += 1) {
      const { ref, fields } = rowAt(device, media, (i * 7) % device.rowsOfMedia);
      const geometry = { ...(fields.geometry as object), x: 0.001 * (i + 1) };
      const change = { kind: 'change' as const, ref, fields: { geometry } };
      const command = { projectId: project.id, media: key, label: 'history.move', changes: [change] };
      took.push(await timed(() => this.#store.apply(command)));
      // A person's next edit comes after the screen has followed this one.
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    for (const stop of stops) stop();
    return took;
  }

  async openPlain(): Promise<number> {
    return await timed(async () => {
      const plain = new Dexie('plain', { chromeTransactionDurability: 'strict' }) as PlainDatabase;
      plain.version(1).stores({ rows: 'id, media, [media+ref.version], type' });
      this.#plain = await plain.open().then(() => plain);
    });
  }

  /** ms for the same rows, a record each, in batches of what a pull reads at once. */
  async fillPlain(device: Device, medias: number): Promise<number> {
    let ms = 0;
    for (let n = 0; n < medias; n += 1) {
      const rows = Array.from({ length: device.rowsOfMedia }, (_, i) => plainOf(rowAt(device, n, i)));
      ms += await timed(() => this.#rows.bulkPut(rows));
    }
    return ms;
  }

  async openPlainMedia(device: Device, media: number): Promise<number> {
    const open = await this.openPlain();
    return open + (await timed(() => this.#plainOf(device, media)));
  }

  async editsPlain(device: Device, media: number, times: number): Promise<number[]> {
    const took: number[] = [];
    for (let i = 0; i < times; i += 1) {
      const { ref } = rowAt(device, media, (i * 7) % device.rowsOfMedia);
      const change = { 'fields.geometry.x': 0.001 * (i + 1) };
      took.push(await timed(() => this.#rows.update(ref.elementalId, change)));
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    return took;
  }

  /** ms to compare the medias from..to (exclusive) with what the server tells, record by record. */
  async auditPlain(device: Device, from: number, to: number): Promise<number> {
    let ms = 0;
    for (let n = from; n < to; n += 1) {
      const told = Array.from({ length: device.rowsOfMedia }, (_, i) => plainOf(rowAt(device, n, i)));
      ms += await timed(async () => {
        const known = new Map((await this.#plainOf(device, n)).map((row) => [row.id, row]));
        const differ = told.filter((row) => !sameJson(row, known.get(row.id)));
        if (differ.length > 0) await this.#rows.bulkPut(differ);
      });
    }
    return ms;
  }

  #plainOf(device: Device, media: number): Promise<PlainRow[]> {
    return this.#rows.where('media').equals(mediaKeyAt(device, media)).toArray();
  }

  get #rows(): PlainDatabase['rows'] {
    if (this.#plain === null) throw new Error('the plain database is not open');
    return this.#plain.rows;
  }

  get #store(): OpenedStore['store'] {
    if (this.#opened === null) throw new Error('the store is not open');
    return this.#opened.store;
  }

  get #sync(): OpenedStore['sync'] {
    if (this.#opened === null) throw new Error('the store is not open');
    return this.#opened.sync;
  }

  get #connected(): Host {
    if (this.#host === null) throw new Error('the host is not in reach');
    return this.#host;
  }

  #deps(device: Device): SyncDeps {
    // What stands for the rows comes over the host's RPC, as in truth; the rows are made here.
    const readUnless = readUnlessOf(this.#connected, device.account);
    const rowsOf = (query: MarkQuery, prints: readonly number[]): ServerRow[] => {
      const started = performance.now();
      const rows = rowsFor(device, query);
      this.#making += performance.now() - started;
      rows.forEach((row, i) => {
        const print = prints[i];
        if (print !== undefined) row.print = print;
      });
      return rows;
    };
    const readMarks: ServerPort['readMarks'] = async (query) => {
      const { prints } = await readUnless('get_localization_list', { ...query }, '');
      return { ok: true, value: rowsOf(query, prints) };
    };
    const readMarksUnless: ServerPort['readMarksUnless'] = async (query, known) => {
      const { digest, prints } = await readUnless('get_localization_list', { ...query }, known ?? '');
      if (digest === known) return { ok: true, value: { digest, rows: null } };
      return { ok: true, value: { digest, rows: rowsOf(query, prints) } };
    };
    return {
      storage: this.#sync,
      // Pull and audit ask a server for marks alone.
      server: { readMarks, readMarksUnless } as Partial<ServerPort> as ServerPort,
      clock: this.#clock,
      makeId: () => crypto.randomUUID(),
      traits: stockTraits,
      refusals: new Refusals(),
      permissions: new Permissions(),
    };
  }
}

function plainOf(row: ServerRow): PlainRow {
  return { ...row, id: row.ref.elementalId };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function first<T>(live: Live<T>): Promise<T> {
  return new Promise((resolve) => {
    const stop = live.subscribe((value) => {
      resolve(value);
      queueMicrotask(() => stop());
    });
  });
}

(globalThis as unknown as { bench: ScaleBench }).bench = new ScaleBench();
export type { ScaleBench };
