import { describe, expect, it } from 'vitest';
import type { ProjectCatalog, Version } from '../../../src/domain/entity-types.ts';
import { catalogRef, entityKey, localVersion, projectHome } from '../../../src/domain/identity.ts';
import type { OpenedStore } from '../../../src/store/open-store.ts';
import { Loop } from '../../../src/sync/engine.ts';
import type {
  Answer,
  CatalogSpec,
  CreateSpec,
  MarkQuery,
  ServerMedia,
  ServerPort,
  ServerRow,
} from '../../../src/sync/ports.ts';
import { stockTraits } from '../../../src/sync/ports.ts';
import { createCommand, makeWorld, media, now, refOf } from '../store/support.ts';

/*
 * The real engine over the real database code, against a server in memory that has versions and refuses
 * annotations in any that it does not have.
 */

const project = { id: 1, name: 'Cruise', summary: '', permission: 'Full Control' };
const home = projectHome(1);
const video: ServerMedia = {
  ...{ key: media, serverId: 9, projectId: 1, type: 1, kind: 'video', name: 'dive.mp4', sectionId: null },
  ...{ width: 1920, height: 1080, frameCount: 60, fps: 30, attributes: {}, raw: {} },
};
const baseline: Version = {
  ...{ id: 1, key: 'id:1', project: 1, name: 'Baseline', description: '', number: 0 },
  ...{ bases: [], showEmpty: true },
};
const yes = <T>(value: T): Promise<Answer<T>> => Promise.resolve({ ok: true, value });
const no = (message: string): Promise<Answer<never>> =>
  Promise.resolve({ ok: false, failure: { kind: 'rejected', message } });

class Server {
  readonly versions: Version[] = [baseline];
  readonly rows: ServerRow[] = [];
  /** Names of versions that are refused. */
  readonly refused = new Set<string>();
  /** Versions that requests about annotations have named. */
  readonly asked = new Set<number>();

  port(): ServerPort {
    const catalog = (): ProjectCatalog => ({
      ...{ project, mediaTypes: [], localizationTypes: [], stateTypes: [], leafTypes: [], users: {} },
      ...{ versions: [...this.versions], sections: [], leaves: [], bookmarks: [], favorites: [] },
    });
    const port: Partial<ServerPort> = {
      readProjects: () => yes([project]),
      readTraits: () => yes({ ...stockTraits, exactRefusals: true, lateFor: 0, keyed: true }),
      readCatalog: () => yes(catalog()),
      readCatalogLists: () => yes({ version: [...this.versions] }),
      readMedia: ({ after }) => yes(after === 0 ? [video] : []),
      createInCatalog: (_project, spec) => this.#makeVersion(spec),
      createAnnotations: (_project, specs) => this.#draw(specs),
      readMarks: (query) => yes(this.#marks(query)),
      readMarksUnless: (query) => yes({ digest: '', rows: this.#marks(query) }),
    };
    return port as ServerPort;
  }

  #marks({ elementalIds, version, kind }: MarkQuery): ServerRow[] {
    if (version !== undefined) this.asked.add(version);
    return this.rows.filter(
      ({ ref }) =>
        ref.kind === kind &&
        (version === undefined || ref.version === version) &&
        (elementalIds === undefined || elementalIds.includes(ref.elementalId)),
    );
  }

  #makeVersion({ ref, fields }: CatalogSpec): Promise<Answer<number>> {
    const name = fields.name as string;
    if (this.refused.has(name)) return no('no more versions');
    const id = this.versions.length + 30;
    this.versions.push({ ...baseline, id, key: ref.elementalId, name, number: this.versions.length });
    return yes(id);
  }

  #draw(specs: CreateSpec[]): Promise<Answer<number[]>> {
    for (const { ref } of specs) this.asked.add(ref.version);
    if (specs.some(({ ref }) => !this.versions.some(({ id }) => id === ref.version)))
      return no('no such version');
    return yes(
      specs.map(({ ref, type, fields }) => {
        const rowId = this.rows.length + 100;
        this.rows.push({
          ...{ ref, rowId, mark: 0, type, media, deleted: false, fields, createdBy: 2, modifiedBy: 2 },
          modifiedAt: '2026-01-01T00:00:00.000Z',
        });
        return rowId;
      }),
    );
  }
}

