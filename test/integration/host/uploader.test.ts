import { randomBytes } from 'node:crypto';
import { rm, utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Upload, UploadState } from '../../../src/contract/host-rpc.ts';
import type { Uploader } from '../../../src/host/uploads/uploader.ts';
import { eventually } from '../../support/host.ts';
import { noAnswer, type TestStore } from '../../support/host-store.ts';
import { Uploading } from '../../support/uploading.ts';

const someTime = new Date(1_700_000_000_000);

let bench: Uploading;
let store: TestStore;
let content: Buffer;

beforeEach(async () => {
  bench = await Uploading.start({ partBytes: 1000 });
  store = bench.store;
  content = await bench.addMedia('video', 5500);
});

afterEach(() => bench.remove());

const file = (): string => bench.path('video');
const uploader = (): Uploader => bench.uploader;
const enqueue = (mediaKey = 'video'): Promise<void> => bench.enqueue(mediaKey);
const upload = (): Upload => bench.upload();
const reaches = (kind: UploadState['kind']): Promise<Upload> => bench.reaches(kind);
const stored = (): Buffer | undefined => bench.stored();
const count = (name: string): number => bench.count(name);

describe('an upload', () => {
  it('brings every byte to the server in parts, has it converted once, and is done', async () => {
    await enqueue();
    const { parts } = await reaches('done');
    expect(stored()?.equals(content)).toBe(true);
    expect(parts).toEqual({ done: 6, total: 6 });
    expect(store.puts).toHaveLength(6);
    expect(count('POST Transcodes/1')).toBe(1);
    expect(bench.states).toEqual(['waiting', 'sending', 'completing', 'transcoding', 'done']);
  });

  it('sends a small file as one object, without joining', async () => {
    content = await bench.addMedia('still', 400);
    await enqueue('still');
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
    await bench.addMedia('image', 5500, 'image');
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
    bench.offline = true;
    await enqueue();
    const { state } = await reaches('held');
    expect(state).toMatchObject({ fault: { code: 'offline-by-choice' }, retryAt: null });
    expect(store.calls).toEqual([]);
    bench.offline = false;
    uploader().wake();
    await reaches('done');
  });

  it('tells that the server could not convert, and asks it anew under a new id after Retry', async () => {
    store.behaviour.transcodePolls = -1;
    await enqueue();
    expect((await reaches('failed')).state).toMatchObject({ fault: { code: 'transcode-failed' } });
    expect(store.puts).toHaveLength(6);
    store.behaviour.transcodePolls = 1;
    await uploader().resume('video');
    await reaches('done');
    expect(store.puts).toHaveLength(6);
  });
});

describe('an upload that working offline interrupts', () => {
  it.each([
    ['the upload info', 'video', /UploadInfo/],
    ['a part', 'video', /objects\/\w+\/3/],
    ['the joining', 'video', /UploadCompletion/],
    ['the stored size', 'video', /DownloadInfo/],
    ['the state of the conversion', 'video', /^GET .*Transcodes/],
    ['the registration of an image', 'image', /ImageFiles/],
  ] as const)('waits when %s is under way, and goes on by itself', async (_, kind, match) => {
    if (kind === 'image') content = await bench.addMedia(kind, 5500, kind);
    store.behaviour.troubles.push({ match, do: 'no-answer' });
    await enqueue(kind);
    await eventually(() => Promise.resolve(count(noAnswer) > 0 ? true : undefined));
    bench.offline = true;
    uploader().interrupt();
    expect((await reaches('held')).state).toMatchObject({ fault: { code: 'offline-by-choice' } });
    bench.offline = false;
    uploader().wake();
    await reaches('done');
    expect(bench.states).not.toContain('failed');
    expect(stored()?.equals(content)).toBe(true);
    expect(store.puts.length).toBeLessThanOrEqual(6 + 2);
  });

  it('goes on where it is told to before it has stopped', async () => {
    store.behaviour.troubles.push({ match: /UploadCompletion/, do: 'no-answer' });
    await enqueue();
    await eventually(() => Promise.resolve(count(noAnswer) > 0 ? true : undefined));
    uploader().interrupt();
    uploader().wake();
    await reaches('done');
    expect(stored()?.equals(content)).toBe(true);
  });
});

describe('an upload that is interrupted', () => {
  const someArrived = (): Promise<true> => bench.arrived(2);

  it('pauses at once, and goes on with the parts that are missing', async () => {
    store.behaviour.partDelay = 60;
    await enqueue();
    await someArrived();
    await uploader().pause('video');
    const sent = store.puts.length;
    await new Promise((done) => setTimeout(done, 150));
    expect(upload().state.kind).toBe('paused');
    expect(store.puts).toHaveLength(sent);
    await uploader().resume('video');
    await reaches('done');
    expect(store.puts.length).toBeLessThanOrEqual(6 + 2);
    expect(stored()?.equals(content)).toBe(true);
  });

  it('goes on in the next run of the program, paused or not as it was', async () => {
    store.behaviour.partDelay = 60;
    await enqueue();
    await someArrived();
    await uploader().pause('video');
    await bench.restart();
    expect(upload().state.kind).toBe('paused');
    await uploader().resume('video');
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
    await uploader().pause('video');
    await meddle();
    await uploader().resume('video');
    const { state } = await reaches('failed');
    expect(state).toMatchObject({ fault: { code }, remedy: expect.stringContaining('Retry') as string });
    expect(store.objects.size).toBe(0);
  });

  it('goes on when the earlier file is put back', async () => {
    await utimes(file(), someTime, someTime);
    store.behaviour.partDelay = 60;
    await enqueue();
    await someArrived();
    await uploader().pause('video');
    await rm(file());
    await uploader().resume('video');
    await reaches('failed');
    await writeFile(file(), content);
    await utimes(file(), someTime, someTime);
    await uploader().resume('video');
    await reaches('done');
    expect(stored()?.equals(content)).toBe(true);
    expect(store.puts.length).toBeLessThanOrEqual(6 + 2);
  });
});
