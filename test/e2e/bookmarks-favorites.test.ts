import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TatorClient } from '../../src/api/client.ts';
import { FieldLaptop } from '../support/field-laptop.ts';
import { eventually } from '../support/host.ts';
import { BookmarksScreen, FavoritesScreen } from '../support/personal-screens.ts';
import { EditorScreen, LibraryScreen, StatusBar } from '../support/screens.ts';
import { sampleClip } from '../support/shared-data.ts';

/* A user's own places and values, kept at sea and found again on the server. Each step needs the one before. */

const screens = join(import.meta.dirname, '..', '..', 'test-results', 'screens');
const clip = basename(sampleClip());

interface BookmarkJson {
  id: number;
  name: string;
  uri: string;
}

interface FavoriteJson {
  id: number;
  name: string;
  type: number;
  values: Record<string, unknown>;
  entity_type_name: string;
}

let laptop: FieldLaptop;
let library: LibraryScreen;
let editor: EditorScreen;
let status: StatusBar;
let bookmarks: BookmarksScreen;
let favorites: FavoritesScreen;
/** The same user, over plain REST. */
let server: TatorClient;
let project: number;

/** Asks until it holds. */
const until = (what: string, holds: () => Promise<boolean>): Promise<unknown> =>
  eventually(async () => ((await holds()) ? true : undefined), { what, patience: 120_000 });

const bookmarksThere = async (): Promise<BookmarkJson[]> =>
  (await server.call('get_bookmark_list', { project })) as BookmarkJson[];
const favoritesThere = async (): Promise<FavoriteJson[]> =>
  (await server.call('get_favorite_list', { project })) as FavoriteJson[];
const namesThere = async (): Promise<string[]> => (await bookmarksThere()).map(({ name }) => name);

async function pictures(name: string): Promise<void> {
  for (const [theme, width, height] of [
    ['light', 1280, 800],
    ['dark', 1920, 1080],
    ['dark', 1280, 800],
  ] as const) {
    await laptop.page.emulateMedia({ colorScheme: theme });
    await laptop.page.setViewportSize({ width, height });
    await laptop.page.screenshot({ path: join(screens, `${name}-${theme}-${width}.png`) });
  }
}

beforeAll(async () => {
  await mkdir(screens, { recursive: true });
  laptop = await FieldLaptop.new();
  library = new LibraryScreen(laptop.page);
  editor = new EditorScreen(laptop.page);
  status = new StatusBar(laptop.page);
  bookmarks = new BookmarksScreen(laptop.page);
  favorites = new FavoritesScreen(laptop.page);
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail')
    await laptop.page.screenshot({ path: join(screens, 'failed-personal.png') }).catch(() => undefined);
});

afterAll(async () => {
  await laptop.remove();
});

