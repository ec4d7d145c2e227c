import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TatorClient } from '../../src/api/client.ts';
import { FieldLaptop } from '../support/field-laptop.ts';
import { eventually } from '../support/host.ts';
import { EditorScreen, LibraryScreen, StatusBar } from '../support/screens.ts';
import { diveClip, sampleClip } from '../support/shared-data.ts';

/*
 * The main job, as a user does it, in a real Chromium over the built app, the real hub with its own
 * PostgreSQL, and a real dive clip. One laptop lives through all steps; each step needs the one before.
 */

const real = diveClip();
if (real === null)
  console.log('The real dive clip is not here: the main job runs on the sample clip, the rest is skipped.');
const clip = real ?? sampleClip();
const clipName = basename(clip);
const frames = real === null ? 270 : 32;

interface Mark {
  id: number;
  mark: number;
  elemental_id: string;
  frame: number;
  variant_deleted: boolean;
  x: number;
  y: number;
  width: number;
  height: number;
  attributes: Record<string, unknown>;
}

interface MediaRow {
  id: number;
  name: string;
  num_frames: number;
  fps: number;
  width: number;
  height: number;
  media_files: Record<string, { path: string; segment_info?: string; resolution?: number[] }[]>;
}

const screens = join(import.meta.dirname, '..', '..', 'test-results', 'screens');

let laptop: FieldLaptop;
let library: LibraryScreen;
let editor: EditorScreen;
let status: StatusBar;
/** Another person, over plain REST. */
let other: TatorClient;
let project: number;
let media: MediaRow;

function takeScreens(): void {
  library = new LibraryScreen(laptop.page);
  editor = new EditorScreen(laptop.page);
  status = new StatusBar(laptop.page);
}

const picture = (name: string): Promise<unknown> =>
  laptop.page.screenshot({ path: join(screens, `${name}.png`) });

/** What the server holds: all marks of the clip's annotations, tombstones too. */
async function marksOnServer(): Promise<Mark[]> {
  return (await other.call('get_localization_list', {
    project,
    media_id: [media.id],
    show_all_marks: 1,
    show_deleted: 1,
  })) as Mark[];
}

/** The current mark of each annotation that is not deleted. */
async function visibleOnServer(): Promise<Mark[]> {
  return (await other.call('get_localization_list', { project, media_id: [media.id] })) as Mark[];
}

async function waitForServer(what: string, holds: (rows: Mark[]) => boolean): Promise<Mark[]> {
  return eventually(
    async () => {
      const rows = await visibleOnServer();
      return holds(rows) ? rows : undefined;
    },
    { what, patience: 30_000 },
  );
}

async function restart(): Promise<void> {
  await laptop.start();
  takeScreens();
  await library.shown();
}

beforeAll(async () => {
  await mkdir(screens, { recursive: true });
  laptop = await FieldLaptop.new();
  takeScreens();
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await picture('failed').catch(() => undefined);
});

afterAll(async () => {
  await laptop.remove();
});

