import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import type { Project, ProjectCatalog } from '../../../src/domain/entity-types.ts';
import { createCommand, makeWorld, now, refOf } from './support.ts';

const project = (id: number, name = `Cruise ${id}`) => ({ id, name }) as Project;
const catalogOf = (of: Project, leaves: string[] = []) =>
  ({ project: of, leaves: leaves.map((name, id) => ({ id, name })) }) as unknown as ProjectCatalog;

async function copied(log: { entries: unknown[] }, lines: number): Promise<void> {
  await expect.poll(() => log.entries.length).toBeGreaterThanOrEqual(lines);
}

describe('the second copy of projects and catalogs', () => {
  it('lets the user go on without a server after the database was lost', async () => {
    const world = makeWorld();
    const opened = await world.open();
    const { store, sync } = opened;
    await sync.saveProjects([project(1), project(2)]);
    await sync.saveCatalog(catalogOf(project(1), ['Cod']));
    await sync.saveCatalog(catalogOf(project(2)));
    await store.apply(createCommand(refOf('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa')));
    await copied(world.outlineLog, 3);
    await expect.poll(() => world.outlineLog.entries.at(-1)?.body).toContain('"id":2');
    opened.close();
    world.indexedDB = new IDBFactory();
    const again = await world.open();
    expect((await now(again.store.projects())).map(({ name }) => name)).toEqual(['Cruise 1', 'Cruise 2']);
    expect((await now(again.store.catalog(1)))?.leaves).toMatchObject([{ name: 'Cod' }]);
  });

  it('is written again only when something has changed', async () => {
    const world = makeWorld();
    const { sync } = await world.open();
    const save = async (catalog: ProjectCatalog): Promise<void> => {
      await sync.saveProjects([project(1)]);
      await sync.saveCatalog(catalog);
    };
    await save(catalogOf(project(1)));
    await copied(world.outlineLog, 2);
    const first = world.outlineLog.entries.at(-1)?.seq;
    await save(catalogOf(project(1)));
    await save(catalogOf(project(1), ['Cod']));
    await expect.poll(() => world.outlineLog.entries.at(-1)?.body).toContain('Cod');
    expect(world.outlineLog.entries.at(-1)?.seq).toBe((first ?? 0) + 2);
  });

  it('holds nothing of a project that the user may not see any more', async () => {
    const world = makeWorld();
    const opened = await world.open();
    const { sync } = opened;
    await sync.saveProjects([project(1), project(2)]);
    await sync.saveCatalog(catalogOf(project(1)));
    await sync.saveProjects([project(2)]);
    await sync.saveCatalog(catalogOf(project(2)));
    await expect
      .poll(() => world.outlineLog.entries.map(({ body }) => body).join())
      .not.toContain('Cruise 1');
    opened.close();
    world.indexedDB = new IDBFactory();
    const again = await world.open();
    expect((await now(again.store.projects())).map(({ id }) => id)).toEqual([2]);
  });

  it('does not stop the engine where it cannot be written, and is made up for later', async () => {
    const world = makeWorld();
    const { sync } = await world.open();
    world.outlineLog.failWith = new Error('no space');
    await sync.saveProjects([project(1)]);
    await sync.saveCatalog(catalogOf(project(1)));
    world.outlineLog.failWith = null;
    await expect
      .poll(async () => {
        await sync.saveCatalog(catalogOf(project(1)));
        return world.outlineLog.entries.length;
      })
      .toBe(2);
  });

  it('never replaces what the database knows, and passes over lines that nobody can read', async () => {
    const world = makeWorld();
    await world.outlineLog.append([
      '{"v":1,"kind":"projects"',
      'null',
      '{"v":2,"kind":"projects","projects":[]}',
    ]);
    const opened = await world.open();
    const { store, sync } = opened;
    expect(await now(store.projects())).toEqual([]);
    await sync.saveProjects([project(3)]);
    opened.close();
    await world.outlineLog.append([JSON.stringify({ v: 1, kind: 'projects', projects: [project(9)] })]);
    const again = await world.open();
    expect((await now(again.store.projects())).map(({ id }) => id)).toEqual([3]);
  });
});
