import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/base/json.ts';
import { seededRandom, type Random } from '../../../src/base/random.ts';
import { catalogFields, entryOf, listsOf, type CatalogLists } from '../../../src/domain/catalog-fields.ts';
import type { ProjectCatalog } from '../../../src/domain/entity-types.ts';
import type { Fields } from '../../../src/domain/fields.ts';
import {
  catalogKinds,
  catalogRef,
  keyOfRow,
  projectHome,
  type CatalogKind,
} from '../../../src/domain/identity.ts';
import { localUri } from '../../../src/domain/place-uri.ts';
import { StorageError } from '../../../src/store/errors.ts';
import type { OpenedStore } from '../../../src/store/open-store.ts';
import { pushCatalog } from '../../../src/sync/catalog-push.ts';
import type { SyncDeps } from '../../../src/sync/deps.ts';
import { Permissions } from '../../../src/sync/permissions.ts';
import {
  stockTraits,
  type Answer,
  type CatalogSpec,
  type Edit,
  type Failure,
  type ServerMedia,
  type ServerPort,
  type ServerTraits,
} from '../../../src/sync/ports.ts';
import { Refusals } from '../../../src/sync/refusals.ts';
import { makeWorld, now, type World } from '../store/support.ts';

/*
 * The real engine's catalog part over the real database code, against a catalog in memory whose answers
 * are lost, late or refused after the fact; the device is killed in between, and once loses its database.
 */

const project = { id: 1, name: 'Dive', summary: '', permission: 'Full Control' };
const home = projectHome(project.id);
const made: readonly CatalogKind[] = ['section', 'leaf', 'bookmark', 'favorite'];
const emptyCatalog: ProjectCatalog = {
  ...{ project, mediaTypes: [], localizationTypes: [], stateTypes: [], leafTypes: [], users: {} },
  ...{ versions: [], sections: [], leaves: [], bookmarks: [], favorites: [] },
};

const video: ServerMedia = {
  ...{ key: 'v', serverId: 9, projectId: 1, type: 1, kind: 'video', name: 'dive.mp4', sectionId: null },
  ...{ width: 1920, height: 1080, frameCount: 60, fps: 30, attributes: {}, raw: {} },
};

class Killed extends Error {}

interface Row {
  id: number;
  kind: CatalogKind;
  elementalId: string;
  fields: Fields;
  type: number;
}

/** A catalog that others change too, behind a link that loses what it likes. */
class SimulatedCatalog {
  readonly rows: Row[] = [];
  readonly carriedOut = new Map<string, number>();
  faults = true;
  /** What the user does between what a request does and its answer. */
  meanwhile: () => Promise<void> = () => Promise.resolve();
  #last = 0;
  readonly #byKey = new Map<string, number>();
  readonly #late: { at: number; run: () => void }[] = [];
  readonly #random: Random;
  readonly #time: { now: number };
  readonly #keyed: boolean;

  constructor(random: Random, time: { now: number }, keyed: boolean) {
    this.#random = random;
    this.#time = time;
    this.#keyed = keyed;
  }