describe('the main job', () => {
  it('opens on the sample project of the built-in server', async () => {
    await library.shown();
    await laptop.page.getByText('Drop a dive video here').waitFor();
    await status.says('Online to built-in server');
    await picture('library-empty');
    other = await laptop.rest('annotator');
    const projects = (await other.call('get_project_list', {})) as { id: number; name: string }[];
    expect(projects.map(({ name }) => name)).toEqual(['Sample dives']);
    project = projects[0]!.id;
  });

  it('takes the dropped clip through every step to streaming files on the server', async () => {
    await library.add([clip]);
    await library.card(clipName).waitFor({ timeout: 30_000 });
    await library.ready(clipName);
    await picture('library');
    const list = (await other.call('get_media_list', { project })) as MediaRow[];
    expect(list.map(({ name }) => name)).toEqual([clipName]);
    media = list[0]!;
    expect(media.num_frames).toBe(frames);
    const { streaming, archival, thumbnail, thumbnail_gif: animated, audio } = media.media_files;
    expect(streaming!.every((file) => file.segment_info !== undefined)).toBe(true);
    expect(streaming!.map((file) => file.resolution?.[0])).toContain(media.height);
    expect([archival?.length, thumbnail?.length, animated?.length]).toEqual([1, 1, 1]);
    if (real !== null) expect(audio?.length).toBe(1);
    const shown = laptop.page.getByRole('article', { name: clipName }).locator('img');
    expect(await shown.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
  });

  it('opens the clip at its first picture and steps frame by frame', async () => {
    await library.open(clipName);
    for (const frame of [1, 2, 3]) {
      await editor.press('ArrowRight');
      await editor.atFrame(frame);
    }
    await editor.press('ArrowLeft');
    await editor.atFrame(2);
    await editor.press('End');
    await editor.atFrame(frames - 1);
    await editor.goTo(5);
  });

  it('draws a box, labels it from the taxonomy and says Saved', async () => {
    await editor.drawBox({ x: 0.4, y: 0.3 }, { x: 0.6, y: 0.5 });
    await editor.counted(1);
    await editor.chooseSpecies('bathochor', 'Bathochordaeus');
    await editor.setText('Comment', 'first of the dive');
    expect(await editor.species()).toBe('Bathochordaeus');
    await picture('editor-dark');
    const [row] = await waitForServer(
      'the labelled box on the server',
      (rows) => rows.length === 1 && rows[0]!.attributes.Comment === 'first of the dive',
    );
    expect(row!.frame).toBe(5);
    expect(row!.attributes.Species).toBe('Bathochordaeus');
    expect([row!.x, row!.y, row!.width, row!.height].map((n) => Math.round(n * 50) / 50)).toEqual([
      0.4, 0.3, 0.2, 0.2,
    ]);
  });

  it('moves, resizes, deletes, undoes and redoes', async () => {
    await editor.press('v');
    const drawn = await editor.position();
    await editor.drag({ x: 0.5, y: 0.4 }, { x: 0.55, y: 0.45 });
    await expect.poll(() => editor.position()).not.toBe(drawn);
    await editor.saved();
    const moved = await editor.position();
    await editor.drag({ x: 0.65, y: 0.55 }, { x: 0.75, y: 0.65 });
    await expect.poll(() => editor.position()).not.toBe(moved);
    const resized = await editor.position();
    await editor.press('Control+z');
    await expect.poll(() => editor.position()).toBe(moved);
    await editor.press('Control+z');
    await expect.poll(() => editor.position()).toBe(drawn);
    await editor.press('Control+y');
    await editor.press('Control+y');
    await expect.poll(() => editor.position()).toBe(resized);
    await editor.press('Delete');
    await editor.counted(0);
    await editor.press('Control+z');
    await editor.counted(1);
    await status.says('All changes synced', 60_000);
    const rows = await waitForServer('the restored box on the server', (list) => list.length === 1);
    expect(rows[0]!.attributes.Comment).toBe('first of the dive');
  });

  it('goes on without the server, and keeps every saved edit over a kill of everything', async () => {
    await status.workOffline(true);
    await status.says('Working offline');
    await editor.drawBox({ x: 0.1, y: 0.1 }, { x: 0.2, y: 0.2 });
    await editor.setText('Comment', 'offline one');
    await editor.goTo(7);
    await editor.drawBox({ x: 0.7, y: 0.1 }, { x: 0.8, y: 0.2 });
    await editor.setText('Comment', 'offline two');
    await status.says('2 unsynced');
    await picture('editor-offline');
    await laptop.killAll();

    await restart();
    await status.says('Working offline');
    await status.says('2 unsynced');
    await library.open(clipName);
    await editor.counted(3);
    // Undo still works: it takes back the last comment, then brings it again.
    await editor.goTo(7);
    await editor.click({ x: 0.75, y: 0.15 });
    await expect.poll(() => editor.field('Comment').inputValue()).toBe('offline two');
    await editor.stage().focus();
    await editor.press('Control+z');
    await expect.poll(() => editor.field('Comment').inputValue()).toBe('');
    await editor.press('Control+y');
    await expect.poll(() => editor.field('Comment').inputValue()).toBe('offline two');
    await editor.saved();
  });

  it('also goes on when the hub is really killed', async () => {
    await status.workOffline(false);
    await status.says('All changes synced', 60_000);
    await status.workOffline(true);
    laptop.killHub();
    await editor.goTo(9);
    await editor.drawBox({ x: 0.3, y: 0.6 }, { x: 0.4, y: 0.7 });
    await editor.setText('Comment', 'hub dead');
    await status.says('1 unsynced');
  });

  it('puts each edit on the server exactly once, over a second kill in the middle of the push', async () => {
    for (let i = 0; i < 12; i++) {
      const x = 0.05 + (i % 6) * 0.15;
      await editor.drawBox({ x, y: i < 6 ? 0.75 : 0.87 }, { x: x + 0.08, y: (i < 6 ? 0.75 : 0.87) + 0.06 });
    }
    await status.says('13 unsynced');
    await laptop.hubUrl();
    await status.workOffline(false);
    await laptop.killAll();

    await restart();
    await status.says('Online to built-in server', 90_000);
    await status.says('All changes synced', 90_000);
    other = await laptop.rest('annotator');
    const rows = await waitForServer('16 annotations on the server', (list) => list.length === 16);
    expect(new Set(rows.map((row) => row.elemental_id)).size).toBe(16);
    const creates = (await marksOnServer()).filter((row) => row.mark === 0);
    expect(creates.length).toBe(16);
    expect(rows.filter((row) => row.frame === 9).length).toBe(13);
  });

  it('shows an edit that was made on the server through plain REST', async () => {
    await library.open(clipName);
    await editor.goTo(7);
    await editor.click({ x: 0.75, y: 0.15 });
    const row = (await visibleOnServer()).find(({ attributes }) => attributes.Comment === 'offline two')!;
    await other.call('update_localization', {
      id: row.id,
      body: { attributes: { Comment: 'seen by another' } },
    });
    await expect
      .poll(() => editor.field('Comment').inputValue(), { timeout: 30_000 })
      .toBe('seen by another');
  });

  it('merges edits of different fields silently', async () => {
    await status.workOffline(true);
    await editor.setText('Count', '7');
    const row = (await visibleOnServer()).find(({ attributes }) => attributes.Comment === 'seen by another')!;
    await other.call('update_localization', { id: row.id, body: { attributes: { Comment: 'theirs' } } });
    await status.workOffline(false);
    await waitForServer('both changes', (rows) =>
      rows.some(({ attributes }) => attributes.Comment === 'theirs' && attributes.Count === 7),
    );
    await expect.poll(() => editor.field('Comment').inputValue(), { timeout: 30_000 }).toBe('theirs');
    await status.says('All changes synced', 60_000);
  });

  it('lists an edit of the same field on both sides as a conflict with one-click choices', async () => {
    await status.workOffline(true);
    await editor.setText('Comment', 'my word');
    const row = (await visibleOnServer()).find(({ attributes }) => attributes.Comment === 'theirs')!;
    await other.call('update_localization', { id: row.id, body: { attributes: { Comment: 'their word' } } });
    await status.workOffline(false);
    await status.says('1 conflict', 60_000);
    const panel = await status.openSync('Conflicts');
    await panel.getByText('my word').first().waitFor();
    await panel.getByText('their word').first().waitFor();
    await picture('conflict');
    await panel.getByRole('button', { name: 'Take theirs' }).click();
    await expect.poll(() => editor.field('Comment').inputValue(), { timeout: 30_000 }).toBe('their word');
    await status.closeSync();
    await status.says('All changes synced', 60_000);
    await waitForServer('their word on the server', (rows) =>
      rows.some(({ attributes }) => attributes.Comment === 'their word' && attributes.Count === 7),
    );
  });

  it('looks finished in both themes and sizes', async () => {
    for (const [width, height] of [
      [1280, 800],
      [1920, 1080],
    ] as const) {
      await laptop.page.setViewportSize({ width, height });
      for (const colorScheme of ['dark', 'light'] as const) {
        await laptop.page.emulateMedia({ colorScheme });
        await laptop.page.waitForTimeout(400);
        await picture(`editor-${colorScheme}-${width}`);
      }
    }
    await editor.back();
    for (const colorScheme of ['dark', 'light'] as const) {
      await laptop.page.emulateMedia({ colorScheme });
      await laptop.page.waitForTimeout(400);
      await picture(`library-${colorScheme}-1920`);
    }
    // No horizontal scrolling at either size.
    expect(await laptop.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(
      true,
    );
  });

  it('had no uncaught error on any page', () => {
    expect(laptop.pageErrors).toEqual([]);
  });
});
