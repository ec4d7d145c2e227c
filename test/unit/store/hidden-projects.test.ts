import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import type { Project } from '../../../src/domain/entity-types.ts';
import { createCommand, makeWorld, now, refOf } from './support.ts';

const project = (id: number) => ({ id, name: `Cruise ${id}`, permission: 'Full Control' }) as Project;
const ref = refOf('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa');
const { projectId } = createCommand(ref);

describe('a project that the server does not list any more', () => {
  it('is hidden with the number of edits that wait in it, and is back as it was when it is listed again', async () => {
    const { store, sync } = await makeWorld().open();
    await sync.saveProjects([project(projectId), project(8)]);
    await store.apply(createCommand(ref));
    await sync.saveProjects([project(8)]);
    expect((await now(store.projects())).map(({ id }) => id)).toEqual([8]);
    const hidden = await now(store.hiddenProjects());
    expect(hidden).toMatchObject([{ id: projectId, name: `Cruise ${projectId}`, unsynced: 1 }]);
    expect(hidden[0]!.since).toBeGreaterThan(0);
    expect(await sync.projectIds()).toContain(projectId);
    expect(await sync.outbox(projectId)).toHaveLength(1);
    await sync.saveProjects([project(8)]);
    expect(await now(store.hiddenProjects())).toEqual(hidden);
    await sync.saveProjects([project(projectId), project(8)]);
    expect(await now(store.hiddenProjects())).toEqual([]);
    expect(await now(store.projects())).toContainEqual(project(projectId));
  });

  it('is told of also when a lost database took its name along', async () => {
    const world = makeWorld();
    const first = await world.open();
    await first.sync.saveProjects([project(projectId), project(8)]);
    await first.store.apply(createCommand(ref));
    first.close();
    world.indexedDB = new IDBFactory();
    const { store, sync } = await world.open();
    expect(await now(store.hiddenProjects())).toEqual([]);
    await sync.saveProjects([project(8)]);
    expect(await now(store.hiddenProjects())).toEqual([
      { id: projectId, name: '', since: null, unsynced: 1 },
    ]);
  });
});

describe('an edit that waits for a permission', () => {
  it('counts as unsynced and is tried again when the user says so', async () => {
    const { store, sync } = await makeWorld().open();
    await store.apply(createCommand(ref));
    const waiting = { kind: 'waiting', reason: 'Permission denied', at: 5 } as const;
    const [place] = await sync.outbox(projectId);
    const { media, key } = place!.edit!;
    await sync.revise([{ ref, media }], (states) =>
      states.map(({ edit }) => ({ edit: { ...edit!, status: waiting } })),
    );
    expect(await now(store.counts())).toMatchObject({ unsynced: 1, parked: 0 });
    await store.discardParked(key);
    expect((await now(store.outbox()))[0]).toMatchObject({ status: waiting });
    await store.retryParked(key);
    expect((await now(store.outbox()))[0]).toMatchObject({ status: { kind: 'pending' } });
  });
});
