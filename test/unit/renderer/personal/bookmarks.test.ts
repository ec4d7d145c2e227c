import { beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../../src/contract/errors.ts';
import type { Bookmark, ProjectCatalog } from '../../../../src/domain/entity-types.ts';
import { catalogRef, entityKey } from '../../../../src/domain/identity.ts';
import { ProjectEdits } from '../../../../src/renderer/backend/project-edits.svelte.ts';
import {
  bookmarkRows,
  uriOf,
  type BookmarkedMedia,
} from '../../../../src/renderer/features/bookmarks/bookmark-rows.ts';
import { BookmarksController } from '../../../../src/renderer/features/bookmarks/bookmarks-controller.svelte.ts';
import { placeNear } from '../../../../src/renderer/features/timeline/places.ts';
import type { CatalogView } from '../../../../src/store/types.ts';
import { makeWorld, now, type World } from '../../store/support.ts';

const media = (key: string, name: string, over: Partial<BookmarkedMedia> = {}): BookmarkedMedia => ({
  ...{ key, name, serverId: null, playable: true },
  ...over,
});
const bookmark = (key: string, uri: string, name = key): Bookmark => ({ id: 1, key, name, uri });
const medias = [
  media('a', 'Dive 10', { serverId: 10 }),
  media('b', 'Dive 2', { serverId: 2 }),
  media('c', 'Raw'),
];
const rowsOf = (bookmarks: Bookmark[], server: string | null = 'https://tator.example') =>
  bookmarkRows({ bookmarks, sync: new Map(), medias, server });

describe('the list of bookmarks', () => {
  it('goes by media and frame, with those that lead elsewhere at its end', () => {
    const rows = rowsOf([
      bookmark('far', '/1/analytics'),
      bookmark('late', '/1/annotation/10?frame=100'),
      bookmark('early', '/1/annotation/10?frame=9'),
      bookmark('other', '/1/annotation/2'),
      bookmark('raw', 'tidemark:media/c?frame=4'),
    ]);
    expect(rows.map(({ key, media: at, frame }) => [key, at?.name, frame])).toEqual([
      ['other', 'Dive 2', 0],
      ['early', 'Dive 10', 9],
      ['late', 'Dive 10', 100],
      ['raw', 'Raw', 4],
      ['far', undefined, 0],
    ]);
  });

  it('takes a row id for a media only where the address is of this server', () => {
    const uri = 'https://tator.example/1/annotation/10?frame=3';
    expect(rowsOf([bookmark('x', uri)])[0]?.media?.key).toBe('a');
    expect(rowsOf([bookmark('x', uri)], 'https://hub.example')[0]?.media).toBeNull();
    expect(rowsOf([bookmark('x', uri)], null)[0]?.media).toBeNull();
    expect(rowsOf([bookmark('x', '/1/annotation/77?frame=3')])[0]?.media).toBeNull();
  });

  it('shows how each stands towards the server', () => {
    const sync = new Map([[entityKey(catalogRef('bookmark', 'x')), 'parked' as const]]);
    const bookmarks = [bookmark('x', '/1/annotation/10'), bookmark('y', '/1/annotation/10?frame=1')];
    const rows = bookmarkRows({ bookmarks, sync, medias, server: null });
    expect(rows.map((row) => row.sync)).toEqual(['parked', 'synced']);
  });

  it('names a media by its key until a server has it', () => {
    expect(uriOf(media('c', 'Raw'), { projectId: 1, frame: 4 })).toBe('tidemark:media/c?frame=4');
    expect(uriOf(medias[0]!, { projectId: 1, frame: 4 })).toBe('/1/annotation/10?frame=4');
  });
});

describe('the flags on the timeline', () => {
  const places = [
    { frame: 0, name: 'first' },
    { frame: 50, name: 'middle' },
    { frame: 51, name: 'next' },
  ];
  it('are found by the nearest pointer, not from afar', () => {
    expect(placeNear(places, { x: 101, width: 200, frames: 101 })?.name).toBe('middle');
    expect(placeNear(places, { x: 102, width: 200, frames: 101 })?.name).toBe('next');
    expect(placeNear(places, { x: 60, width: 200, frames: 101 })).toBeNull();
    expect(placeNear([], { x: 0, width: 200, frames: 101 })).toBeNull();
  });
});

const project = { id: 1, name: 'Cruise', summary: '', permission: 'Full Control' };
const empty: ProjectCatalog = {
  ...{ project, mediaTypes: [], localizationTypes: [], stateTypes: [], leafTypes: [], users: {} },
  ...{ versions: [], sections: [], leaves: [], bookmarks: [], favorites: [] },
};

describe('keeping a place', () => {
  let world: World;
  let view: CatalogView | null;
  let bookmarks: BookmarksController;
  let faults: Fault[];
  let look: () => Promise<void>;
  const place = { media: { key: 'c', serverId: null }, frame: 4, name: 'Raw 00:00.160' };

  beforeEach(async () => {
    world = makeWorld();
    const { store, sync } = await world.open();
    await sync.saveCatalog(empty);
    faults = [];
    const edits = new ProjectEdits({ store, projectId: 1, onFault: (fault) => faults.push(fault) });
    const { makeId } = world;
    const options = {
      edits,
      makeId,
      projectId: 1,
      catalog: () => view,
      medias: () => medias,
      server: () => null,
    };
    look = async () => {
      view = await now(store.catalog(1));
      // Outside of a component nothing tells a derived value that its source has changed.
      bookmarks = new BookmarksController(options);
    };
    await look();
  });

  it('asks for a name and keeps it as one step', async () => {
    bookmarks.ask(place);
    expect(bookmarks.typing).toEqual({ kind: 'new', place });
    await bookmarks.finish('Vent');
    expect(bookmarks.typing).toBeNull();
    await look();
    expect(bookmarks.rows).toMatchObject([{ name: 'Vent', frame: 4, media: { key: 'c' }, sync: 'unsynced' }]);
  });

  it('keeps nothing where the name was given up', async () => {
    bookmarks.ask(place);
    await bookmarks.finish('');
    await look();
    expect(bookmarks.rows).toEqual([]);
    expect(world.recorder.entries).toEqual([]);
  });

  it('asks for the name of the bookmark that the frame has, instead of making a second one', async () => {
    bookmarks.ask(place);
    await bookmarks.finish('Vent');
    await look();
    bookmarks.ask(place);
    expect(bookmarks.typing).toEqual({ kind: 'name', key: bookmarks.rows[0]!.key });
    await bookmarks.finish('Vent, north');
    await look();
    expect(bookmarks.rows.map(({ name }) => name)).toEqual(['Vent, north']);
    await bookmarks.remove(bookmarks.rows[0]!.key);
    await look();
    expect(bookmarks.rows).toEqual([]);
  });

  it('writes nothing where the name stayed the same', async () => {
    bookmarks.ask(place);
    await bookmarks.finish('Vent');
    await look();
    const before = world.recorder.entries.length;
    bookmarks.ask(place);
    await bookmarks.finish('Vent');
    expect(world.recorder.entries).toHaveLength(before);
  });

  it('tells where it was refused, and has changed nothing then', async () => {
    world.recorder.failWith = new Error('disk');
    bookmarks.ask(place);
    await bookmarks.finish('Vent');
    expect(faults).toMatchObject([{ code: 'disk-failed' }]);
    await look();
    expect(bookmarks.rows).toEqual([]);
  });

  it('finds bookmarks by their own name and by that of their media', async () => {
    bookmarks.ask(place);
    await bookmarks.finish('Vent');
    await look();
    bookmarks.query = 'raw';
    expect(bookmarks.found).toHaveLength(1);
    bookmarks.query = 'VEN';
    expect(bookmarks.found).toHaveLength(1);
    bookmarks.query = 'wreck';
    expect(bookmarks.found).toEqual([]);
  });
});
