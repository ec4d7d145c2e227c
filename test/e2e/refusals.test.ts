import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile, copyFile, mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FieldLaptop } from '../support/field-laptop.ts';
import { AppDidNotStart, startBrowserApp } from '../support/host.ts';
import type { EditorScreen } from '../support/screens.ts';
import { LibraryScreen, StatusBar } from '../support/screens.ts';
import { sampleClip } from '../support/shared-data.ts';

/*
 * What the user sees when the input is bad: what happened, what was kept, what to do. Nothing is lost
 * and nothing crashes: the last test of each laptop imports and saves as if nothing had been.
 */

let folder: string;
let laptop: FieldLaptop;
let library: LibraryScreen;
let status: StatusBar;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-refusals-'));
  laptop = await FieldLaptop.new();
  library = new LibraryScreen(laptop.page);
  status = new StatusBar(laptop.page);
  await library.shown();
});

afterAll(async () => {
  await laptop.remove();
  await rm(folder, { recursive: true, force: true });
});

async function refused(name: string, words: RegExp): Promise<void> {
  const card = library.card(name);
  await card.getByText(words).first().waitFor({ timeout: 60_000 });
  await card.getByText(/^Kept: \S/).waitFor();
  await card.getByText(/^What to do: \S/).waitFor();
}

async function signIn(
  panel: Locator,
  fields: { host: string; user: string; password: string },
): Promise<void> {
  await panel.getByLabel('Server address', { exact: true }).fill(fields.host);
  await panel.getByLabel('User name', { exact: true }).fill(fields.user);
  await panel.getByLabel('Password', { exact: true }).fill(fields.password);
  await panel.getByRole('button', { name: 'Sign in', exact: true }).click();
}

describe('bad input', () => {
  it('refuses a file that is no video, an empty one and a damaged one, each with its reason', async () => {
    const paths = ['notes.mp4', 'empty.mp4', 'damaged.mp4'].map((name) => join(folder, name));
    await writeFile(paths[0]!, 'dive log: nothing to see here\n'.repeat(200));
    await writeFile(paths[1]!, '');
    await copyFile(sampleClip(), paths[2]!);
    await truncate(paths[2]!, 100_000);
    await library.add(paths);
    await refused('notes.mp4', /neither a video nor an image/);
    await refused('empty.mp4', /empty/);
    await refused('damaged.mp4', /damaged|incomplete|cut off/);
    await mkdir(join(import.meta.dirname, '..', '..', 'test-results', 'screens'), { recursive: true });
    await laptop.page.screenshot({
      path: join(import.meta.dirname, '..', '..', 'test-results', 'screens', 'refused.png'),
    });
  });

  it('tells a wrong password and stays where it was', async () => {
    const panel = await status.openSync('Server');
    await signIn(panel, { host: await laptop.hubUrl(), user: 'annotator', password: 'not the password' });
    await panel
      .getByText(/password is wrong[\s\S]*capitals matter[\s\S]*Nothing on this device was changed/)
      .waitFor({ timeout: 20_000 });
    await status.says('Online to built-in server');
  });

  it('tells that what answers is no Tator server', async () => {
    const garbage = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('<html><body>Welcome to the printer</body>');
    });
    await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve));
    const { port } = garbage.address() as AddressInfo;
    const panel = await status.openSync('Server');
    await signIn(panel, { host: `http://127.0.0.1:${port}`, user: 'someone', password: 'x' });
    await panel
      .getByText(/not a Tator server|must be that of a Tator server/)
      .first()
      .waitFor({ timeout: 30_000 });
    garbage.close();
    await status.closeSync();
    await status.says('Online to built-in server');
  });

  it('refuses a second instance on the same data and leaves the first alone', async () => {
    const second = startBrowserApp({ dataDir: laptop.data, withHub: false });
    await expect(second).rejects.toThrow(AppDidNotStart);
    await expect(second).rejects.toThrow(/data-in-use/);
    await status.says('Online to built-in server');
  });

  it('tells when the source vanishes before its upload, and goes on when it is added again', async () => {
    await status.workOffline(true);
    const path = join(folder, 'vanishing.mp4');
    await copyFile(sampleClip(), path);
    await library.add([path]);
    await library
      .card('vanishing.mp4')
      .getByRole('button', { name: /^Open/ })
      .and(laptop.page.locator(':enabled'))
      .waitFor({ timeout: 90_000 });
    const found = execFileSync(
      'grep',
      ['-rl', '"vanishing.mp4"', join(laptop.data, 'media'), '--include=media.json'],
      { encoding: 'utf8' },
    );
    const media = join(found.trim().split('\n')[0]!, '..');
    const source = join(media, 'source.mp4');
    const bytes = await readFile(source);
    await rm(source);
    await status.workOffline(false);
    await refused('vanishing.mp4', /no longer where it was/);
    await writeFile(source, bytes);
    const editor = await library.open('vanishing.mp4');
    await editor.drawBox({ x: 0.4, y: 0.3 }, { x: 0.6, y: 0.5 });
    await editor.back();
  });

  it('tells when a chosen file is gone before all of it was read, as when its disk is pulled', async () => {
    const path = join(folder, 'unplugged.mp4');
    await copyFile(sampleClip(), path);
    await truncate(path, 3 * 2 ** 30); // long enough that reading it is far from over
    await library.addFromDisk(path);
    await rm(path);
    await refused('unplugged.mp4', /no longer where it was|cannot be read/);
  });

  it('works afterwards, without an uncaught error on any page', async () => {
    const path = join(folder, 'good.mp4');
    await copyFile(sampleClip(), path);
    await library.add([path]);
    await library.ready('good.mp4');
    expect(laptop.pageErrors).toEqual([]);
  });
});

