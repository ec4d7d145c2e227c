import { describe, expect, it } from 'vitest';
import type { Bookmark, ProjectCatalog } from '../../../src/domain/entity-types.ts';
import { catalogRef, entityKey, projectHome } from '../../../src/domain/identity.ts';
import { makeWorld, now } from './support.ts';

const project = { id: 1, name: 'Cruise', summary: '', permission: 'Full Control' };
const empty: ProjectCatalog = {
  ...{ project, mediaTypes: [], localizationTypes: [], stateTypes: [], leafTypes: [], users: {} },
  ...{ versions: [], sections: [], leaves: [], bookmarks: [], favorites: [] },
};
const bookmark = (id: number, name: string, key = `id:${id}`): Bookmark => ({ id, key, name, uri: '/1' });

describe('what a project holds beside its medias', () => {
  it('is shown whole where an older program stored it', async () => {
    const { store, sync } = await makeWorld().open();
    const older = {
      project,
      sections: [{ id: 5, project: 1, name: 'Dive 7', path: 'Dive_7', dtype: 'folder' }],
      versions: [{ id: 3, project: 1, name: 'Baseline', description: '', number: 0, bases: [] }],
      leaves: [{ id: 9, type: 2, name: 'Cod', parent: 8, path: '', attributes: {} }],
    } as unknown as ProjectCatalog;
    await sync.saveCatalog(older);
    const view = await now(store.catalog(1));
    expect(view?.sections).toMatchObject([{ key: 'id:5', visible: true }]);
    expect(view?.versions).toMatchObject([{ key: 'id:3', showEmpty: true }]);
    expect(view?.leaves).toMatchObject([{ key: 'id:9', parent: 'id:8' }]);
    expect(view?.bookmarks).toEqual([]);
  });

  it('keeps the key that it was made under, however often it is listed', async () => {
    const { store, sync } = await makeWorld().open();
    await sync.saveCatalog(empty);
    await sync.saveCatalogLists(1, { bookmark: [bookmark(12, 'Vent')] });
    const [row] = await sync.catalogRows(1, 'bookmark');
    await sync.enterCatalogRow(1, { ...row!, ref: catalogRef('bookmark', 'made-here') });
    await sync.saveCatalogLists(1, { bookmark: [bookmark(12, 'Vent'), bookmark(13, 'Wreck')] });
    await sync.saveCatalog({ ...empty, bookmarks: [bookmark(12, 'Vent'), bookmark(13, 'Wreck')] });
    expect((await now(store.catalog(1)))?.bookmarks.map(({ key }) => key)).toEqual(['made-here', 'id:13']);
  });

  it('shows the user his own work in it, and how that stands', async () => {
    const { store, sync } = await makeWorld().open();
    await sync.saveCatalog({ ...empty, bookmarks: [bookmark(12, 'Vent'), bookmark(13, 'Wreck')] });
    const media = projectHome(1);
    await store.apply({
      projectId: 1,
      media,
      label: 'history.catalog',
      changes: [
        { kind: 'change', ref: catalogRef('bookmark', 'id:12'), fields: { name: 'Old vent' } },
        { kind: 'delete', ref: catalogRef('bookmark', 'id:13') },
        {
          kind: 'create',
          ref: catalogRef('leaf', 'l'),
          type: 2,
          media,
          fields: { name: 'Cod', parent: null },
        },
      ],
    });
    const view = await now(store.catalog(1));
    expect(view?.bookmarks).toMatchObject([{ id: 12, name: 'Old vent', uri: '/1' }]);
    expect(view?.leaves).toMatchObject([{ id: 0, key: 'l', name: 'Cod' }]);
    expect(view?.sync.get(entityKey(catalogRef('leaf', 'l')))).toBe('unsynced');
    await store.undo(media);
    const before = await now(store.catalog(1));
    expect(before?.bookmarks.map(({ name }) => name)).toEqual(['Vent', 'Wreck']);
    expect(before?.leaves).toEqual([]);
    expect(before?.sync.size).toBe(0);
  });
});
