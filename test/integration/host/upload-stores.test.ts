import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { eventually } from '../../support/host.ts';
import type { StoreStyle } from '../../support/object-stores.ts';
import { quickClock, Uploading, type UploadingOptions } from '../../support/uploading.ts';

const border = 256 * 1024;

let bench: Uploading;
afterEach(() => bench.remove());

async function uploadOf(size: number, options: UploadingOptions): Promise<Buffer> {
  bench = await Uploading.start(options);
  return bench.addMedia('dive', size);
}

describe.each(['s3', 'google', 'azure', 'hub'] as const satisfies StoreStyle[])(
  'a store like %s',
  (style) => {
    const partBytes = style === 'google' ? border : 1000;
    const size = 5 * partBytes + 321;

    it('takes a file in parts, each once', async () => {
      const content = await uploadOf(size, { style, partBytes });
      await bench.enqueue('dive');
      const { parts } = await bench.reaches('done');
      expect(bench.stored()?.equals(content)).toBe(true);
      expect(parts).toEqual({ done: 6, total: 6 });
      expect(bench.store.puts).toHaveLength(6);
    });

    it('takes a small file with one PUT', async () => {
      const content = await uploadOf(700, { style, partBytes });
      await bench.enqueue('dive');
      await bench.reaches('done');
      expect(bench.store.puts).toHaveLength(1);
      expect(bench.count('POST UploadCompletion/1')).toBe(0);
      expect(bench.stored()?.equals(content)).toBe(true);
    });

    it('gets only what is missing after the next start of the program', async () => {
      const content = await uploadOf(size, { style, partBytes });
      bench.store.behaviour.partDelay = 60;
      await bench.enqueue('dive');
      await bench.arrived(2);
      await bench.restart();
      await bench.reaches('done');
      expect(bench.stored()?.equals(content)).toBe(true);
      expect(bench.store.puts.length).toBeLessThanOrEqual(6 + 4);
      expect(bench.count('GET UploadInfo/1')).toBe(1);
    });

    it('gets the part again whose answer was lost or whose bytes did not arrive', async () => {
      const content = await uploadOf(size, { style, partBytes });
      const part = style === 'google' ? /session/ : /objects\/\w+\/3/;
      bench.store.behaviour.troubles.push(
        { match: part, do: 'drop-before' },
        { match: part, do: 'drop-after' },
      );
      await bench.enqueue('dive');
      await bench.reaches('done');
      expect(bench.stored()?.equals(content)).toBe(true);
      expect(bench.store.puts.length).toBeLessThanOrEqual(6 + 4);
    });
  },
);

describe('URLs that run out in the middle', () => {
  const revokeAfterTwo = async (): Promise<void> => {
    bench.store.behaviour.partDelay = 40;
    await bench.enqueue('dive');
    await bench.arrived(2);
    bench.store.behaviour.edition = 1;
  };

  it('are signed anew where the server offers it, and what arrived stays', async () => {
    const content = await uploadOf(7300, { style: 'hub', partBytes: 1000 });
    await revokeAfterTwo();
    await bench.reaches('done');
    expect(bench.stored()?.equals(content)).toBe(true);
    expect(bench.count('GET UploadInfo/1')).toBe(1);
    expect(bench.count('GET TidemarkHub/SignParts/1')).toBe(1);
    // The refused ones, one a lane, are all that was sent in vain.
    expect(bench.store.puts.length).toBeLessThanOrEqual(8 + 4);
  });

  it('mean a new upload where it does not', async () => {
    const content = await uploadOf(7300, { style: 's3', partBytes: 1000 });
    await revokeAfterTwo();
    await bench.reaches('done');
    expect(bench.stored()?.equals(content)).toBe(true);
    expect(bench.count('GET UploadInfo/1')).toBe(2);
  });

  it('are not even tried once their time is over', async () => {
    let ahead = 0;
    const clock = { ...quickClock, now: () => Date.now() + ahead };
    const content = await uploadOf(7300, { style: 'azure', partBytes: 1000, urlSeconds: 3600, clock });
    bench.store.behaviour.partDelay = 40;
    await bench.enqueue('dive');
    await bench.arrived(2);
    await bench.uploader.pause('dive');
    const before = bench.store.puts.length;
    ahead = 2 * 3600 * 1000;
    await bench.uploader.resume('dive');
    await bench.reaches('done');
    expect(bench.stored()?.equals(content)).toBe(true);
    expect(bench.store.puts.slice(before).every((put) => put.startsWith('upload2/'))).toBe(true);
  });
});