describe('bookmarks and favorites', () => {
  it('keep a frame of a media that no server has, under a name that can be changed and taken back', async () => {
    await library.shown();
    server = await laptop.rest('admin');
    project = ((await server.call('get_project_list', {})) as { id: number }[])[0]!.id;
    await status.workOffline(true);
    await library.add([sampleClip()]);
    await library.open(clip);
    await editor.goTo(12);
    await bookmarks.openTab();
    await pictures('bookmarks-empty');
    const offered = await bookmarks.keep(undefined, () => pictures('bookmarks-name'));
    expect(offered).toMatch(new RegExp(`^${clip} 00:0\\d\\.\\d{3}$`));
    await editor.goTo(20);
    await bookmarks.keep('Vent field');
    await bookmarks.row('Vent field').waitFor();
    await bookmarks.item('Vent field').getByLabel('Saved on this device').waitFor();
    await bookmarks.rename('Vent field', 'Vent field, north');
    await editor.press('Control+z');
    await bookmarks.row('Vent field').waitFor();
    await editor.press('Control+y');
    await bookmarks.row('Vent field, north').waitFor();
    await editor.goTo(3);
    await bookmarks.row('Vent field, north').click();
    await editor.atFrame(20);
    expect(await namesThere()).toEqual([]);
  }, 300_000);

  it('save the values of one annotation and give them to another by one key, as one step', async () => {
    await editor.drawBox({ x: 0.2, y: 0.2 }, { x: 0.4, y: 0.5 });
    await editor.chooseSpecies('sebas', 'Sebastes');
    await editor.setText('Count', '3');
    await editor.setText('Comment', 'beside the vent');
    await favorites.save('Rockfish', ['Comment'], () => pictures('favorite-dialog'));
    await editor.drawBox({ x: 0.5, y: 0.5 }, { x: 0.7, y: 0.8 });
    expect(await editor.species()).toBe('');
    await editor.stage().focus();
    await editor.press('1');
    await until('the species', async () => (await editor.species()) === 'Sebastes');
    await until('the count', async () => (await editor.field('Count').inputValue()) === '3');
    expect(await editor.field('Comment').inputValue()).toBe('');
    await editor.press('Control+z');
    await until('the undo of both', async () => (await editor.species()) === '');
    expect(await editor.field('Count').inputValue()).toBe('1');
    await editor.press('Control+y');
    await until('the redo', async () => (await editor.species()) === 'Sebastes');
    await pictures('favorites');

    await favorites.choose('Rockfish', 'Use for new ones');
    await laptop.page.getByText('New ones get: Rockfish').waitFor();
    await editor.drawBox({ x: 0.75, y: 0.1 }, { x: 0.9, y: 0.3 });
    await until('the values of the new one', async () => (await editor.species()) === 'Sebastes');
    await favorites.rename('Rockfish', 'Rockfish, three');
  }, 180_000);

  it('reach the server, the place by the number that the media has there', async () => {
    expect([await bookmarksThere(), await favoritesThere()]).toEqual([[], []]);
    await status.workOffline(false);
    await until(
      'both bookmarks on the server',
      async () => (await namesThere()).includes('Vent field, north') && (await namesThere()).length === 2,
    );
    const [media] = (await server.call('get_media_list', { project })) as { id: number }[];
    const vent = (await bookmarksThere()).find(({ name }) => name === 'Vent field, north')!;
    expect(vent.uri).toBe(`/${project}/annotation/${media!.id}?frame=20`);
    await until('the favorite on the server', async () => (await favoritesThere()).length === 1);
    expect(await favoritesThere()).toMatchObject([
      {
        name: 'Rockfish, three',
        entity_type_name: 'Localization',
        values: { Species: 'Sebastes', Count: 3 },
      },
    ]);
    expect((await favoritesThere())[0]!.values).not.toHaveProperty('Comment');
    await until('three labelled boxes', async () => {
      const rows = (await server.call('get_localization_list', { project })) as {
        attributes: Record<string, unknown>;
      }[];
      return rows.filter(({ attributes }) => attributes.Species === 'Sebastes').length === 3;
    });
    await bookmarks.openTab();
    await bookmarks.item('Vent field, north').getByLabel('On the server').waitFor({ timeout: 60_000 });
  }, 300_000);

  it('show those of the web application, and say which of them lead elsewhere', async () => {
    const [media] = (await server.call('get_media_list', { project })) as { id: number }[];
    const make = (name: string, uri: string): Promise<unknown> =>
      server.call('create_bookmark', { project, body: { name, uri } });
    await make('From the web', `/${project}/annotation/${media!.id}?frame=7&lock=1`);
    await make('Behind the end', `/${project}/annotation/${media!.id}?frame=9000`);
    await make('Analytics', `/${project}/analytics`);
    await bookmarks.row('Analytics').waitFor({ timeout: 120_000 });
    await bookmarks.row('Behind the end').click();
    await laptop.page.getByText('names frame 9000, but this media ends at frame 269').waitFor();
    await editor.atFrame(269);
    await bookmarks.row('From the web').click();
    await editor.atFrame(7);
    expect(await laptop.page.getByText('names frame 9000').count()).toBe(0);
    await pictures('bookmarks');
    await bookmarks.row('Analytics').click();
    await laptop.page.getByText('This bookmark leads elsewhere').waitFor();
  }, 180_000);

  it('are reached from the library, and deleted and taken back there', async () => {
    await editor.back();
    await library.shown();
    await bookmarks.openPanel();
    await bookmarks.row('From the web').waitFor();
    await pictures('bookmarks-library');
    await bookmarks.choose('From the web', 'Delete');
    await until('the delete on the server', async () => !(await namesThere()).includes('From the web'));
    await laptop.page.keyboard.press('Control+z');
    await until('the bookmark again', async () => (await namesThere()).includes('From the web'));
    await bookmarks.row('Vent field, north').click();
    await editor.atFrame(20);
    await favorites.page.getByRole('tab', { name: /^Selected/ }).click();
    await favorites.choose('Rockfish, three', 'Delete');
    await until('the favorite gone', async () => (await favoritesThere()).length === 0);
    await editor.press('Control+z');
    await until('the favorite again', async () => (await favoritesThere()).length === 1);
  }, 300_000);

  it('lead to the library where their media is not on this device', async () => {
    await editor.back();
    await library.ready(clip);
    await laptop.page.getByRole('button', { name: `Remove ${clip} from this device` }).click();
    const dialog = laptop.page.getByRole('dialog', { name: `Remove ${clip} from this device?` });
    await dialog.getByRole('button', { name: 'Remove from this device' }).click();
    await library.card(clip).getByText('On the server only').waitFor();
    await bookmarks.row('Vent field, north').click();
    await laptop.page.getByText(`${clip} is not on this device`).waitFor();
    expect(await laptop.page.getByLabel('Search media by name').inputValue()).toBe(clip);
    expect(laptop.pageErrors).toEqual([]);
  }, 120_000);
});
