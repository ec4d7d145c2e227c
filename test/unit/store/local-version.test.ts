import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import type { ProjectCatalog } from '../../../src/domain/entity-types.ts';
import {
  catalogRef,
  entityKey,
  isLocalVersion,
  localVersion,
  projectHome,
} from '../../../src/domain/identity.ts';
import type { OpenedStore } from '../../../src/store/open-store.ts';
import {
  changeCommand,
  createCommand,
  makeWorld,
  media,
  now,
  refOf,
  rowOf,
  serve,
  type World,
} from './support.ts';

const project = { id: 1, name: 'Cruise', summary: '', permission: 'Full Control' };
const catalog: ProjectCatalog = {
  ...{ project, mediaTypes: [], localizationTypes: [], stateTypes: [], leafTypes: [], users: {} },
  ...{ versions: [], sections: [], leaves: [], bookmarks: [], favorites: [] },
};
const home = projectHome(1);
const layer = 'cccccccc-cccc-4ccc-8ccc-cccccccccccc';
const [local, rowId] = [localVersion(layer), 31];
const id = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const [before, after] = [refOf(id, local), refOf(id, rowId)];

async function makeLayer({ store, sync }: OpenedStore): Promise<void> {
  await sync.saveCatalog(catalog);
  const fields = { name: 'Second look', description: '', bases: [], show_empty: true };
  const change = { kind: 'create', ref: catalogRef('version', layer), type: 0, media: home, fields } as const;
  await store.apply({ projectId: 1, media: home, label: 'history.newLayer', changes: [change] });
}

/** A server has the version from now on. */
async function arrive({ sync }: OpenedStore): Promise<void> {
  await sync.saveCatalogLists(1, {
    version: [
      {
        ...{ id: rowId, key: layer, project: 1, name: 'Second look', description: '', number: 1 },
        ...{ bases: [], showEmpty: true },
      },
    ],
  });
  await sync.revise([{ ref: catalogRef('version', layer), media: home }], () => [{ edit: null }]);
}

/** A device with an annotation that was made before its version arrived, and has moved under its row id. */
async function moved(): Promise<{ world: World; opened: OpenedStore }> {
  const world = makeWorld();
  const opened = await world.open();
  await makeLayer(opened);
  await opened.store.apply(createCommand(before));
  await arrive(opened);
  await opened.sync.enterVersion(1, { from: local, to: rowId });
  return { world, opened };
}

const shown = async ({ store }: OpenedStore) =>
  (await now(store.annotations(media, []))).map(({ ref, fields }) => ({ ref, frame: fields.frame }));

describe('the number of a version that no server has', () => {
  it('is never a row id, and the same for the same key', () => {
    expect(isLocalVersion(local)).toBe(true);
    expect([localVersion(layer), localVersion(''), localVersion('x')].every(Number.isSafeInteger)).toBe(true);
    expect(localVersion(layer)).toBe(local);
    expect(localVersion('cccccccc-cccc-4ccc-8ccc-cccccccccccd')).not.toBe(local);
  });
});

describe('an annotation in a version that no server has', () => {
  it('is in the version as soon as that has a row id, with its history', async () => {
    const opened = await makeWorld().open();
    await makeLayer(opened);
    await opened.store.apply(createCommand(before));
    await opened.store.apply(changeCommand(before, { frame: 6 }));
    await arrive(opened);
    await opened.sync.enterVersion(1, { from: local, to: rowId });
    expect(await shown(opened)).toEqual([{ ref: after, frame: 6 }]);
    await opened.store.undo(media);
    expect(await shown(opened)).toEqual([{ ref: after, frame: 5 }]);
    await opened.store.undo(media);
    expect(await shown(opened)).toEqual([]);
  });

  it('can be changed by a screen that still knows it by its old name', async () => {
    const opened = await makeWorld().open();
    await makeLayer(opened);
    await opened.store.apply(createCommand(before));
    await arrive(opened);
    // Before and after it has moved.
    await opened.store.apply(changeCommand(before, { frame: 7 }));
    await opened.sync.enterVersion(1, { from: local, to: rowId });
    await opened.store.apply(changeCommand(before, { frame: 8 }));
    await opened.store.apply(createCommand(refOf('dddddddd-dddd-4ddd-8ddd-dddddddddddd', local)));
    expect(await shown(opened)).toEqual([
      { ref: after, frame: 8 },
      { ref: refOf('dddddddd-dddd-4ddd-8ddd-dddddddddddd', rowId), frame: 5 },
    ]);
  });

  it('is in the flight recorder until a server has it, and moves once more after a lost database', async () => {
    const at = await moved();
    const { world } = at;
    let { opened } = at;
    // Where each line is in the recorder is noted some time after.
    await new Promise((resolve) => setTimeout(resolve, 600));
    await opened.sync.releaseRecorder();
    opened.store.close();
    world.indexedDB = new IDBFactory();
    opened = await world.open();
    expect(await shown(opened)).toEqual([{ ref: before, frame: 5 }]);
    await opened.sync.enterVersion(1, { from: local, to: rowId });
    const [state] = (await opened.sync.outbox(1)).filter(({ edit }) => edit?.ref.kind === 'localization');
    expect(state).toMatchObject({
      edit: { ref: after, maybeSent: true },
      attempt: { key: state?.edit?.key, state: 'in-doubt' },
    });
  });

  it('is known by the very request that it was sent with, also after a lost database', async () => {
    const at = await moved();
    const { world } = at;
    let { opened } = at;
    const batch = { key: 'request', at: 0, size: 1 };
    await opened.sync.recordRequest([
      {
        ...{ id: 'sent', key: entityKey(after), revision: 2, intent: 'create', baseMark: null },
        ...{ sent: { frame: 5 }, state: 'sent', at: 1, batch },
      },
    ]);
    opened.store.close();
    world.indexedDB = new IDBFactory();
    opened = await world.open();
    await opened.sync.enterVersion(1, { from: local, to: rowId });
    const [state] = (await opened.sync.outbox(1)).filter(({ edit }) => edit?.ref.kind === 'localization');
    expect(state?.attempt).toMatchObject({ id: 'sent', key: entityKey(after), state: 'in-doubt', batch });
  });

  it('does not fall back to what was recorded of it before it moved', async () => {
    const at = await moved();
    const { world } = at;
    let { opened } = at;
    await opened.store.apply(changeCommand(after, { frame: 9 }));
    opened.store.close();
    world.indexedDB = new IDBFactory();
    opened = await world.open();
    await opened.sync.enterVersion(1, { from: local, to: rowId });
    expect(await shown(opened)).toEqual([{ ref: after, frame: 9 }]);
  });
});

