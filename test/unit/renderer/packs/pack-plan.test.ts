import { describe, expect, it } from 'vitest';
import type { CacheState } from '../../../../src/contract/host-fetches.ts';
import { fileToFetch, servedFiles } from '../../../../src/domain/served-files.ts';
import {
  durationText,
  heightsOf,
  packPlan,
  rateText,
  type PackItem,
} from '../../../../src/renderer/features/packs/pack-plan.ts';

const GB = 1e9;
const streaming = (height: number, size: number | null) => ({
  path: `${height}.mp4`,
  resolution: [height, (height * 16) / 9],
  ...(size === null ? {} : { size }),
});
const item = (key: string, mediaFiles: unknown): PackItem => ({
  ...{ key, name: key, mediaId: 1, files: servedFiles(mediaFiles) },
});
const dive = item('dive', { streaming: [streaming(540, 1 * GB), streaming(1080, 4 * GB)] });
const still = item('still', { image: [{ path: 'a.png', size: 5_000_000 }] });
const unknown = item('unknown', { archival: [streaming(720, null)] });
const empty = item('empty', {});

const cache: CacheState = {
  fetched: { count: 2, bytes: 3 * GB },
  pinned: { count: 1, bytes: 1 * GB },
  own: { count: 0, bytes: 0 },
  evictable: { count: 1, bytes: 2 * GB },
  free: 10 * GB,
  reserve: 0.5 * GB,
  limit: null,
};
const wish = { height: null, cache, rate: null };

describe('the plan of a pack', () => {
  it('counts what will be fetched, and leaves out what has no file on the server', () => {
    const plan = packPlan([dive, still, unknown, empty], wish);
    expect(plan).toMatchObject({ left: 1, unknown: 1, bytes: 4 * GB + 5_000_000 });
    expect(plan.media.map(({ mediaKey }) => mediaKey)).toEqual(['dive', 'still', 'unknown']);
  });

  it('takes the tallest picture up to the chosen one, and the smallest where all are taller', () => {
    expect(packPlan([dive], { ...wish, height: 720 }).bytes).toBe(1 * GB);
    expect(packPlan([dive], { ...wish, height: 100 }).bytes).toBe(1 * GB);
    expect(packPlan([dive], wish).bytes).toBe(4 * GB);
  });

  it('offers a choice only where a media has several pictures', () => {
    expect(heightsOf([dive, still])).toEqual([540]);
    expect(heightsOf([item('one', { streaming: [streaming(540, 1)] }), still])).toEqual([]);
  });

  it('estimates the time from the measured rate, and claims none without', () => {
    expect(packPlan([dive], { ...wish, rate: 1_000_000 }).seconds).toBe(4000);
    expect(packPlan([dive], wish).seconds).toBeNull();
  });

  it('fits where the disk has room beyond what it keeps for edits', () => {
    expect(packPlan([dive], wish)).toMatchObject({ fit: { kind: 'fits' }, freeAfter: 6 * GB });
    expect(packPlan([dive], { ...wish, cache: null }).fit).toEqual({ kind: 'unknown' });
  });

  it('says how much will be removed for it', () => {
    const tight = { ...cache, free: 3.5 * GB };
    expect(packPlan([dive], { ...wish, cache: tight }).fit).toEqual({ kind: 'makes-room', bytes: 1 * GB });
    const limited = { ...cache, limit: 6 * GB };
    expect(packPlan([dive], { ...wish, cache: limited }).fit).toEqual({ kind: 'makes-room', bytes: 1 * GB });
  });

  it('does not fit where even that is not enough, and says which bound it is', () => {
    const full = { ...cache, free: 1 * GB };
    expect(packPlan([dive], { ...wish, cache: full }).fit).toEqual({
      ...{ kind: 'disk-full', needed: 4 * GB, left: 2.5 * GB },
    });
    const limited = { ...cache, limit: 4 * GB };
    expect(packPlan([dive], { ...wish, cache: limited }).fit).toEqual({
      ...{ kind: 'over-limit', needed: 1 * GB, limit: 4 * GB },
    });
  });
});

describe('the files of a media', () => {
  it('are read from whatever a server says, without what is none', () => {
    expect(servedFiles(null)).toEqual({ streaming: [], image: [], archival: [] });
    expect(servedFiles({ streaming: 'x', image: [null, 7, { size: 3 }] }).image).toEqual([]);
    expect(fileToFetch(servedFiles({ archival: [{ path: 'a', size: -1 }] }), null)).toEqual({
      ...{ path: 'a', size: null, height: null },
    });
  });
});

describe('words for estimates', () => {
  it.each([
    [20, 'less than a minute'],
    [130, 'about 2 min'],
    [7_500, 'about 2 h 10 min'],
    [7_200, 'about 2 h'],
    [200_000, 'about 2 days'],
  ])('%d s is %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

  it.each([
    [32_000, '256 kbit/s'],
    [250_000, '2 Mbit/s'],
    [2_600_000, '21 Mbit/s'],
  ])('%d bytes a second are %s', (rate, text) => expect(rateText(rate)).toBe(text));
});
