import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BadLink } from '../support/bad-link.ts';
import { newProfile, startBrowser, type TestBrowser } from '../support/browser.ts';
import { connectToApp, eventually, startBrowserApp, type BrowserApp } from '../support/host.ts';
import { makeVideoOf, storeFor } from '../support/hub-media.ts';
import { boxSpec, sampleIds, type SampleIds } from '../support/hub-sample.ts';
import { startTestHub, type HubClient, type TestHub } from '../support/hub.ts';
import { PacksScreen } from '../support/packs-screen.ts';
import { EditorScreen, StatusBar } from '../support/screens.ts';
import { sampleClip } from '../support/shared-data.ts';

/*
 * A laptop in the harbour takes media of a server along over a thin link, and works on them with no
 * network at all: the built app in a real Chromium, the real hub as the server, a link that can be cut.
 * Each step needs the one before.
 */

const screens = join(import.meta.dirname, '..', '..', 'test-results', 'screens');

let hub: TestHub;
let rest: HubClient;
let ids: SampleIds;
let link: BadLink;
let data: string;
let profile: { path: string; remove(): Promise<void> };
let app: BrowserApp;
let browser: TestBrowser;
let page: Page;
let packs: PacksScreen;
let status: StatusBar;
let editor: EditorScreen;
let reef: number;
let clip: Buffer;
let long: Buffer;
const pageErrors: string[] = [];

/** The clip with space behind it, as recorders leave it: long enough to be paused. */
function withSpace(bytes: Buffer, more: number): Buffer {
  const space = Buffer.alloc(more);
  space.writeUInt32BE(more);
  space.write('free', 4, 'latin1');
  return Buffer.concat([bytes, space]);
}

async function openBrowser(): Promise<void> {
  browser = await startBrowser({ profile: profile.path });
  page = await browser.page();
  page.on('pageerror', (error) => pageErrors.push(error.stack ?? error.message));
  packs = new PacksScreen(page);
  status = new StatusBar(page);
  editor = new EditorScreen(page);
  await page.goto(app.url);
}

const picture = (name: string): Promise<unknown> => page.screenshot({ path: join(screens, `${name}.png`) });

/** In both themes and sizes. */
async function pictures(name: string): Promise<void> {
  for (const [width, height] of [
    [1920, 1080],
    [1280, 800],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(250);
      await picture(`${name}-${colorScheme}-${width}`);
    }
  }
}

beforeAll(async () => {
  await mkdir(screens, { recursive: true });
  [hub, clip] = await Promise.all([startTestHub(), readFile(sampleClip())]);
  rest = hub.client();
  ids = await sampleIds(rest);
  long = withSpace(clip, 6 * 1024 * 1024);
  reef = await makeVideoOf(rest, ids, { name: 'reef.mp4', bytes: long, resolution: [360, 640] });
  await makeVideoOf(rest, ids, { name: 'ridge.mp4', bytes: clip, resolution: [360, 640] });
  const wall = await makeVideoOf(rest, ids, { name: 'wall.mp4', bytes: clip, resolution: [360, 640] });
  for (const [lines, bytes] of [[1080, long] as const, [540, clip] as const]) {
    const path = await storeFor(rest, ids, { media: wall, name: `${lines}.mp4`, bytes });
    const segments = await storeFor(rest, ids, { media: wall, name: 's.json', bytes: Buffer.from('{}') });
    const entry = { path, segment_info: segments, resolution: [lines, (lines * 16) / 9], codec: 'h264' };
    await rest('POST', `/rest/VideoFiles/${wall}?role=streaming`, { ...entry, size: bytes.length });
  }
  const found = boxSpec(ids, reef, { attributes: { Species: 'Bathochordaeus', Comment: 'from the lab' } });
  await rest('POST', `/rest/Localizations/${ids.project}`, [found]);

  link = await BadLink.to(hub.url);
  data = await mkdtemp(join(tmpdir(), 'tidemark-packs-'));
  profile = await newProfile();
  app = await startBrowserApp({ dataDir: data, withHub: false });
  const host = await connectToApp(app);
  const password = (await readFile(join(hub.data, 'annotator-password.txt'), 'utf8')).trim();
  await host.call('accounts.signIn', { host: link.url, username: 'annotator', password });
  const [account] = (await host.call('app.info', {})).accounts;
  await host.call('accounts.activate', { account: account?.id ?? '' });
  host.close();
  await openBrowser();
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await picture('packs-failed').catch(() => undefined);
});

afterAll(async () => {
  await browser.close().catch(() => undefined);
  await app.stop();
  await link.close();
  await hub.stop();
  await profile.remove();
  await rm(data, { recursive: true, force: true, maxRetries: 5 });
});