describe('a version with annotations in it', () => {
  const inUse = { name: 'StorageError', code: 'version-in-use' };
  const remove = [{ kind: 'delete', ref: catalogRef('version', layer) }] as const;
  const command = { projectId: 1, media: home, label: 'history.deleteLayer', changes: [...remove] };

  it('is not taken away: by no delete, no undo, and not by giving up its create', async () => {
    const opened = await makeWorld().open();
    const { store, sync } = opened;
    await makeLayer(opened);
    await store.apply(createCommand(before));
    expect([...(await now(store.versionsInUse(1)))]).toEqual([layer]);
    await expect(store.apply(command)).rejects.toMatchObject(inUse);
    await expect(store.undo(home)).rejects.toMatchObject(inUse);
    const place = { ref: catalogRef('version', layer), media: home };
    await sync.revise([place], ([state]) => [
      { edit: { ...state!.edit!, status: { kind: 'parked', reason: 'no', at: 1 } } },
    ]);
    await expect(store.discardParked(`version/0/${layer}`)).rejects.toMatchObject(inUse);
    expect((await now(store.catalog(1)))?.versions).toMatchObject([{ key: layer }]);
    await store.undo(media);
    expect([...(await now(store.versionsInUse(1)))]).toEqual([]);
    await store.discardParked(`version/0/${layer}`);
    expect((await now(store.catalog(1)))?.versions).toEqual([]);
  });

  it('is known by what a server told as well, until the last of it is deleted', async () => {
    const opened = await makeWorld().open();
    const { store } = opened;
    await makeLayer(opened);
    await arrive(opened);
    await serve(opened, [rowOf(after), rowOf(refOf('e', rowId), { deleted: true })]);
    await expect(store.apply(command)).rejects.toMatchObject(inUse);
    await store.apply({ ...command, media, changes: [{ kind: 'delete', ref: after }] });
    await store.apply(command);
    expect((await now(store.catalog(1)))?.versions).toEqual([]);
  });
});

describe('a label with others below it', () => {
  it('is not taken away, neither by a delete nor by an undo of its making', async () => {
    const { store, sync } = await makeWorld().open();
    await sync.saveCatalog(catalog);
    const make = (key: string, parent: string | null) => ({
      ...{ projectId: 1, media: home, label: 'history.newLabel' },
      changes: [
        {
          ...{ kind: 'create' as const, ref: catalogRef('leaf', key), type: 2, media: home },
          fields: { name: key, parent },
        },
      ],
    });
    const remove = (...keys: string[]) => ({
      ...{ projectId: 1, media: home, label: 'history.deleteLabel' },
      changes: keys.map((key) => ({ kind: 'delete' as const, ref: catalogRef('leaf', key) })),
    });
    const inUse = { name: 'StorageError', code: 'leaf-in-use' };
    await store.apply(make('fish', null));
    await sync.saveCatalogLists(1, {
      leaf: [{ id: 5, key: 'cod', type: 2, name: 'cod', parent: 'fish', path: '', attributes: {} }],
    });
    await expect(store.apply(remove('fish'))).rejects.toMatchObject(inUse);
    await expect(store.undo(home)).rejects.toMatchObject(inUse);
    await store.apply(remove('fish', 'cod'));
    expect((await now(store.catalog(1)))?.leaves).toEqual([]);
  });
});
