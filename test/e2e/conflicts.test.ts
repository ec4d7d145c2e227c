import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TatorClient } from '../../src/api/client.ts';
import { FieldLaptop } from '../support/field-laptop.ts';
import { eventually } from '../support/host.ts';
import { EditorScreen, LibraryScreen, StatusBar } from '../support/screens.ts';
import { sampleClip } from '../support/shared-data.ts';

/*
 * Two people change the same boxes: one in the app, offline, the other over plain REST. Then the one in
 * the app loses the permission. Each step needs the one before.
 */

const clipName = 'dive.mp4';
const screens = join(import.meta.dirname, '..', '..', 'test-results', 'screens');

interface Row {
  id: number;
  frame: number;
  x: number;
  elemental_id: string;
  attributes: Record<string, unknown>;
}

interface Membership {
  id: number;
  user: number;
  username: string;
}

let laptop: FieldLaptop;
let library: LibraryScreen;
let editor: EditorScreen;
let status: StatusBar;
let other: TatorClient;
let project: number;
let panel: Locator;

const boxes = async (): Promise<Row[]> => (await other.call('get_localization_list', { project })) as Row[];
const boxOf = async (comment: string): Promise<Row> =>
  (await boxes()).find(({ attributes }) => attributes.Comment === comment)!;
const comments = async (): Promise<unknown[]> =>
  (await boxes()).map(({ attributes }) => attributes.Comment).sort();

