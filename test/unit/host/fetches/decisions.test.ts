import { describe, expect, it } from 'vitest';
import { TidemarkError, type ErrorCode } from '../../../../src/contract/errors.ts';
import { nextInLine, verdictOn } from '../../../../src/host/media/fetch-line.ts';
import { lacking, noRoom, toEvict } from '../../../../src/host/media/room.ts';

const verdict = (code: ErrorCode) =>
  verdictOn(new TidemarkError(code).fault, { attempt: 0, random: () => 0.5 });

describe('a failure of a fetch', () => {
  it('holds everything of the account where its line is bad, for a while', () => {
    expect(verdict('offline')).toEqual({ kind: 'hold', wait: 750, whom: 'account' });
    expect(verdict('server-busy')).toMatchObject({ whom: 'account' });
  });

  it('holds everything of the account until an event where waiting alone cannot help', () => {
    expect(verdict('offline-by-choice')).toEqual({ kind: 'hold', wait: null, whom: 'account' });
    expect(verdict('bad-token')).toEqual({ kind: 'hold', wait: null, whom: 'account' });
  });

  it('lets the others go on where one file is bad', () => {
    expect(verdict('garbled-answer')).toMatchObject({ kind: 'hold', whom: 'media' });
  });

  it('is for a person where trying again cannot help', () => {
    for (const code of ['disk-full', 'not-found', 'forbidden', 'file-damaged'] as const)
      expect(verdict(code)).toEqual({ kind: 'fail' });
  });
});

describe('the next one in line', () => {
  const line = [
    { key: 'a', account: 'ship', readyAt: 0 },
    { key: 'b', account: 'lab', readyAt: 50 },
    { key: 'c', account: 'lab', readyAt: 0 },
  ];

  it('is the first that is ready, of an account that is not held', () => {
    expect(nextInLine(line, new Map(), 10)).toEqual({ key: 'a' });
    expect(nextInLine(line, new Map([['ship', 100]]), 10)).toEqual({ key: 'c' });
  });

  it('is known by its time where none is ready, and unknown where only an event helps', () => {
    const held = new Map([
      ['ship', 100],
      ['lab', 80],
    ]);
    expect(nextInLine(line, held, 10)).toEqual({ at: 80 });
    expect(nextInLine(line.slice(0, 1), new Map([['ship', Infinity]]), 10)).toBeNull();
    expect(nextInLine([], new Map(), 10)).toBeNull();
  });
});

describe('room on the disk', () => {
  const space = { free: 100, fetched: 40, limit: null };

  it('lacks what neither the disk nor the limit has', () => {
    expect(lacking(space, 100)).toBe(0);
    expect(lacking(space, 130)).toBe(30);
    expect(lacking({ ...space, limit: 60 }, 30)).toBe(10);
  });

  it('is made by what was not used for the longest time, and by no more of it than needed', () => {
    const media = [
      { key: 'new', bytes: 50, usedAt: 3 },
      { key: 'old', bytes: 5, usedAt: 1 },
      { key: 'mid', bytes: 30, usedAt: 2 },
    ];
    expect(toEvict(media, 20).map(({ key }) => key)).toEqual(['old', 'mid']);
    expect(toEvict(media, 0)).toEqual([]);
    expect(toEvict(media, 1000)).toHaveLength(3);
  });

  it('is refused with the numbers that a person needs', () => {
    const { message } = noRoom({ free: 2e9, fetched: 0, limit: null }, { bytes: 5e9, evictable: 1e9 });
    expect(message).toBe('It needs 5.0 GB, but 2.0 GB are free, and 1.0 GB that can be removed.');
    const limited = noRoom({ free: 9e9, fetched: 4e9, limit: 5e9 }, { bytes: 3e9, evictable: 0 });
    expect(limited.message).toBe('It needs 3.0 GB, but the limit for fetched media leaves 1.0 GB.');
  });
});