/** A small file system of its own; only root on Linux can make one. */
function mountSmall(at: string): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=0755', 'tmpfs', at]).status === 0;
}

describe('a full disk', () => {
  it('refuses an edit visibly, keeps everything and works again when there is room', async (context) => {
    const at = await mkdtemp(join(tmpdir(), 'tidemark-small-'));
    if (!mountSmall(at)) {
      console.log('The test of a full disk is skipped: a small file system cannot be mounted here.');
      context.skip();
      return;
    }
    const small = await FieldLaptop.new(at);
    try {
      const shelf = new LibraryScreen(small.page);
      await shelf.shown();
      await shelf.add([sampleClip()]);
      await shelf.ready('dive.mp4');
      const editor: EditorScreen = await shelf.open('dive.mp4');
      await editor.drawBox({ x: 0.1, y: 0.1 }, { x: 0.3, y: 0.3 });
      await new StatusBar(small.page).workOffline(true);
      spawnSync('dd', ['if=/dev/zero', `of=${join(at, 'ballast')}`, 'bs=64k']);
      await small.page.waitForTimeout(200);
      spawnSync('dd', ['if=/dev/zero', `of=${join(at, 'ballast2')}`, 'bs=512']);
      // The log's last page may still have room for some lines; what is shown as saved must be there.
      let saved = 1;
      let outcome: string | null = 'saved';
      while (outcome === 'saved' && saved < 20) {
        await editor.stage().focus();
        await editor.press('b');
        const x = 0.05 + (saved % 10) * 0.09;
        await editor.drag({ x, y: saved < 10 ? 0.4 : 0.6 }, { x: x + 0.05, y: saved < 10 ? 0.5 : 0.7 });
        await small.page.waitForTimeout(700);
        outcome = await editor.saveState();
        if (outcome === 'saved') saved++;
      }
      expect(outcome).toBe('refused');
      await small.page.getByText('The edit was not saved').first().waitFor();
      await editor.counted(saved);
      await rm(join(at, 'ballast'));
      await rm(join(at, 'ballast2'));
      await editor.drawBox({ x: 0.5, y: 0.8 }, { x: 0.7, y: 0.95 });
      await editor.counted(saved + 1);
      expect(small.pageErrors).toEqual([]);
    } finally {
      await small.remove();
      spawnSync('umount', ['-l', at]);
    }
  });
});
