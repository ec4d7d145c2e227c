import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Fetch } from '../../../src/contract/host-fetches.ts';
import type { LocalMedia } from '../../../src/contract/host-rpc.ts';
import type { Accounts } from '../../../src/host/accounts/accounts.ts';
import { tatorCalls } from '../../../src/host/accounts/tator-calls.ts';
import { createCache, type Cache } from '../../../src/host/media/cache.ts';
import { createFetches, type Fetches } from '../../../src/host/media/fetches.ts';
import { createInspector, type Inspector } from '../../../src/host/media/fetch-inspect.ts';
import { openMediaLibrary, type MediaLibrary } from '../../../src/host/media/library.ts';
import { createPreparer, type Preparer } from '../../../src/host/media/preparer.ts';
import { fileOfRecord, sourcePath } from '../../../src/host/media/record.ts';
import { createServerCalls, type ServerAccess } from '../../../src/host/server-calls.ts';
import { freeBytes, reserveBytes } from '../../../src/host/disk-space.ts';
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
let fetches: Fetches;
let cache: Cache;
let inspector: Inspector;
let offline: boolean;
/** Bytes of the disk that the host is told; null: what there really is. */
let free: number | null;
let limit: number | null;
let evicted: string[];
/** What a store between us and the hub makes of its answers. */
let store: (response: Response) => Promise<Response>;

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
  offline = false;
  free = 1e12;
  limit = null;
  evicted = [];
  store = (response) => Promise.resolve(response);
  await open();
});
afterEach(async () => {
  await close();
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
    isOffline: () => offline,
  });
  const accounts = {
    connection: () => ({ host: link.url, token: hub.token }),
    markRefused: () => Promise.resolve(),
  };
  const access = calls.forAccounts(accounts as unknown as Accounts);
  const server: ServerAccess = {
    ...access,
    transfer: async (url, init) => store(await access.transfer(url, init)),
  };
  const disk = join(root, 'media');
  const bytesFree = (): Promise<number> =>
    free === null ? freeBytes(disk) : Promise.resolve(free + reserveBytes);
  cache = createCache({
    ...{ root: disk, library, free: bytesFree, now: () => clock.now(), isBusy: () => false },
    limit: { get: () => limit, set: (next) => Promise.resolve(void (limit = next)) },
    isUploaded: () => false,
    remove: async (key) => {
      await fetches.drop(key);
      await preparer.drop(key);
      await library.remove(key);
    },
    onEvicted: (names) => evicted.push(...names),
  });
  fetches = createFetches({
    ...{ root: disk, library, preparer, clock, random: Math.random, onError, server },
    ...{ free: bytesFree, room: cache, onChange: () => {}, onRate: () => {} },
  });
  const fetchAgain = (key: string): Promise<void> => fetches.fetchAgain(key);
  inspector = createInspector({ root: disk, library, fetchAgain, onError });
}

async function close(): Promise<void> {
  await inspector.stop();
  await fetches.stop();
  await preparer.stop();
}

interface Wish {
  key?: string;
  bytes?: number | null;
  pinned?: boolean;
  height?: number | null;
}
const fetchOf = (
  mediaId: number,
  { key = 'dive', bytes = null, pinned = false, height = null }: Wish = {},
): Promise<void> => {
  const media = [{ mediaId, mediaKey: key, name: 'reef.mp4', bytes }];
  return fetches.begin({ account: 'ana', projectId: ids.project, media, height, pinned });
};
const shown = (key = 'dive'): Fetch | undefined =>
  fetches.list('ana').find(({ mediaKey }) => mediaKey === key);
/** Waits until a fetch is in this state. */
const inState = (kind: Fetch['state']['kind'], key = 'dive'): Promise<Fetch> =>
  eventually(
    () => {
      const fetch = shown(key);
      return Promise.resolve(fetch?.state.kind === kind ? fetch : undefined);
    },
    { what: `the state ${kind}` },
  );
/** Waits until some of it is here. */
const begun = (key = 'dive'): Promise<Fetch> =>
  eventually(() => {
    const fetch = shown(key);
    return Promise.resolve(fetch !== undefined && fetch.done > 60_000 ? fetch : undefined);
  });
const slowly = (): void => void (link.traits = { roundTrip: 0, rate: 800_000, loss: 0, resets: 0 });
const fast = (): void => void (link.traits = { ...link.traits, rate: null });
const makeReef = (bytes: Uint8Array = clip): Promise<number> =>
  makeVideoOf(rest, ids, { name: 'reef.mp4', bytes, resolution: [360, 640] });