  /** Requests that were still at work come to their end. */
  pass(): void {
    for (const late of this.#late.splice(0)) {
      if (late.at <= this.#time.now) late.run();
      else this.#late.push(late);
    }
  }

  port(): ServerPort {
    const port: Partial<ServerPort> = {
      readProjects: () => Promise.resolve({ ok: true, value: [project] }),
      readCatalogLists: (_project, kinds) => this.#read(() => this.#lists(kinds)),
      createInCatalog: (_project, spec, key) => this.#write(() => this.#create(spec, key), { late: true }),
      patchInCatalog: ({ kind, serverId }, changes) =>
        this.#write(() => {
          const row = this.#find(kind, serverId);
          if (row !== undefined) row.fields = { ...row.fields, ...changes };
          return row === undefined ? null : { value: null };
        }),
      deleteInCatalog: ({ kind, serverId }) =>
        this.#write(() => {
          const row = this.#find(kind, serverId);
          if (row !== undefined) this.rows.splice(this.rows.indexOf(row), 1);
          return row === undefined ? null : { value: null };
        }),
    };
    return port as ServerPort;
  }

  #find(kind: CatalogKind, id: number): Row | undefined {
    return this.rows.find((row) => row.kind === kind && row.id === id);
  }

  #create({ ref, type, fields }: CatalogSpec, key: string | undefined): { value: number } {
    const before = key === undefined ? undefined : this.#byKey.get(key);
    if (before !== undefined) return { value: before };
    this.#last += 1;
    const { kind, elementalId } = ref;
    this.rows.push({ id: this.#last, kind, elementalId, fields, type });
    const token = tokenOf(fields);
    this.carriedOut.set(token, (this.carriedOut.get(token) ?? 0) + 1);
    if (key !== undefined) this.#byKey.set(key, this.#last);
    return { value: this.#last };
  }

  #lists(kinds: readonly CatalogKind[]): Partial<CatalogLists> {
    return Object.fromEntries(kinds.map((kind) => [kind, this.#listOf(kind)]));
  }

  #listOf(kind: CatalogKind): unknown[] {
    return this.rows
      .filter((row) => row.kind === kind)
      .map(({ id, elementalId, fields, type }) => {
        const key = kind === 'section' || kind === 'version' ? elementalId : keyOfRow(id);
        const parent = typeof fields.parent === 'number' ? { parent: keyOfRow(fields.parent) } : {};
        const identity = { id, key, type, projectId: project.id };
        return entryOf(kind, identity, { fields: { ...fields, ...parent } });
      });
  }

  async #read<T>(run: () => T): Promise<Answer<T>> {
    await Promise.resolve();
    this.#mayDie();
    if (this.#happens(0.1)) return { ok: false, failure: { kind: 'offline', byChoice: false } };
    return { ok: true, value: run() };
  }

  async #write<T>(
    run: () => { value: T } | null,
    { late }: { late: boolean } = { late: false },
  ): Promise<Answer<T>> {
    await Promise.resolve();
    this.#mayDie();
    const lost = { ok: false, failure: { kind: 'unknown-outcome', message: 'lost' } } as const;
    if (this.#happens(0.15)) return lost;
    if (late && this.#happens(0.1)) {
      this.#late.push({ at: this.#time.now + this.#random() * 20 * 60_000, run });
      return lost;
    }
    const outcome = run();
    await this.meanwhile();
    this.#mayDie();
    if (this.#happens(0.15)) return lost;
    // A stock server says 400 also after the fact.
    if (!this.#keyed && this.#happens(0.1))
      return { ok: false, failure: { kind: 'rejected', message: 'the database was busy' } };
    return outcome === null
      ? { ok: false, failure: { kind: 'not-found' } }
      : { ok: true, value: outcome.value };
  }

  #mayDie(): void {
    if (this.#happens(0.05)) throw new Killed();
  }

  #happens(chance: number): boolean {
    return this.faults && this.#random() < chance;
  }
}

/** What tells an entity from all others, whatever it is called. */
function tokenOf(fields: Fields): string {
  const values = (fields.values ?? {}) as Record<string, Json>;
  const token = fields.path ?? fields['attributes.token'] ?? fields.uri ?? values.token;
  return JSON.stringify(token ?? null);
}

function contentOf(kind: CatalogKind, token: string, parent: string | null): Fields {
  const name = `first ${token}`;
  if (kind === 'section') return { name, path: token, dtype: 'folder', visible: true };
  if (kind === 'leaf') return { name, parent, 'attributes.token': token };
  if (kind === 'bookmark') return { name, uri: token };
  return { name, page: 1, values: { token }, entity_type_name: 'Localization' };
}

class Run {
  readonly random: Random;
  readonly time = { now: 1_700_000_000_000 };
  readonly world: World;
  readonly server: SimulatedCatalog;
  readonly traits: ServerTraits;
  /** How often a token was asked for: once, and again for each remake after others had deleted it. */
  readonly wanted = new Map<string, number>();
  /** What the user last called what he made or changed; null where he deleted it. */
  readonly wishes = new Map<string, string | null>();
  /** What others had a hand in, which the user may not have seen. */
  readonly foreign = new Set<string>();
  opened!: OpenedStore;
  #refusals = new Refusals();
  #tokens = 0;

  constructor(seed: number, keyed: boolean) {
    this.random = seededRandom(seed);
    this.world = makeWorld(seed);
    this.traits = keyed ? { ...stockTraits, exactRefusals: true, lateFor: 0, keyed } : stockTraits;
    this.server = new SimulatedCatalog(this.random, this.time, keyed);
  }

  async open(): Promise<void> {
    this.opened = await this.world.open();
    await this.opened.sync.doubtSentAttempts();
    this.#refusals = new Refusals();
  }

  async push(server = this.server.port()): Promise<boolean> {
    const permissions = new Permissions();
    permissions.learn([project]);
    const deps: SyncDeps = {
      ...{ storage: this.opened.sync, server, makeId: this.world.makeId },
      ...{ traits: this.traits, refusals: this.#refusals, permissions },
      clock: { now: () => this.time.now, after: () => () => undefined },
    };
    try {
      return (await pushCatalog(deps, project)).kind === 'done';
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      this.opened.close();
      await this.open();
      return false;
    }
  }

  async edits(): Promise<Edit[]> {
    return (await this.opened.sync.outboxAt(home)).flatMap(({ edit }) => edit ?? []);
  }

  async view() {
    const view = await now(this.opened.store.catalog(project.id));
    if (view === null) throw new Error('no catalog');
    return view;
  }

  async edit(): Promise<void> {
    const kind = made[Math.floor(this.random() * made.length)] ?? 'section';
    const entries: { key: string }[] = listsOf(await this.view())[kind];
    const pick = entries[Math.floor(this.random() * entries.length)];
    const ref = pick === undefined ? null : catalogRef(kind, pick.key);
    const chance = this.random();
    const change =
      ref === null || chance < 0.5
        ? this.#creation(kind, kind === 'leaf' && chance < 0.3 ? (pick?.key ?? null) : null)
        : chance < 0.85
          ? ({ kind: 'change', ref, fields: { name: `mine ${(this.#tokens += 1)}` } } as const)
          : ({ kind: 'delete', ref } as const);
    const command = { projectId: 1, media: home, label: 'history.catalog', changes: [change] };
    await this.opened.store.apply(command).catch((error: unknown) => {
      // A label with others below it is not deleted.
      if (!(error instanceof StorageError) || error.code !== 'leaf-in-use') throw error;
    });
  }

  /** Does one thing as the user, whatever is on its way just then. */
  async act(): Promise<void> {
    const before = await this.#shown();
    if (this.random() < 0.3) await this.opened.store.undo(home);
    else await this.edit();
    const after = await this.#shown();
    for (const [key, { token }] of before) if (!after.has(key)) this.wishes.set(token, null);
    for (const [key, { token, name }] of after) {
      const known = before.get(key);
      if (known === undefined && this.wishes.get(token) === null) this.#want(token);
      if (known?.name !== name) this.wishes.set(token, name);
    }
  }

  async #shown(): Promise<Map<string, { token: string; name: string }>> {
    const view = await this.view();
    const tokens = (kind: CatalogKind): [string, { token: string; name: string }][] =>
      listsOf(view)[kind].map((entry) => [
        `${kind} ${entry.key}`,
        { token: tokenOf(catalogFields(kind, entry)), name: entry.name },
      ]);
    return new Map(catalogKinds.flatMap(tokens));
  }

  #creation(kind: CatalogKind, parent: string | null) {
    const token = `t${(this.#tokens += 1)}`;
    this.#want(JSON.stringify(token));
    const ref = catalogRef(kind, this.world.makeId());
    const type = kind === 'leaf' || kind === 'favorite' ? 7 : 0;
    return { kind: 'create', ref, type, media: home, fields: contentOf(kind, token, parent) } as const;
  }

  #want(token: string): void {
    this.wanted.set(token, (this.wanted.get(token) ?? 0) + 1);
  }

  somebodyElse(): void {
    const row = this.server.rows[Math.floor(this.random() * this.server.rows.length)];
    if (row === undefined) return;
    this.foreign.add(tokenOf(row.fields));
    // Where its create is in doubt, nobody can tell this from one that never came to be.
    this.#want(tokenOf(row.fields));
    if (this.random() < 0.7) row.fields = { ...row.fields, name: `theirs ${(this.#tokens += 1)}` };
    else if (row.kind !== 'leaf') this.server.rows.splice(this.server.rows.indexOf(row), 1);
  }

  /**
   * What was sent before is not known any more, so what the user has renamed since is not found again by its
   * content: it may be made a second time, which is less than to rename somebody else's.
   */
  async loseDatabase(): Promise<void> {
    for (const { op, ref, base, changes } of await this.edits()) {
      this.foreign.add(tokenOf({ ...base?.fields, ...changes }));
      if (op !== 'delete' && ref.kind !== 'section') this.#want(tokenOf({ ...base?.fields, ...changes }));
    }
    this.opened.close();
    this.world.indexedDB = new IDBFactory();
    await this.open();
  }

  /** The user keeps what is his, wherever he is asked. */
  async answerAll(): Promise<void> {
    for (const { id, field, theirs, mine, key } of await now(this.opened.store.conflicts())) {
      const edit = (await this.edits()).find((one) => one.key === key);
      if (field === '$deleted' && theirs === true && mine === false && edit !== undefined) {
        this.#want(tokenOf({ ...edit.base?.fields, ...edit.changes }));
      }
      await this.opened.store.resolveConflict(id, 'mine');
    }
    for (const { key, status, base, changes } of await this.edits()) {
      if (status.kind !== 'parked') continue;
      if (!status.reason.includes('lies under')) await this.opened.store.retryParked(key);
      else {
        this.foreign.add(tokenOf({ ...base?.fields, ...changes }));
        await this.opened.store.discardParked(key);
      }
    }
  }

  async drain(): Promise<void> {
    this.server.faults = false;
    for (let round = 0; round < 40; round++) {
      this.time.now += 22 * 60_000;
      this.server.pass();
      await this.push();
      await this.answerAll();
      if ((await this.edits()).length === 0) return;
    }
    throw new Error(`still to be sent: ${JSON.stringify(await this.edits())}`);
  }
}

async function play(seed: number, keyed: boolean): Promise<void> {
  const run = new Run(seed, keyed);
  await run.open();
  await run.opened.sync.saveProjects([project]);
  await run.opened.sync.saveCatalog(emptyCatalog);
  const losesAt = seed % 4 === 0 ? 12 : -1;
  run.server.meanwhile = () => (run.random() < 0.2 && run.server.faults ? run.act() : Promise.resolve());
  for (let step = 0; step < 20; step++) {
    run.time.now += run.random() * 120_000;
    run.server.pass();
    const chance = run.random();
    if (step === losesAt) await run.loseDatabase();
    else if (chance < 0.45) await run.act();
    else if (chance < 0.6) run.somebodyElse();
    else await run.push();
  }
  await run.drain();
  // What others changed last is read as well.
  await run.opened.sync.saveCatalogLists(1, await listsThere(run));
  const view = await run.view();
  for (const kind of catalogKinds) {
    const here = (listsOf(view)[kind] as { id: number; name: string }[]).map(
      ({ id, name }) => `${id} ${JSON.stringify(name)}`,
    );
    const there = run.server.rows
      .filter((row) => row.kind === kind)
      .map(({ id, fields }) => `${id} ${JSON.stringify(fields.name)}`);
    expect(here.sort(), `${kind} of seed ${seed}`).toEqual(there.sort());
  }
  const kept = new Map(run.server.rows.map(({ fields }) => [tokenOf(fields), fields.name]));
  for (const [token, wish] of run.wishes)
    if (!run.foreign.has(token)) expect(kept.get(token) ?? null, `${token} of seed ${seed}`).toBe(wish);
  for (const [token, count] of run.server.carriedOut)
    expect(count, `creates of ${token}, seed ${seed}`).toBeLessThanOrEqual(run.wanted.get(token) ?? 0);
  run.opened.close();
}

async function listsThere(run: Run): Promise<Partial<CatalogLists>> {
  const answer = await run.server.port().readCatalogLists(1, catalogKinds);
  if (!answer.ok) throw new Error('the lists were not read');
  return answer.value;
}

describe.each([
  ['a stock server', false],
  ['a hub', true],
])('a catalog that is changed over a bad link to %s', (_name, keyed) => {
  const seeds = Number(process.env['CATALOG_SEEDS'] ?? 12);
  it(`ends the same here and there, with nothing made twice (${seeds} seeds)`, async () => {
    for (let seed = 1; seed <= seeds; seed++) await play(seed, keyed);
  }, 600_000);
});

describe('a bookmark of a media that no server had', () => {
  it('is found again by its place after its create lost its answer and the device its database', async () => {
    const run = new Run(1, false);
    run.server.faults = false;
    const answers = run.server.port();
    const lost = { ok: false, failure: { kind: 'unknown-outcome', message: 'lost' } } as const;
    const begin = async (): Promise<void> => {
      await run.open();
      await run.opened.sync.saveProjects([project]);
      await run.opened.sync.saveCatalog(emptyCatalog);
      await run.opened.sync.putServerMedia(1, [video], { complete: true });
    };
    await begin();
    const ref = catalogRef('bookmark', run.world.makeId());
    const fields = { name: 'Vent', uri: localUri(video.key, 41) };
    await run.opened.store.apply({
      projectId: 1,
      media: home,
      label: 'history.catalog',
      changes: [{ kind: 'create', ref, type: 0, media: home, fields }],
    });
    await run.push({
      ...answers,
      createInCatalog: async (...args) => {
        await answers.createInCatalog(...args);
        return lost;
      },
    });
    run.opened.close();
    run.world.indexedDB = new IDBFactory();
    await begin();
    await run.push(answers);
    expect(run.server.rows).toMatchObject([{ fields: { uri: '/1/annotation/9?frame=41' } }]);
    expect(await run.edits()).toEqual([]);
    expect(await now(run.opened.store.conflicts())).toEqual([]);
    expect((await run.view()).bookmarks).toMatchObject([{ key: ref.elementalId, name: 'Vent' }]);
    run.opened.close();
  });
});

describe('a bookmark that is in doubt on a hub', () => {
  it('stays so when it is sent again without a permission, and is made once when that is back', async () => {
    const run = new Run(1, true);
    run.server.faults = false;
    const answers = run.server.port();
    await run.open();
    await run.opened.sync.saveProjects([project]);
    await run.opened.sync.saveCatalog(emptyCatalog);
    const ref = catalogRef('bookmark', run.world.makeId());
    const fields = { name: 'Vent', uri: '/1/annotation/9' };
    await run.opened.store.apply({
      projectId: 1,
      media: home,
      label: 'history.catalog',
      changes: [{ kind: 'create', ref, type: 0, media: home, fields }],
    });
    const keys: (string | undefined)[] = [];
    let first: () => Promise<unknown> = () => Promise.resolve();
    const failing = (failure: Failure): ServerPort => ({
      ...answers,
      createInCatalog: (...args) => {
        keys.push(args[2]);
        if (failure.kind === 'unknown-outcome') first = () => answers.createInCatalog(...args);
        return Promise.resolve({ ok: false, failure });
      },
    });
    await run.push(failing({ kind: 'unknown-outcome', message: 'lost' }));
    await run.push(failing({ kind: 'forbidden', message: 'Permission denied' }));
    expect(new Set(keys).size).toBe(1);
    expect(await run.edits()).toMatchObject([{ status: { kind: 'waiting' } }]);
    // The first one comes after all.
    await first();
    run.time.now += 61_000;
    await run.push(answers);
    expect(run.server.rows).toHaveLength(1);
    expect(await run.edits()).toEqual([]);
    run.opened.close();
  });
});