/** The screen in both themes and sizes. */
async function pictures(name: string): Promise<void> {
  const { page } = laptop;
  for (const [width, height] of [
    [1280, 800],
    [1920, 1080],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(screens, `${name}-${colorScheme}-${width}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function comment(at: { x: number; y: number }, text: string): Promise<void> {
  await editor.stage().focus();
  await editor.press('v');
  await editor.click(at);
  await editor.setText('Comment', text);
}

beforeAll(async () => {
  await mkdir(screens, { recursive: true });
  laptop = await FieldLaptop.new();
  library = new LibraryScreen(laptop.page);
  editor = new EditorScreen(laptop.page);
  status = new StatusBar(laptop.page);
  await library.shown();
  const admin = await laptop.rest('admin');
  other = await laptop.rest('annotator');
  project = ((await other.call('get_project_list', {})) as { id: number }[])[0]!.id;
  const members = (await admin.call('get_membership_list', { project })) as Membership[];
  const theirs = members.find(({ username }) => username === 'annotator')!;
  await admin.call('update_membership', { id: theirs.id, body: { permission: 'Full Control' } });
  await library.add([sampleClip()]);
  await library.ready(clipName);
  await library.open(clipName);
  await editor.goTo(5);
  for (const [i, x] of [0.1, 0.3, 0.5, 0.7].entries()) {
    await editor.drawBox({ x, y: 0.3 }, { x: x + 0.12, y: 0.5 });
    await editor.setText('Comment', `box ${i}`);
  }
  await status.says('All changes synced', 60_000);
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail')
    await laptop.page.screenshot({ path: join(screens, 'conflicts-failed.png') }).catch(() => undefined);
});

afterAll(async () => {
  await laptop.remove();
});

describe('the conflicts of two people', () => {
  it('are listed with the frame itself, both values, and who gave them when', async () => {
    await status.workOffline(true);
    await comment({ x: 0.16, y: 0.4 }, 'mine 0');
    await comment({ x: 0.36, y: 0.4 }, 'mine 1');
    await comment({ x: 0.56, y: 0.4 }, 'mine 2');
    await editor.drag({ x: 0.76, y: 0.4 }, { x: 0.8, y: 0.5 });
    await editor.saved();
    for (const i of [0, 1]) {
      const { id } = await boxOf(`box ${i}`);
      await other.call('update_localization', { id, body: { attributes: { Comment: `theirs ${i}` } } });
    }
    await other.call('delete_localization', { id: (await boxOf('box 2')).id });
    await other.call('update_localization', { id: (await boxOf('box 3')).id, body: { x: 0.6 } });
    await status.workOffline(false);
    await status.says('4 conflicts', 60_000);
    panel = await status.openSync('Conflicts');
    const cards = panel.locator('[data-conflict]');
    expect(await cards.count()).toBe(4);
    await expect.poll(() => panel.locator('svg[data-backdrop="still"]').count(), { timeout: 60_000 }).toBe(4);
    await panel.getByText('mine 0').waitFor();
    await panel.getByText('theirs 0').waitFor();
    expect(await panel.getByText(/^You \(/).count()).toBe(4);
    expect(
      await panel
        .locator('.theirs')
        .getByText(/^annotator, /)
        .count(),
    ).toBe(4);
    expect(
      await panel
        .locator('.base')
        .getByText(/^admin, /)
        .count(),
    ).toBe(3);
    await pictures('conflicts');
  });

  it('leave the work as it is: no dialog, and the picture goes on', async () => {
    expect(await laptop.page.getByRole('dialog').count()).toBe(0);
    await editor.goTo(6);
    await editor.goTo(5);
  });

  it('are settled with the keys, all alike in one answer, which can be taken back', async () => {
    const card = panel.locator('[data-conflict]').filter({ hasText: 'mine 0' });
    await card.focus();
    await editor.press('a');
    await editor.press('t');
    await panel.getByText('2 conflicts settled').waitFor();
    expect(await panel.locator('[data-conflict]').count()).toBe(2);
    await editor.press('z');
    await panel.getByText('Taken back.').waitFor();
    await expect.poll(() => panel.locator('[data-conflict]').count()).toBe(4);
    await card.focus();
    await editor.press('a');
    await editor.press('m');
    await panel.getByText('2 conflicts settled').waitFor();
    await expect.poll(comments, { timeout: 30_000 }).toEqual(['box 3', 'mine 0', 'mine 1']);
  });

  it('ask about a box that one has deleted and the other changed, and never answer that themselves', async () => {
    const card = panel.locator('[data-conflict]').filter({ hasText: 'deleted this' });
    await card.waitFor();
    expect(await comments()).not.toContain('mine 2');
    await card.getByRole('button', { name: 'Keep it with my changes' }).click();
    await expect.poll(comments, { timeout: 30_000 }).toEqual(['box 3', 'mine 0', 'mine 1', 'mine 2']);
  });

  it('take the shape of the other', async () => {
    await panel.locator('[data-conflict]').first().focus();
    await editor.press('t');
    await panel.getByText('No conflicts').waitFor();
    await status.says('All changes synced', 60_000);
    expect(Math.round((await boxOf('box 3')).x * 10)).toBe(6);
    await status.closeSync();
  });
});

describe('a permission that is taken away', () => {
  let membership: Membership;

  it('hides the project, and says that the edits are kept', async () => {
    const list = (await other.call('get_membership_list', { project })) as Membership[];
    membership = list.find(({ username }) => username === 'admin')!;
    await comment({ x: 0.16, y: 0.4 }, 'before the loss');
    await status.says('All changes synced', 60_000);
    await other.call('delete_membership', { id: membership.id });
    await comment({ x: 0.16, y: 0.4 }, 'after the loss');
    await laptop.page.getByText('You may not see Sample dives at present').waitFor({ timeout: 60_000 });
    // What was open stays as it was.
    await editor.atFrame(5);
    await comment({ x: 0.36, y: 0.4 }, 'after the loss too');
    await laptop.page.getByText('2 unsynced changes are kept').waitFor();
    panel = await status.openSync('Queue');
    await expect.poll(() => panel.getByText('Waits for permission', { exact: true }).count()).toBe(2);
    await pictures('queue-waiting');
    await status.closeSync();
    await editor.back();
    await laptop.page.getByRole('button', { name: `Open ${clipName}` }).waitFor({ state: 'hidden' });
    await pictures('library-hidden');
  });

  it('brings all back with the permission, and sends what was kept', async () => {
    await other.call('create_membership', {
      project,
      body: { user: membership.user, permission: 'Full Control' },
    });
    await library.card(clipName).waitFor({ timeout: 60_000 });
    await eventually(async () => ((await comments()).includes('after the loss too') ? true : undefined), {
      what: 'the kept edits on the server',
      patience: 60_000,
    });
    expect(await comments()).toContain('after the loss');
    expect(laptop.pageErrors).toEqual([]);
  });
});