const settled = (key = 'dive'): Promise<LocalMedia> =>
  eventually(
    () => {
      const { media } = library.get(key);
      return Promise.resolve(['ready', 'failed'].includes(media.stage.kind) ? media : undefined);
    },
    { what: 'the end of fetching', patience: 60_000 },
  );
const fetched = (): Promise<Buffer> => readFile(sourcePath(join(root, 'media'), library.get('dive')));

/** Fetches over a thin link and ends the program when some of it is here. */
async function interrupted(mediaId: number): Promise<number> {
  slowly();
  await fetchOf(mediaId);
  await begun();
  await close();
  fast();
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
    fetches.start();
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
    fetches.start();
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

describe('a fetch under way', () => {
  it('is paused with what has arrived, stays so over a restart, and goes on from there', async () => {
    const media = await makeReef();
    slowly();
    await fetchOf(media);
    await begun();
    await fetches.pause(['dive']);
    const { done } = await inState('paused');
    expect(done).toBeGreaterThan(60_000);
    await close();
    fast();
    await open();
    fetches.start();
    expect(shown()?.state).toEqual({ kind: 'paused' });
    const before = link.count.down;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(link.count.down).toBe(before);
    await fetches.resume(['dive']);
    await inState('done');
    expect((await fetched()).equals(clip)).toBe(true);
    expect(link.count.down - before).toBeLessThan(clip.length - done + 20_000);
  });

  it('lets the next one begin when it is paused', async () => {
    const [first, second] = [await makeReef(), await makeReef()];
    slowly();
    await fetchOf(first, { key: 'first' });
    await fetchOf(second, { key: 'second' });
    await begun('first');
    expect(shown('second')?.state).toEqual({ kind: 'waiting' });
    await fetches.pause(['first']);
    fast();
    await inState('done', 'second');
    expect(shown('first')?.state).toEqual({ kind: 'paused' });
  });

  it('stops as soon as working offline is switched on, and goes on by itself afterwards', async () => {
    const media = await makeReef();
    slowly();
    await fetchOf(media);
    await begun();
    offline = true;
    fetches.interrupt();
    const held = await inState('held');
    expect(held.state).toMatchObject({ fault: { code: 'offline-by-choice' }, retryAt: null });
    const stopped = link.count.down;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(link.count.down - stopped).toBeLessThan(70_000); // what was in the pipe already
    fast();
    offline = false;
    fetches.wake();
    await inState('done');
    expect((await fetched()).equals(clip)).toBe(true);
  });

  it('goes on where it is told to before it has stopped', async () => {
    const media = await makeReef();
    slowly();
    await fetchOf(media);
    await begun();
    fetches.interrupt();
    fetches.wake();
    fast();
    await inState('done');
    expect((await fetched()).equals(clip)).toBe(true);
  });

  it('takes the size that was asked for, or the smallest where all are larger', async () => {
    const media = await makeReef();
    const small = Buffer.concat([clip, Buffer.from([0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65])]);
    const streams = [
      { bytes: clip, resolution: [1080, 1920] },
      { bytes: small, resolution: [360, 640] },
    ];
    for (const { bytes, resolution } of streams) {
      const path = await storeFor(rest, ids, { media, name: `${resolution[0]}.mp4`, bytes });
      const segments = await storeFor(rest, ids, { media, name: 'segments.json', bytes: Buffer.from('{}') });
      const entry = { path, segment_info: segments, resolution, codec: 'h264', size: bytes.length };
      const reply = await rest('POST', `/rest/VideoFiles/${media}?role=streaming`, entry);
      expect(reply.status).toBe(201);
    }
    await fetchOf(media, { height: 720 });
    expect(await inState('done')).toMatchObject({ size: small.length });
    await fetchOf(media, { key: 'largest' });
    expect(await inState('done', 'largest')).toMatchObject({ size: clip.length });
    await fetchOf(media, { key: 'tiny', height: 144 });
    expect(await inState('done', 'tiny')).toMatchObject({ size: small.length });
  });

  it('is asked about once, however often it is ordered', async () => {
    const media = await makeReef();
    await fetchOf(media);
    await inState('done');
    const before = link.count.down;
    await fetchOf(media);
    expect(shown()?.state).toEqual({ kind: 'done' });
    expect(link.count.down).toBe(before);
  });
});

describe('what has arrived', () => {
  const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
  /** As a store of the S3 kind answers for an object that came in one piece. */
  const s3 = (
    response: Response,
    { etag, body = response.body }: { etag: string; body?: BodyInit | null },
  ) => {
    if (!response.ok) return response;
    const headers = new Headers(response.headers);
    headers.set('etag', `"${etag}"`);
    headers.set('x-amz-request-id', 'A1');
    return new Response(body, { status: response.status, headers });
  };

  it('is fetched again when it is not what the server says of it, and is never shown as ready before', async () => {
    const media = await makeReef();
    const spoilt = Buffer.from(clip);
    spoilt[spoilt.length - 1000] = 255 - (spoilt[spoilt.length - 1000] ?? 0);
    let answers = 0;
    store = (response) => {
      answers += 1;
      return Promise.resolve(s3(response, { etag: md5(clip), ...(answers === 1 ? { body: spoilt } : {}) }));
    };
    const stages = new Set<string>();
    await fetchOf(media);
    const watch = setInterval(() => stages.add(library.get('dive').media.stage.kind), 5);
    await inState('done');
    clearInterval(watch);
    expect(answers).toBe(2);
    expect((await fetched()).equals(clip)).toBe(true);
    expect(library.get('dive').fetchedFrom).toMatchObject({ check: { size: clip.length, md5: md5(clip) } });
  });

  it('is thrown away, with a clear error, when the second time is no better', async () => {
    const media = await makeReef();
    store = (response) => Promise.resolve(s3(response, { etag: 'f'.repeat(32) }));
    await fetchOf(media);
    const { state } = await inState('failed');
    expect(state).toMatchObject({
      fault: { code: 'file-damaged', message: expect.stringContaining('not what the server says') as string },
    });
    expect(library.get('dive').media).toMatchObject({ plays: 'nothing', stage: { kind: 'failed' } });
    store = (response) => Promise.resolve(s3(response, { etag: md5(clip) }));
    await fetches.resume(['dive']);
    await inState('done');
  });

  it('is fetched again when its file was cut short on this disk', async () => {
    await fetchOf(await makeReef());
    await inState('done');
    const path = sourcePath(join(root, 'media'), library.get('dive'));
    await truncate(path, clip.length - 1000);
    await close();
    await open();
    await inspector.inspectAll();
    expect(library.get('dive').media).toMatchObject({ plays: 'nothing', stage: { kind: 'copying' } });
    await inState('done');
    expect((await fetched()).equals(clip)).toBe(true);
  });

  it('is fetched again when its content was changed, but not for a new time of its file alone', async () => {
    await fetchOf(await makeReef());
    await inState('done');
    const path = sourcePath(join(root, 'media'), library.get('dive'));
    const before = link.count.down;
    await utimes(path, 1, 1);
    await inspector.inspect('dive');
    await eventually(async () => {
      const { mtime } = library.get('dive').fetchedFrom?.check ?? { mtime: 0 };
      return Promise.resolve(mtime === (await stat(path)).mtimeMs ? true : undefined);
    });
    expect(link.count.down).toBe(before);
    const other = Buffer.from(clip);
    other[5000] = 255 - (other[5000] ?? 0);
    await writeFile(path, other);
    await inspector.inspect('dive');
    await eventually(() => Promise.resolve(link.count.down > before ? true : undefined));
    await inState('done');
    expect((await fetched()).equals(clip)).toBe(true);
  });

  it('is found again when the program was ended between naming the file and noting it', async () => {
    const media = await makeReef();
    await fetchOf(media);
    await inState('done');
    await library.update('dive', (record) => ({
      ...record,
      fetchedFrom: { ...record.fetchedFrom, mediaId: media, check: null },
      media: { ...record.media, stage: { kind: 'copying', done: 0, total: clip.length } },
    }));
    const before = link.count.down;
    await close();
    await open();
    fetches.start();
    await inState('done');
    expect(link.count.down - before).toBeLessThan(20_000);
  });
});

describe('the disk', () => {
  it('is judged before anything is fetched, and what does not fit is refused as a whole', async () => {
    free = clip.length + 1000;
    const media = [1, 2].map((mediaId) => ({
      mediaId,
      mediaKey: `k${mediaId}`,
      name: 'n',
      bytes: clip.length,
    }));
    const order = { account: 'ana', projectId: ids.project, media, height: null, pinned: false };
    await expect(fetches.begin(order)).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(/^It needs .* are free\.$/) as string,
    });
    expect(fetches.list('ana')).toEqual([]);
  });

  it('is judged again when the size becomes known, before a byte is written', async () => {
    free = clip.length - 1;
    await fetchOf(await makeReef());
    const { state } = await inState('failed');
    expect(state).toMatchObject({ fault: { code: 'disk-full' } });
    expect(library.get('dive').synced).toBe(0);
    free = clip.length + 1000;
    await fetches.resume(['dive']);
    await inState('done');
  });

  it.skipIf(!canMount())(
    'that is really full keeps what has arrived, and the fetch goes on from there',
    async () => {
      await close();
      const small = join(root, 'media');
      const long = Buffer.concat([clip, space]);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${Math.ceil(long.length * 1.5)}`, 'tmpfs', small]);
      try {
        await open();
        const filler = join(root, 'media', '.filler');
        await writeFile(filler, Buffer.alloc(long.length));
        const media = await makeReef(long);
        await fetchOf(media);
        const failed = await inState('failed');
        expect(failed.state).toMatchObject({ fault: { code: 'disk-full' } });
        const { synced } = library.get('dive');
        expect(synced).toBeGreaterThan(1_000_000);
        await rm(filler);
        const before = link.count.down;
        await fetches.resume(['dive']);
        await inState('done');
        expect((await fetched()).equals(long)).toBe(true);
        expect(link.count.down - before).toBeLessThan(long.length - synced + 20_000);
        await close();
      } finally {
        execFileSync('umount', ['-l', small]);
      }
      await open();
    },
  );

  it('is kept within the limit by removing what was not used for the longest time', async () => {
    const media = await makeReef();
    // What must stay is what was not used for the longest time: nothing else may keep it.
    for (const key of ['worked-on', 'pinned', 'old', 'newer']) {
      await fetchOf(media, { key, pinned: key === 'pinned' });
      await inState('done', key);
    }
    limit = (await cache.state()).fetched.bytes + 1000;
    await fetchOf(media, { key: 'next' });
    expect((await inState('failed', 'next')).state).toMatchObject({ fault: { code: 'disk-full' } });
    expect(evicted).toEqual([]); // nobody has said yet what must stay

    cache.protect({ account: 'ana', unsynced: ['worked-on'], onlyHere: [] });
    await fetches.resume(['next']);
    await inState('done', 'next');
    expect(
      library
        .records()
        .map(({ media: { key } }) => key)
        .sort(),
    ).toEqual([...['newer', 'next', 'pinned', 'worked-on']]);
    expect(evicted).toHaveLength(1);
  });

  it('goes below a new limit at once, as far as what must stay allows', async () => {
    const media = await makeReef();
    for (const key of ['a', 'b', 'c']) {
      await fetchOf(media, { key });
      await inState('done', key);
    }
    await fetches.pin(['b'], true);
    cache.protect({ account: 'ana', unsynced: [], onlyHere: ['c'] });
    const { fetched: all } = await cache.state();
    expect(all.count).toBe(3);
    expect(await cache.forecast(0)).toMatchObject({ count: 1 });
    const state = await cache.setLimit(0);
    expect(state).toMatchObject({ limit: 0, fetched: { count: 2 }, evictable: { count: 0 } });
    expect(library.find('a')).toBeUndefined();
  });

  it('keeps what only this device has, whoever asks', async () => {
    await fetchOf(await makeReef(), { key: 'gone-there' });
    await inState('done', 'gone-there');
    await library.add({
      ...library.get('gone-there'),
      media: { ...library.get('gone-there').media, key: 'own', fetchedFrom: null },
      fetchedFrom: null,
    });
    cache.protect({ account: 'ana', unsynced: [], onlyHere: ['gone-there'] });
    expect(await cache.evict(['gone-there', 'own', 'nothing'])).toEqual({
      removed: [],
      kept: [
        { mediaKey: 'gone-there', reason: 'only-copy' },
        { mediaKey: 'own', reason: 'not-uploaded' },
        { mediaKey: 'nothing', reason: 'not-here' },
      ],
    });
    cache.protect({ account: 'ana', unsynced: ['gone-there'], onlyHere: [] });
    expect((await cache.evict(['gone-there'])).removed).toEqual(['gone-there']);
    expect(library.find('own')).toBeDefined();
  });
});

/** The clip with space behind it, as recorders leave it. */
const space = Buffer.alloc(6 * 1024 * 1024);
space.writeUInt32BE(space.length);
space.write('free', 4, 'latin1');

/** A small file system of its own is what can really be full; not everybody may make one. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=65536', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    console.log('No file system can be mounted here: the test of a disk that is really full is skipped.');
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const onePixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
