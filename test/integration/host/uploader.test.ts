import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import type { LocalMedia, Upload, UploadState } from '../../../src/contract/host-rpc.ts';
import type { Accounts } from '../../../src/host/accounts/accounts.ts';
import { tatorCalls } from '../../../src/host/accounts/tator-calls.ts';
import { openMediaLibrary, type MediaLibrary } from '../../../src/host/media/library.ts';
import { createServerCalls } from '../../../src/host/server-calls.ts';
import { openUploader, type Uploader } from '../../../src/host/uploads/uploader.ts';
import { eventually } from '../../support/host.ts';
import { startTestStore, type TestStore } from '../../support/host-store.ts';

const partBytes = 1000;
const someTime = new Date(1_700_000_000_000);
const random = seededRandom(1);
/** Real time, but waits for a retry last a hundredth. */
const quick: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => systemClock().after(ms >= 60_000 ? ms : ms / 100, callback),
};

let root = '';
let store: TestStore;
let library: MediaLibrary;
let uploader: Uploader;
let states: UploadState['kind'][];
let offline: boolean;
const file = (): string => join(root, 'dive.mp4');
let content: Buffer;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidemark-upload-'));
  await mkdir(join(root, 'media'));
  await mkdir(join(root, 'uploads'));
  content = randomBytes(5500);
  await writeFile(file(), content);
  store = await startTestStore();
  states = [];
  offline = false;
  library = await openMediaLibrary({ root: join(root, 'media'), onChange: () => {}, onRemove: () => {} });
  await addMedia('video');
  uploader = await openTestUploader();
  uploader.begin();
});

afterEach(async () => {
  await uploader.stop();
  await store.close();
  await rm(root, { recursive: true });
});

async function addMedia(kind: 'video' | 'image'): Promise<void> {
  const probe: NonNullable<LocalMedia['probe']> = {
    ...{ kind, width: 64, height: 48, codec: 'h264', frameCount: 3, duration: 1, fps: 3, hasAudio: false },
    ...{ frameTableDigest: null, md5: '0'.repeat(32) },
  };
  await library.add({
    media: {
      ...{ key: kind, account: 'ana', projectId: 1, sectionId: null, name: 'dive.mp4', size: content.length },
      ...{ addedAt: 0, stage: { kind: 'ready' }, probe, hasThumbnail: false, plays: 'source' },
    },
    source: { kind: 'in-place', path: file() },
    ...{ lastModified: 0, synced: content.length, fetchedFrom: null },
  });
}

function openTestUploader(): Promise<Uploader> {
  const accounts = {
    connection: () => ({ host: store.origin, token: 'token' }),
    markRefused: () => Promise.resolve(),
  };
  const calls = createServerCalls({
    callServer: tatorCalls({ clock: quick, random }),
    isOffline: () => offline,
  });
  return openUploader({
    folder: join(root, 'uploads'),
    mediaRoot: join(root, 'media'),
    ...{ library, random, partBytes, clock: quick, makeId: randomUUID },
    server: calls.forAccounts(accounts as unknown as Accounts),
    onChange: ({ state }) => {
      if (states.at(-1) !== state.kind) states.push(state.kind);
    },
    onError: (what, thrown) => {
      throw new Error(`${what}: ${String(thrown)}`);
    },
  });
}

async function enqueue(mediaKey = 'video'): Promise<void> {
  await uploader.enqueue({ account: 'ana', projectId: 1, mediaKey, mediaId: 9, typeId: 1, sectionId: null });
}

function upload(): Upload {
  const [only] = uploader.list('ana');
  if (only === undefined) throw new Error('there is no upload');
  return only;
}

const reaches = (kind: UploadState['kind']): Promise<Upload> =>
  eventually(() => Promise.resolve(upload().state.kind === kind ? upload() : undefined), {
    patience: 15_000,
    what: `upload ${kind}, which is ${JSON.stringify(upload().state)}`,
  });

const stored = (): Buffer | undefined => [...store.objects.values()][0];
const count = (name: string): number => store.calls.filter((call) => call === name).length;

describe('an upload', () => {
  it('brings every byte to the server in parts, has it converted once, and is done', async () => {
    await enqueue();
    const { parts } = await reaches('done');
    expect(stored()?.equals(content)).toBe(true);
    expect(parts).toEqual({ done: 6, total: 6 });
    expect(store.puts).toHaveLength(6);
    expect(count('POST Transcodes/1')).toBe(1);
    expect(states).toEqual(['waiting', 'sending', 'completing', 'transcoding', 'done']);
  });

  it('sends a small file as one object, without joining', async () => {
    content = randomBytes(400);
    await writeFile(file(), content);
    await enqueue();
    await reaches('done');
    expect(store.puts).toHaveLength(1);
    expect(count('POST UploadCompletion/1')).toBe(0);
  });

  it('does nothing more when it is asked for again', async () => {
    await Promise.all([enqueue(), enqueue()]);
    await reaches('done');
    await enqueue();
    expect(store.puts).toHaveLength(6);
    expect(count('GET UploadInfo/1')).toBe(1);
  });

  it('registers an image and its size instead of converting it, once', async () => {
    await addMedia('image');
    store.behaviour.troubles.push({ match: /^PATCH/, do: 'drop-before' });
    await enqueue('image');
    await reaches('done');
    expect(store.imageFiles.map(({ role }) => role)).toEqual(['image']);
    expect(count('POST Transcodes/1')).toBe(0);
    expect(count('PATCH Media/9')).toBe(1);
  });
});

