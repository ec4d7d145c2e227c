import { describe, expect, it } from 'vitest';
import { TidemarkError, type ErrorCode } from '../../../src/contract/errors.ts';
import { afterFailure, afterWindow, firstLanes, mostLanes } from '../../../src/host/uploads/lanes.ts';
import { inOrder, reordered } from '../../../src/host/uploads/order.ts';
import { partBytesFor, usualPartBytes } from '../../../src/host/uploads/parts.ts';
import { createSlot } from '../../../src/host/uploads/slot.ts';
import { lifetimeOf, putHeaders, storeKindOf } from '../../../src/host/uploads/store-kind.ts';
import { consequenceOf } from '../../../src/host/uploads/upload-failure.ts';

const mebibyte = 2 ** 20;

describe('the number of lanes', () => {
  it('grows while each lane brings more, and never beyond what a kill may cost', () => {
    let plan = firstLanes;
    for (let rate = 1; rate < 1e6; rate *= 2) plan = afterWindow(plan, rate);
    expect(plan.lanes).toBe(mostLanes);
  });

  it('goes back to the best when one more brought nothing', () => {
    const more = afterWindow(firstLanes, 1000);
    expect(more.lanes).toBe(3);
    expect(afterWindow(more, 1010).lanes).toBe(2);
  });

  it('halves after a failure, and one always remains', () => {
    expect(afterFailure({ lanes: 4, best: null }).lanes).toBe(2);
    expect(afterFailure({ lanes: 1, best: null }).lanes).toBe(1);
  });
});

it.each([
  [null, usualPartBytes],
  [32_000, 5 * mebibyte],
  [mebibyte, 30 * mebibyte],
  [100 * mebibyte, 64 * mebibyte],
])('a lane of %s bytes a second gets parts of %i bytes', (speed, bytes) => {
  expect(partBytesFor(speed)).toBe(bytes);
});

describe('a store is known by its URLs', () => {
  const s3 = 'https://s.example/k?X-Amz-Expires=3600&X-Amz-Signature=a';
  const azure = 'https://s.example/k?st=2026-01-01T00:00:00Z&se=2026-01-01T02:00:00Z&sig=a';

  it.each([
    ['object', [s3]],
    ['parts', [`${s3}&partNumber=1`, `${s3}&partNumber=2`]],
    ['session', ['https://g.example/u?upload_id=1', 'https://g.example/u?upload_id=1']],
    ['blocks', [`${azure}&comp=block&blockid=1`, `${azure}&comp=block&blockid=2`]],
  ] as const)('%s', (kind, urls) => {
    expect(storeKindOf(urls)).toBe(kind);
  });

  it('and only a whole Azure object needs its type', () => {
    expect(putHeaders(azure, 3)).toEqual({ 'content-length': '3', 'x-ms-blob-type': 'BlockBlob' });
    expect(putHeaders(`${azure}&comp=block&blockid=1`, 3)).toEqual({ 'content-length': '3' });
    expect(putHeaders(s3, 3)).toEqual({ 'content-length': '3' });
  });

  it('and so is how long they live', () => {
    expect(lifetimeOf(s3)).toBe(3_600_000);
    expect(lifetimeOf(azure)).toBe(7_200_000);
    expect(lifetimeOf('https://s.example/k')).toBeNull();
  });
});

describe('the order of uploads', () => {
  const jobs = ['a', 'b', 'c'].map((mediaKey, order) => ({ mediaKey, order }));
  const after = (key: string, place: 'first' | 'up' | 'down' | 'last'): string => {
    const changed = reordered(jobs, key, place);
    const next = jobs.map((job) => ({ ...job, order: changed.get(job.mediaKey) ?? job.order }));
    return inOrder(next)
      .map(({ mediaKey }) => mediaKey)
      .join('');
  };

  it.each([
    ['c', 'first', 'cab'],
    ['c', 'up', 'acb'],
    ['a', 'up', 'abc'],
    ['a', 'down', 'bac'],
    ['c', 'down', 'abc'],
    ['a', 'last', 'bca'],
    ['unknown', 'first', 'abc'],
  ] as const)('%s moved %s makes %s', (key, place, order) => {
    expect(after(key, place)).toBe(order);
  });
});

describe('the slot', () => {
  it('is given to the lowest rank, as ranks are when it becomes free', async () => {
    const slot = createSlot();
    const { signal } = new AbortController();
    const done: string[] = [];
    const ranks = { a: 0, b: 1, c: 2 };
    const run = (name: 'a' | 'b' | 'c'): Promise<void> =>
      slot.run(
        signal,
        () => ranks[name],
        async () => {
          await Promise.resolve();
          if (name === 'a') ranks.c = -1;
          done.push(name);
        },
      );
    await Promise.all([run('a'), run('b'), run('c')]);
    expect(done).toEqual(['a', 'c', 'b']);
  });

  it('lets one that is aborted while it waits go, and the others on', async () => {
    const slot = createSlot();
    const { signal } = new AbortController();
    const gone = new AbortController();
    let free = (): void => {};
    const first = slot.run(
      signal,
      () => 0,
      () => new Promise<void>((done) => (free = done)),
    );
    const second = slot.run(
      gone.signal,
      () => 1,
      () => Promise.resolve(),
    );
    const third = slot.run(
      signal,
      () => 2,
      () => Promise.resolve('third'),
    );
    await Promise.resolve();
    gone.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    free();
    await first;
    expect(await third).toBe('third');
  });
});

describe('the failure of an upload', () => {
  const consequence = (code: ErrorCode): string => consequenceOf(new TidemarkError(code).fault).kind;

  it('for want of a permission is tried again by itself, as a broken link is', () => {
    expect([consequence('forbidden'), consequence('offline')]).toEqual(['retry', 'retry']);
  });

  it('waits for an event where only that helps, and for the user where only he can', () => {
    expect(
      ['offline-by-choice', 'bad-token', 'file-changed'].map((code) => consequence(code as ErrorCode)),
    ).toEqual(['wait', 'wait', 'fail']);
  });
});