describe('a pack for work offline', () => {
  it('tells the number, the size, the time and the free space before anything is fetched', async () => {
    await packs.library.card('reef.mp4').waitFor({ timeout: 60_000 });
    await status.says('All changes synced', 60_000);
    link.traits = { roundTrip: 20, rate: 8_000_000, loss: 0, resets: 0 };
    const panel = await packs.askForAll(3);
    await panel.getByText('Size').waitFor();
    // The largest of each: 6.5 MB twice, and the clip once.
    await panel.getByText('13.3 MB', { exact: true }).waitFor();
    await panel
      .getByText(/^(less than a minute|about \d+ \w+) at \d.* [kM]bit\/s$/)
      .waitFor({ timeout: 30_000 });
    await panel.getByText(/, .* afterwards$/).waitFor();
    await panel.getByText(/last brought up to date/).waitFor();
    await panel.getByLabel('Picture').click();
    await page.getByRole('option', { name: /Up to 540 lines · 7\.0 MB/ }).click();
    await panel.getByText('7.0 MB', { exact: true }).waitFor();
    await pictures('fetch-panel');
    await panel.getByRole('button', { name: 'Cancel' }).click();
    expect(await page.getByRole('article').getByText('On the server only').count()).toBe(3);
  });

  it('moves no card when a fetch begins, is paused and goes on', async () => {
    const before = await packs.places();
    link.traits = { roundTrip: 0, rate: 4_000_000, loss: 0, resets: 0 };
    await packs.ask('reef.mp4');
    await packs.confirm();
    await packs.says('reef.mp4', 'Fetching');
    await packs.says('reef.mp4', /\d+ %/);
    expect(await packs.places()).toEqual(before);
    await packs.press('Pause fetching', 'reef.mp4');
    await packs.says('reef.mp4', 'Fetching paused');
    expect(await packs.places()).toEqual(before);
    const stopped = await packs.library.card('reef.mp4').getByText(/\d+ %/).innerText();
    await page.waitForTimeout(800);
    expect(await packs.library.card('reef.mp4').getByText(/\d+ %/).innerText()).toBe(stopped);
  });

  it('shows all fetches in a list, which pauses and resumes them together', async () => {
    await packs.ask('wall.mp4');
    await packs.confirm();
    const list = await packs.openList();
    await list.getByText('wall.mp4').waitFor();
    await list.getByText('1 media paused', { exact: false }).waitFor();
    await pictures('fetch-list');
    await list.getByRole('button', { name: 'Pause all' }).click();
    await list.getByText('2 media paused').waitFor();
    await packs.says('wall.mp4', 'Fetching paused');
    await list.getByRole('button', { name: 'Resume all' }).click();
    await list.getByText(/^2 media, .* to fetch/).waitFor();
  });

  it('is interrupted by working offline, and goes on afterwards by itself', async () => {
    await status.workOffline(true);
    await packs.library
      .card('reef.mp4')
      .or(packs.library.card('wall.mp4'))
      .getByText('Fetching waits: Working offline is switched on.')
      .first()
      .waitFor({ timeout: 10_000 });
    const down = link.count.down;
    await page.waitForTimeout(700);
    expect(link.count.down - down).toBeLessThan(70_000);
    await picture('fetch-offline');
    await status.workOffline(false);
    link.traits = { ...link.traits, rate: null };
    await packs.library.ready('reef.mp4');
    await packs.library.ready('wall.mp4');
    const list = await packs.openList();
    await list.getByText('2 media fetched').waitFor();
    await pictures('fetched-list');
    await page.getByRole('button', { name: 'Close the list of fetched media' }).click();
  });

  it('is all that is needed with no network, after a restart of everything', async () => {
    await status.says('All changes synced', 60_000);
    await status.workOffline(true);
    link.cut();
    await browser.close();
    await app.kill();
    app = await startBrowserApp({ dataDir: data, withHub: false });
    await openBrowser();
    await packs.library.card('reef.mp4').waitFor({ timeout: 60_000 });
    await page
      .getByRole('button', { name: /^Sample dives\b/ })
      .first()
      .waitFor();
    await packs.library.open('reef.mp4');
    await editor.counted(1);
    await editor.press('ArrowRight');
    await editor.atFrame(1);
    await editor.drawBox({ x: 0.6, y: 0.6 }, { x: 0.8, y: 0.8 });
    // Types and the vocabulary are here, too.
    await editor.chooseSpecies('bathochor', 'Bathochordaeus');
    await status.says('1 unsynced');
    await editor.back();
  });

  it('goes from the device when asked to, saying what stays, and loses no edit', async () => {
    await page.getByRole('button', { name: 'Remove reef.mp4 from this device' }).click();
    const dialog = page.getByRole('dialog', { name: 'Remove reef.mp4 from this device?' });
    await dialog.getByText('1 edit of it that waits to be sent').waitFor();
    await dialog.getByText('on the server. It can be fetched again', { exact: false }).waitFor();
    await pictures('remove-panel');
    await dialog.getByRole('button', { name: 'Remove from this device' }).click();
    await packs.says('reef.mp4', 'On the server only');
    await status.says('1 unsynced');
    link.mend();
    await status.workOffline(false);
    await status.says('All changes synced', 60_000);
    const rows = await eventually(async () => {
      const reply = await rest<{ frame: number }[]>(
        'GET',
        `/rest/Localizations/${ids.project}?media_id=${reef}`,
      );
      return reply.body.length === 2 ? reply.body : undefined;
    });
    expect(rows.map(({ frame }) => frame).sort()).toEqual([0, 1]);
  });

  it('is bounded by a limit in the settings, which asks before it removes anything', async () => {
    await packs.ask('ridge.mp4');
    await packs.confirm();
    await packs.library.ready('ridge.mp4');
    await pictures('library-packs');
    await page.getByRole('button', { name: 'Settings' }).first().click();
    const settings = page.getByRole('region', { name: 'Media on this device' });
    await settings.getByText('Fetched from servers').waitFor();
    await settings
      .getByText(/2 media$/)
      .first()
      .waitFor();
    await settings.scrollIntoViewIfNeeded();
    await pictures('settings-cache');
    await settings.getByRole('button', { name: 'Remove what is not kept…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Remove all fetched media that you do not keep?' });
    await dialog.getByText(/^2 media \(/).waitFor();
    await picture('evict-panel');
    await dialog.getByRole('button', { name: 'Remove from this device' }).click();
    await settings.getByText('0 B · 0 media').first().waitFor();
  });

  it('had no uncaught error on any page', () => {
    expect(pageErrors).toEqual([]);
  });
});
