import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAppendLog } from '../../../src/host/append-log.ts';
import { decodeSegment, encodeEntry } from '../../../src/host/log-segment.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-log-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const segments = async (): Promise<string[]> => (await readdir(folder)).sort();
const bodies = async (after = 0): Promise<string[]> => {
  const log = await openAppendLog({ folder });
  const { entries } = await log.read(after, 5000);
  await log.close();
  return entries.map(({ body }) => body);
};

describe('a log that was cut off', () => {
  it('keeps every whole line and cuts the rest, wherever the cut falls', async () => {
    const lines = ['first', 'zweite Zeile: äöü\n', '"third"'].map((body, i) => ({ seq: i + 1, body }));
    const encoded = lines.map(encodeEntry);
    const content = Buffer.concat(encoded);
    const ends = encoded.map((_, i) => Buffer.concat(encoded.slice(0, i + 1)).length);
    for (let cut = 0; cut <= content.length; cut++) {
      const whole = ends.filter((end) => end <= cut).length;
      await writeFile(join(folder, '0000000000000001.log'), content.subarray(0, cut));
      const log = await openAppendLog({ folder });
      const { entries, last } = await log.read(0, 10);
      expect(entries).toEqual(lines.slice(0, whole));
      expect(last).toBe(whole);
      expect((await stat(join(folder, '0000000000000001.log'))).size).toBe(ends[whole - 1] ?? 0);
      await expect(log.append(['next'])).resolves.toBe(whole + 1);
      await log.close();
    }
  });

  it('does not take a line whose bytes were changed', () => {
    const content = Buffer.concat([1, 2].map((seq) => encodeEntry({ seq, body: `body ${seq}` })));
    for (let at = 0; at < content.length; at++) {
      const damaged = Buffer.from(content);
      damaged[at] = (damaged[at] ?? 0) ^ 0x01;
      for (const { seq, body } of decodeSegment(damaged, 1).entries) expect(body).toBe(`body ${seq}`);
    }
  });
});

describe('appending', () => {
  it('numbers without gaps, over many segments and restarts, also for many callers at once', async () => {
    const log = await openAppendLog({ folder, segmentBytes: 400 });
    const seqs = await Promise.all(Array.from({ length: 50 }, (_, i) => log.append([`entry ${i}`])));
    expect(seqs).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    for (let i = 50; i < 60; i++) await log.append([`entry ${i}`]);
    await log.close();
    expect((await segments()).length).toBeGreaterThan(1);
    expect(await bodies()).toEqual(Array.from({ length: 60 }, (_, i) => `entry ${i}`));
    expect(await bodies(57)).toEqual(['entry 57', 'entry 58', 'entry 59']);
  });

  it('reads at most what was asked for, in order', async () => {
    const log = await openAppendLog({ folder, segmentBytes: 100 });
    for (let i = 1; i <= 12; i++) await log.append([`e${i}`]);
    const { entries, first, last } = await log.read(3, 4);
    expect([entries.map(({ seq }) => seq), first, last]).toEqual([[4, 5, 6, 7], 1, 12]);
    await log.close();
  });
});

describe('releasing', () => {
  it('drops whole segments only, and never gives a number twice', async () => {
    const log = await openAppendLog({ folder, segmentBytes: 60 });
    for (let i = 1; i <= 9; i++) await log.append([`entry ${i}`]);
    await log.release(5);
    const middle = await log.read(0, 100);
    expect(middle.entries.at(-1)?.seq).toBe(9);
    expect(middle.first).toBeLessThanOrEqual(6);
    expect(middle.first).toBeGreaterThan(1);
    await log.release(9);
    await log.close();
    const again = await openAppendLog({ folder });
    expect(await again.read(0, 100)).toEqual({ entries: [], first: 10, last: 9 });
    await expect(again.append(['tenth'])).resolves.toBe(10);
    await again.close();
  });
});

/** The real file, whose writes fail when told so. */
function failingDisk() {
  let failure: { code: string; after: number } | null = null;
  const openFile = async (path: string, flags: string, mode?: number): Promise<FileHandle> => {
    const file = await open(path, flags, mode);
    return new Proxy(file, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]): Promise<unknown> => {
          if (failure !== null && name === 'write') {
            const [buffer, offset, , position] = args as [Buffer, number, number, number];
            await target.write(buffer, offset, failure.after, position); // a part gets through
            throw Object.assign(new Error('write failed'), { code: failure.code });
          }
          if (failure !== null && name === 'datasync' && failure.code === 'EIO') {
            throw Object.assign(new Error('sync failed'), { code: 'EIO' });
          }
          return (value as (...a: unknown[]) => Promise<unknown>).apply(target, args);
        };
      },
    });
  };
  return { openFile, fail: (next: typeof failure) => (failure = next) };
}

describe('a disk that refuses', () => {
  it.each([
    ['ENOSPC', 'disk-full'],
    ['EIO', 'disk-failed'],
  ])('on %s says %s, keeps what was there, and goes on when it works again', async (code, fault) => {
    const disk = failingDisk();
    const log = await openAppendLog({ folder, openFile: disk.openFile });
    await log.append(['kept']);
    disk.fail({ code, after: 7 });
    await expect(log.append(['refused'])).rejects.toMatchObject({ code: fault });
    expect((await log.read(0, 10)).entries).toEqual([{ seq: 1, body: 'kept' }]);
    const [name = ''] = await segments();
    expect(String(await readFile(join(folder, name)))).not.toContain('refused');
    disk.fail(null);
    await expect(log.append(['later'])).resolves.toBe(2);
    await log.close();
    expect(await bodies()).toEqual(['kept', 'later']);
  });
});
