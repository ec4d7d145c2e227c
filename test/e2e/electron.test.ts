import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type ElectronApplication, _electron as electron, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTatorClient, type TatorClient } from '../../src/api/client.ts';
import { systemClock } from '../../src/base/clock.ts';
import { EditorScreen, LibraryScreen, StatusBar } from '../support/screens.ts';
import { diveClip, sampleClip } from '../support/shared-data.ts';

/*
 * The main job in Electron itself: main process, utility process, hidden engine window, custom
 * protocol. The same screens as in browser mode. Needs the binary, which npm does not bring.
 */

const root = join(import.meta.dirname, '..', '..');

/** Path of the Electron program, or null. */
function electronProgram(): string | null {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist');
  const names: Partial<Record<NodeJS.Platform, string>> = {
    win32: 'electron.exe',
    darwin: 'Electron.app/Contents/MacOS/Electron',
  };
  const path = join(folder, names[process.platform] ?? 'electron');
  return existsSync(path) ? path : null;
}

const program = electronProgram();
const hasDisplay =
  process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
const why = program === null ? 'no Electron binary is here' : hasDisplay ? null : 'there is no display';
if (why !== null) console.log(`The Electron end-to-end test is skipped: ${why}.`);

describe.skipIf(why !== null)('the main job in Electron', () => {
  const clip = diveClip() ?? sampleClip();
  const name = basename(clip);
  let data: string;
  let app: ElectronApplication;
  let page: Page;
  let library: LibraryScreen;
  let editor: EditorScreen;
  let status: StatusBar;

  async function launch(): Promise<void> {
    app = await electron.launch({
      executablePath: program ?? '',
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        `--user-data-dir=${join(data, 'user')}`,
        root,
      ],
      env: { ...(process.env as Record<string, string>), TIDEMARK_DATA: join(data, 'data') },
    });
    const isMain = (one: Page): boolean => one.url().includes('/index.html');
    page =
      app.windows().find(isMain) ??
      (await app.waitForEvent('window', { predicate: isMain, timeout: 60_000 }));
    library = new LibraryScreen(page);
    editor = new EditorScreen(page);
    status = new StatusBar(page);
    await library.shown();
  }

  /** The built-in server's address is among the accounts; the other user's password lies in its folder. */
  async function rest(): Promise<TatorClient> {
    const accounts = JSON.parse(await readFile(join(data, 'data', 'accounts.json'), 'utf8')) as {
      host: string;
      embedded: boolean;
    }[];
    const host = accounts.find(({ embedded }) => embedded)?.host ?? '';
    const password = (await readFile(join(data, 'data', 'hub', 'annotator-password.txt'), 'utf8')).trim();
    const options = { host, fetch, clock: systemClock(), random: Math.random };
    const { token } = (await createTatorClient(options).call('create_obtain_auth_token', {
      body: { username: 'annotator', password },
    })) as { token: string };
    return createTatorClient({ ...options, token });
  }

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tidemark-electron-'));
    await launch();
  });

  afterAll(async () => {
    await app.close();
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  });

  it('takes a clip, boxes an animal at an exact frame and syncs it', async () => {
    await library.add([clip]);
    await library.ready(name);
    await library.open(name);
    await editor.goTo(5);
    await editor.drawBox({ x: 0.4, y: 0.3 }, { x: 0.6, y: 0.5 });
    await editor.chooseSpecies('bathochor', 'Bathochordaeus');
    await status.says('All changes synced', 60_000);
  });

  it('keeps every saved edit over a SIGKILL while offline, and syncs each exactly once', async () => {
    await status.workOffline(true);
    await editor.drawBox({ x: 0.1, y: 0.1 }, { x: 0.2, y: 0.2 });
    await status.says('1 unsynced');
    const gone = new Promise((resolve) => app.process().once('exit', resolve));
    app.process().kill('SIGKILL');
    await gone;
    await launch();
    await status.says('1 unsynced');
    await library.open(name);
    await editor.counted(2);
    await status.workOffline(false);
    await status.says('All changes synced', 90_000);
    const client = await rest();
    const [project] = (await client.call('get_project_list', {})) as { id: number }[];
    const rows = (await client.call('get_localization_list', { project: project!.id })) as {
      elemental_id: string;
    }[];
    expect(rows.length).toBe(2);
    expect(new Set(rows.map((row) => row.elemental_id)).size).toBe(2);
  });
});