async function makeLayer({ store }: OpenedStore, key: string, name: string): Promise<void> {
  const fields = { name, description: '', bases: [], show_empty: true };
  const change = { kind: 'create', ref: catalogRef('version', key), type: 0, media: home, fields } as const;
  await store.apply({ projectId: 1, media: home, label: 'history.newLayer', changes: [change] });
}

async function onDeck() {
  const world = makeWorld();
  const opened = await world.open();
  const server = new Server();
  let time = 1_700_000_000_000;
  const clock = { now: () => (time += 15_000), after: () => () => undefined };
  const { makeId } = world;
  const loop = new Loop({ storage: opened.sync, server: server.port(), clock, random: () => 0.5, makeId });
  await loop.round();
  const edits = async () => (await opened.sync.outbox(1)).flatMap(({ edit }) => edit ?? []);
  return { opened, server, edits, round: () => loop.round() };
}

const [layer, poison] = ['cccccccc-cccc-4ccc-8ccc-cccccccccccc', 'dddddddd-dddd-4ddd-8ddd-dddddddddddd'];
const [a, b, c] = ['a', 'b', 'c'].map((one) => `${one.repeat(8)}-aaaa-4aaa-8aaa-aaaaaaaaaaaa`) as [
  string,
  string,
  string,
];

describe('annotations in a version that no server has yet', () => {
  it('are sent after the version, under its row id', async () => {
    const { opened, server, edits, round } = await onDeck();
    await makeLayer(opened, layer, 'Second look');
    await opened.store.apply(createCommand(refOf(a, localVersion(layer))));
    await opened.store.apply(createCommand(refOf(b, 1)));
    expect(await round()).toEqual({ kind: 'done' });
    expect(server.versions.map(({ name }) => name)).toEqual(['Baseline', 'Second look']);
    const made = server.versions[1]!.id;
    expect(server.rows.map(({ ref }) => entityKey(ref)).toSorted()).toEqual(
      [refOf(a, made), refOf(b, 1)].map(entityKey).toSorted(),
    );
    expect(await edits()).toEqual([]);
    expect(await now(opened.store.annotations(media, [made]))).toMatchObject([{ ref: refOf(a, made) }]);
  });

  it('wait while the version is refused, hold back nothing else, and follow it when it is taken after all', async () => {
    const { opened, server, edits, round } = await onDeck();
    server.refused.add('Poison');
    await makeLayer(opened, poison, 'Poison');
    await makeLayer(opened, layer, 'Second look');
    const waiting = refOf(a, localVersion(poison));
    await opened.store.apply(createCommand(waiting));
    await opened.store.apply(createCommand(refOf(b, localVersion(layer))));
    await opened.store.apply(createCommand(refOf(c, 1)));
    for (let n = 0; n < 4; n++) await round();
    expect(server.rows.map(({ ref }) => ref.elementalId).toSorted()).toEqual([b, c]);
    expect((await edits()).map(({ key, status }) => [key, status.kind])).toEqual(
      expect.arrayContaining([
        [`version/0/${poison}`, 'parked'],
        [entityKey(waiting), 'pending'],
      ]),
    );
    // A request never names a version that is none on the server.
    expect([...server.asked].filter((version) => version < 0)).toEqual([]);

    await opened.store.apply({
      ...{ projectId: 1, media: home, label: 'history.renameLayer' },
      changes: [{ kind: 'change', ref: catalogRef('version', poison), fields: { name: 'Wholesome' } }],
    });
    await round();
    const made = server.versions.find(({ name }) => name === 'Wholesome')!.id;
    expect(server.rows.find(({ ref }) => ref.elementalId === a)?.ref.version).toBe(made);
    expect(await edits()).toEqual([]);
  });

  it('are kept for their user to decide where the version is gone for good', async () => {
    const { opened, server, edits, round } = await onDeck();
    const [lost, deleted] = [refOf(a, localVersion(layer)), refOf(b, localVersion(layer))];
    await opened.store.apply(createCommand(lost));
    await opened.store.apply(createCommand(deleted));
    // A delete of what may have been sent, as after a lost database.
    await opened.sync.revise([{ ref: deleted, media }], ([state]) => [
      { edit: { ...state!.edit!, op: 'delete', maybeSent: true } },
    ]);
    await round();
    expect(server.rows).toEqual([]);
    const [parked, ...rest] = await edits();
    expect(rest).toEqual([]);
    expect(parked).toMatchObject({
      ref: lost,
      op: 'create',
      changes: { frame: 5 },
      status: { kind: 'parked' },
    });
  });
});