it('a server that lists its parts tells what arrived over a link that loses every answer', async () => {
  const content = await uploadOf(6000, { style: 'hub', partBytes: 1000 });
  const { behaviour, puts } = bench.store;
  for (let i = 0; i < 40; i++) behaviour.troubles.push({ match: /objects\/\w+\/[1-4]$/, do: 'drop-after' });
  await bench.enqueue('dive');
  await bench.reaches('done');
  expect(bench.stored()?.equals(content)).toBe(true);
  // The tries of one attempt; the next one asks before it sends.
  for (const part of [1, 2, 3, 4])
    expect(puts.filter((put) => put.endsWith(`/${part}`)).length).toBeLessThanOrEqual(3);
});

describe('several uploads', () => {
  const three = async (options: UploadingOptions = {}): Promise<void> => {
    bench = await Uploading.start({ partBytes: 1000, ...options });
    for (const key of ['one', 'two', 'three']) await bench.addMedia(key, 9500);
    bench.store.behaviour.partDelay = 30;
    for (const key of ['one', 'two', 'three']) await bench.enqueue(key);
  };
  const finished = (): string[] =>
    [...bench.store.objects.keys()].map((key) => /_(\w+)\.mp4/.exec(key)?.[1] ?? '');
  const allDone = (): Promise<unknown> =>
    Promise.all(['one', 'two', 'three'].map((key) => bench.reaches('done', key)));

  it('go one after the other, in their order', async () => {
    await three();
    await allDone();
    expect(finished()).toEqual(['one', 'two', 'three']);
    expect(bench.uploader.list('ana').map(({ order }) => order)).toEqual([0, 1, 2]);
  });

  it('give way to the one that is moved to the front, without losing a part', async () => {
    await three();
    await bench.arrived(2);
    await bench.uploader.move('three', 'first');
    await allDone();
    expect(finished()).toEqual(['three', 'one', 'two']);
    expect(bench.store.puts).toHaveLength(30);
  });

  it('keep their order over a restart', async () => {
    await three({ rules: { limit: null, annotationsOnly: true } });
    await bench.uploader.move('one', 'last');
    await bench.uploader.move('three', 'up');
    await bench.restart();
    bench.uploader.setRules({ limit: null, annotationsOnly: false });
    await allDone();
    expect(finished()).toEqual(['three', 'two', 'one']);
  });

  it('wait while only annotations are to be sent, and stop in the middle for it', async () => {
    await three();
    await bench.arrived(2);
    bench.uploader.setRules({ limit: null, annotationsOnly: true });
    const { state } = await bench.reaches('held', 'one');
    expect(state).toMatchObject({ fault: { message: 'Only annotations are sent for now.' }, retryAt: null });
    await bench.reaches('held', 'three');
    const before = bench.store.puts.length;
    await new Promise((done) => setTimeout(done, 150));
    expect(bench.store.puts.length).toBe(before);
    bench.uploader.setRules({ limit: null, annotationsOnly: false });
    await allDone();
    expect(finished()).toHaveLength(3);
  });
});

it('a limit holds for all lanes together', async () => {
  const rules = { limit: 2 ** 20, annotationsOnly: false };
  await uploadOf(3 * 2 ** 20, { partBytes: 2 ** 19, rules, clock: systemClock() });
  const began = Date.now();
  await bench.enqueue('dive');
  await eventually(() => Promise.resolve(bench.store.objects.size > 0 ? true : undefined));
  // 3 MiB at 1 MiB a second, less the quarter second that may come at once.
  expect(Date.now() - began).toBeGreaterThan(2500);
});