describe('an upload over a bad link', () => {
  it.each([
    ['a part that does not arrive', { match: /objects\/\w+\/3/, do: 'drop-before' }],
    ['a part whose answer is lost', { match: /objects\/\w+\/3/, do: 'drop-after' }],
    ['a busy store', { match: /objects\/\w+\/2/, do: 'busy' }],
    ['a part that arrived changed', { match: /objects\/\w+\/4/, do: 'wrong-etag' }],
    ['a portal that answers for the store', { match: /objects\/\w+\/4/, do: 'garbage' }],
    ['garbage instead of the upload info', { match: /UploadInfo/, do: 'garbage' }],
    ['a joining that was not carried out', { match: /UploadCompletion/, do: 'drop-before' }],
    ['a joining whose answer is lost', { match: /UploadCompletion/, do: 'drop-after' }],
    ['a transcode that was asked for, its answer lost', { match: /^POST .*Transcodes/, do: 'drop-after' }],
  ] as const)('survives %s and sends little twice', async (_, trouble) => {
    store.behaviour.troubles.push(trouble);
    await enqueue();
    await reaches('done');
    expect(stored()?.equals(content)).toBe(true);
    expect(store.puts.length).toBeLessThanOrEqual(6 + 2);
    expect(count('GET UploadInfo/1')).toBe(1);
    expect(count('POST UploadCompletion/1')).toBe(1);
    expect(count('POST Transcodes/1')).toBe(1);
  });

  it('begins anew when the store has forgotten the upload or its URLs ran out', async () => {
    store.behaviour.troubles.push({ match: /objects\/\w+\/4/, do: 'forbidden' });
    await enqueue();
    await reaches('done');
    expect(count('GET UploadInfo/1')).toBe(2);
    expect(stored()?.equals(content)).toBe(true);
  });

  it('gives up with a word to the user when the store refuses again and again', async () => {
    for (let i = 0; i < 40; i++) store.behaviour.troubles.push({ match: /objects/, do: 'forbidden' });
    await enqueue();
    const { state } = await reaches('failed');
    expect(state).toMatchObject({
      fault: { code: 'rejected' },
      kept: expect.stringContaining('kept') as string,
    });
    expect(store.puts.length).toBeLessThan(12);
  });

  it('waits while working offline is switched on, and goes on when it is not', async () => {
    offline = true;
    await enqueue();
    const { state } = await reaches('held');
    expect(state).toMatchObject({ fault: { code: 'offline-by-choice' }, retryAt: null });
    expect(store.calls).toEqual([]);
    offline = false;
    uploader.wake();
    await reaches('done');
  });

  it('tells that the server could not convert, and asks it anew under a new id after Retry', async () => {
    store.behaviour.transcodePolls = -1;
    await enqueue();
    expect((await reaches('failed')).state).toMatchObject({ fault: { code: 'transcode-failed' } });
    expect(store.puts).toHaveLength(6);
    store.behaviour.transcodePolls = 1;
    await uploader.resume('video');
    await reaches('done');
    expect(store.puts).toHaveLength(6);
  });
});

describe('an upload that is interrupted', () => {
  const someArrived = (): Promise<true> =>
    eventually(() => Promise.resolve(upload().parts.done >= 2 ? (true as const) : undefined));

  it('pauses at once, and goes on with the parts that are missing', async () => {
    store.behaviour.partDelay = 60;
    await enqueue();
    await someArrived();
    await uploader.pause('video');
    const sent = store.puts.length;
    await new Promise((done) => setTimeout(done, 150));
    expect(upload().state.kind).toBe('paused');
    expect(store.puts).toHaveLength(sent);
    await uploader.resume('video');
    await reaches('done');
    expect(store.puts.length).toBeLessThanOrEqual(6 + 2);
    expect(stored()?.equals(content)).toBe(true);
  });

  it('goes on in the next run of the program, paused or not as it was', async () => {
    store.behaviour.partDelay = 60;
    await enqueue();
    await someArrived();
    await uploader.pause('video');
    await uploader.stop();
    uploader = await openTestUploader();
    uploader.begin();
    expect(upload().state.kind).toBe('paused');
    await uploader.resume('video');
    await reaches('done');
    expect(count('GET UploadInfo/1')).toBe(1);
    expect(store.puts.length).toBeLessThanOrEqual(6 + 2);
  });

  it.each([
    ['changed', 'file-changed', () => writeFile(file(), randomBytes(5500))],
    [
      'rewritten with other bytes of the same size and time',
      'file-changed',
      async () => {
        await writeFile(file(), randomBytes(5500));
        await utimes(file(), someTime, someTime);
      },
    ],
    ['gone', 'file-gone', () => rm(file())],
  ] as const)('stops and asks when the file is %s', async (_, code, meddle) => {
    await utimes(file(), someTime, someTime);
    store.behaviour.partDelay = 60;
    await enqueue();
    await someArrived();
    await uploader.pause('video');
    await meddle();
    await uploader.resume('video');
    const { state } = await reaches('failed');
    expect(state).toMatchObject({ fault: { code }, remedy: expect.stringContaining('Retry') as string });
    expect(store.objects.size).toBe(0);
  });

  it('goes on when the earlier file is put back', async () => {
    await utimes(file(), someTime, someTime);
    store.behaviour.partDelay = 60;
    await enqueue();
    await someArrived();
    await uploader.pause('video');
    await rm(file());
    await uploader.resume('video');
    await reaches('failed');
    await writeFile(file(), content);
    await utimes(file(), someTime, someTime);
    await uploader.resume('video');
    await reaches('done');
    expect(stored()?.equals(content)).toBe(true);
    expect(store.puts.length).toBeLessThanOrEqual(6 + 2);
  });
});
