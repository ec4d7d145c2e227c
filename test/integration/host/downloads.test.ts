import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { LocalMedia } from '../../../src/contract/host-rpc.ts';
import type { Accounts } from '../../../src/host/accounts/accounts.ts';
import { tatorCalls } from '../../../src/host/accounts/tator-calls.ts';
import { createDownloads, type Downloads } from '../../../src/host/media/downloads.ts';
import { openMediaLibrary, type MediaLibrary } from '../../../src/host/media/library.ts';
import { createPreparer, type Preparer } from '../../../src/host/media/preparer.ts';
import { fileOfRecord, sourcePath } from '../../../src/host/media/record.ts';
import { createServerCalls } from '../../../src/host/server-calls.ts';
import { createToolFinder } from '../../../src/host/tool-finder.ts';
import { BadLink } from '../../support/bad-link.ts';
import { makeImageOf, makeVideoOf, storeFor } from '../../support/hub-media.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { eventually } from '../../support/host.ts';
import { sampleClip } from '../../support/shared-data.ts';

/* Fetching from a real hub, through a link that can be slowed and cut. */

let hub: TestHub;
let rest: HubClient;
let ids: SampleIds;
let clip: Buffer;
let link: BadLink;
let root: string;
let library: MediaLibrary;
let preparer: Preparer;
let downloads: Downloads;

beforeAll(async () => {
  hub = await startTestHub();
  rest = hub.client();
  ids = await sampleIds(rest);
  clip = await readFile(sampleClip());
});
afterAll(() => hub.stop());

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidemark-fetch-'));
  await mkdir(join(root, 'media'));
  link = await BadLink.to(hub.url);
  await open();
});
afterEach(async () => {
  await downloads.stop();
  await preparer.stop();
  await link.close();
  await rm(root, { recursive: true });
});

/** As each run of the program does. */
async function open(): Promise<void> {
  const clock = systemClock();
  const onError = (what: string, thrown: unknown): void => {
    throw new Error(`${what}: ${String(thrown)}`);
  };
  library = await openMediaLibrary({ root: join(root, 'media'), onChange: () => {}, onRemove: () => {} });
  const tools = createToolFinder(process.env).find;
  preparer = createPreparer({ root: join(root, 'media'), library, tools, clock, onError });
  const calls = createServerCalls({
    callServer: tatorCalls({ clock, random: Math.random }),
    isOffline: () => false,
  });
  const accounts = {
    connection: () => ({ host: link.url, token: hub.token }),
    markRefused: () => Promise.resolve(),
  };
  downloads = createDownloads({
    ...{ root: join(root, 'media'), library, preparer, clock, random: Math.random, onError },
    server: calls.forAccounts(accounts as unknown as Accounts),
  });
}

const fetchOf = (mediaId: number): Promise<void> =>
  downloads.begin({ account: 'ana', projectId: ids.project, mediaId, mediaKey: 'dive' });
const settled = (): Promise<LocalMedia> =>
  eventually(
    () => {
      const { media } = library.get('dive');
      return Promise.resolve(['ready', 'failed'].includes(media.stage.kind) ? media : undefined);
    },
    { what: 'the end of fetching', patience: 60_000 },
  );
const fetched = (): Promise<Buffer> => readFile(sourcePath(join(root, 'media'), library.get('dive')));

/** Fetches over a thin link and ends the program when some of it is here. */
async function interrupted(mediaId: number): Promise<number> {
  link.traits = { roundTrip: 0, rate: 800_000, loss: 0, resets: 0 };
  await fetchOf(mediaId);
  await eventually(() => {
    const { stage } = library.get('dive').media;
    return Promise.resolve(stage.kind === 'copying' && stage.done > 60_000 ? true : undefined);
  });
  await downloads.stop();
  link.traits = { ...link.traits, rate: null };
  await open();
  return library.get('dive').synced;
}

describe('a media that is taken along', () => {
  it('arrives whole, under its own name, with what it takes to open it offline', async () => {
    const media = await makeVideoOf(rest, ids, { name: 'reef.mp4', bytes: clip, resolution: [360, 640] });
    await rest('PATCH', `/rest/Media/${media}`, { primary_section: ids.section });
    await fetchOf(media);
    expect(await settled()).toMatchObject({
      ...{ name: 'reef.mp4', sectionId: ids.section, size: clip.length, stage: { kind: 'ready' } },
      probe: { kind: 'video', frameCount: 270 },
    });
    expect((await fetched()).equals(clip)).toBe(true);
  });

  it('keeps the format of its file, whatever the media is called', async () => {
    const bytes = await readFile(join(import.meta.dirname, '../../../resources/icons/icon.png')).catch(
      () => null,
    );
    const png = bytes ?? Buffer.from(onePixel, 'base64');
    const media = await makeImageOf(rest, ids, { name: 'still.png', bytes: png, resolution: [1, 1] });
    await rest('PATCH', `/rest/Media/${media}`, { name: 'still of the vent' });
    await fetchOf(media);
    expect(await settled()).toMatchObject({ name: 'still of the vent', stage: { kind: 'ready' } });
    const record = library.get('dive');
    expect(extname(sourcePath(root, record))).toBe('.png');
    expect(fileOfRecord(root, record, 'play')?.contentType).toBe('image/png');
  });

  it('goes on where the program was ended', async () => {
    const media = await makeVideoOf(rest, ids, { name: 'reef.mp4', bytes: clip, resolution: [360, 640] });
    const kept = await interrupted(media);
    expect(kept).toBeGreaterThan(0);
    const before = link.count.down;
    downloads.resume();
    expect(await settled()).toMatchObject({ stage: { kind: 'ready' } });
    expect((await fetched()).equals(clip)).toBe(true);
    // The rest, and the answers about the media.
    expect(link.count.down - before).toBeLessThan(clip.length - kept + 20_000);
  });

  it('begins anew when its file was replaced meanwhile, and never joins two files', async () => {
    const media = await makeVideoOf(rest, ids, { name: 'reef.mp4', bytes: clip, resolution: [360, 640] });
    expect(await interrupted(media)).toBeGreaterThan(0);
    const other = Buffer.concat([clip, Buffer.from([0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65])]);
    const path = await storeFor(rest, ids, { media, name: 'again.mp4', bytes: other });
    const entry = { path, resolution: [360, 640], codec: 'h264', size: other.length };
    const reply = await rest('PATCH', `/rest/VideoFile/${media}?role=archival&index=0`, entry);
    expect(reply.status).toBe(200);
    downloads.resume();
    expect(await settled()).toMatchObject({ size: other.length, stage: { kind: 'ready' } });
    expect((await fetched()).equals(other)).toBe(true);
  });

  it('says so when the server has no file of it', async () => {
    const reply = await rest('POST', `/rest/Medias/${ids.project}`, {
      ...{ type: ids.video, name: 'empty.mp4', md5: '0'.repeat(32) },
    });
    await fetchOf(reply.body.id);
    expect(await settled()).toMatchObject({
      stage: {
        kind: 'failed',
        fault: { code: 'not-found', message: expect.stringContaining('no playable') as string },
      },
    });
  });
});

const onePixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
