import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFrameTable,
  durationOf,
  encodeFrameTable,
  frameAt,
  frameCount,
  frameStartingNear,
  frameTableDigest,
  FrameTableError,
  intervalOf,
  makeFrameTable,
  middleOf,
  nominalFps,
  sameTiming,
  type FrameTable,
} from '../../../src/domain/frame-time.ts';

const ntsc = (frames: number, start = 0): FrameTable =>
  makeFrameTable({ timescale: 60000, ticks: Array.from({ length: frames }, (_, i) => start + i * 1001) });

const anyTable = fc
  .record({
    timescale: fc.integer({ min: 1, max: 1_000_000_000 }),
    first: fc.integer({ min: 0, max: 1_000_000 }),
    steps: fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 300 }),
    lastDuration: fc.integer({ min: 1, max: 100_000 }),
  })
  .map(({ timescale, first, steps, lastDuration }) => {
    const ticks = [first];
    for (const step of steps) ticks.push((ticks.at(-1) ?? 0) + step);
    return makeFrameTable({ timescale, ticks, lastDuration });
  });

describe('a frame table', () => {
  it('keeps 60000/1001 frames a second exact over ten hours', () => {
    const table = ntsc(2_000_000);
    const last = frameCount(table) - 1;
    expect(intervalOf(table, last).start).toBe((last * 1001) / 60000);
    expect(frameAt(table, middleOf(table, last))).toBe(last);
  });

  it('counts the first picture as frame 0 however late it comes', () => {
    const table = ntsc(32, 30000);
    expect(frameAt(table, 0.5)).toBe(0);
    expect(intervalOf(table, 0).start).toBe(0.5);
    expect(durationOf(table)).toBeCloseTo((32 * 1001) / 60000, 12);
  });

  it('gives the first frame before the start and the last one after the end', () => {
    const table = ntsc(32, 30000);
    expect(frameAt(table, -1)).toBe(0);
    expect(frameAt(table, 0)).toBe(0);
    expect(frameAt(table, 99)).toBe(31);
  });

  it('finds every frame again from the middle and from the start of its interval', () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        for (let frame = 0; frame < frameCount(table); frame++) {
          const { start, end } = intervalOf(table, frame);
          expect(frameStartingNear(table, start)).toBe(frame);
          if (end - start > 4e-6) expect(frameAt(table, middleOf(table, frame))).toBe(frame);
          if (end - start > 4e-6) expect(frameAt(table, start)).toBe(frame);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes a time that a clock cut off to microseconds for the frame it means', () => {
    const table = ntsc(100);
    for (let frame = 0; frame < 100; frame++) {
      const reported = Math.floor(intervalOf(table, frame).start * 1e6) / 1e6;
      expect(frameAt(table, reported)).toBe(frame);
      expect(frameStartingNear(table, reported)).toBe(frame);
    }
  });

  it('gives the last frame its own duration, or the median step where that is unknown', () => {
    const ticks = [0, 10, 20, 50];
    expect(makeFrameTable({ timescale: 100, ticks, lastDuration: 7 }).endTick).toBe(57);
    expect(makeFrameTable({ timescale: 100, ticks }).endTick).toBe(60);
    expect(makeFrameTable({ timescale: 100, ticks, lastDuration: 0 }).endTick).toBe(60);
  });

  it('refuses times that fall, are negative or are no whole ticks, and tables without frames', () => {
    for (const ticks of [[], [5, 4], [-1], [0.5], [NaN], [2 ** 60]]) {
      expect(() => makeFrameTable({ timescale: 30, ticks })).toThrow(FrameTableError);
    }
    for (const timescale of [0, -1, 29.97, NaN]) {
      expect(() => makeFrameTable({ timescale, ticks: [0] })).toThrow(FrameTableError);
    }
  });

  it('refuses to name an interval of a frame that is not there', () => {
    const table = ntsc(3);
    for (const frame of [-1, 3, 0.5, NaN]) expect(() => intervalOf(table, frame)).toThrow(FrameTableError);
    expect(() => frameAt(table, NaN)).toThrow(FrameTableError);
  });
});

describe('the nominal rate', () => {
  it('is the mean where steps differ only by rounding to milliseconds', () => {
    const ticks = Array.from({ length: 300 }, (_, i) => Math.round((i * 1001) / 30));
    expect(nominalFps(makeFrameTable({ timescale: 1000, ticks }))).toBeCloseTo(30000 / 1001, 2);
  });

  it('is the median of uneven steps, so that one long pause does not change it', () => {
    const ticks = Array.from({ length: 100 }, (_, i) => i * 40 + (i > 50 ? 60_000 : 0));
    expect(nominalFps(makeFrameTable({ timescale: 1000, ticks }))).toBe(25);
  });

  it('of a single frame is the rate of its duration', () => {
    expect(nominalFps(makeFrameTable({ timescale: 1000, ticks: [500], lastDuration: 40 }))).toBe(25);
  });
});

describe('a stored frame table', () => {
  it('comes back as it was, whatever its times', () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        expect(decodeFrameTable(encodeFrameTable(table))).toEqual(table);
      }),
    );
  });

  it('takes some twenty bytes at a constant rate', () => {
    expect(encodeFrameTable(ntsc(36_000, 30_000)).length).toBeLessThan(24);
  });

  it('is refused when it is cut off, at every length', () => {
    const bytes = encodeFrameTable(makeFrameTable({ timescale: 1000, ticks: [3, 33, 70, 100, 1000] }));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeFrameTable(bytes.slice(0, length))).toThrow(FrameTableError);
    }
  });

  it('is refused when something follows it, when it is something else, or when it claims absurd counts', () => {
    const bytes = encodeFrameTable(ntsc(3));
    expect(() => decodeFrameTable(Uint8Array.of(...bytes, 0))).toThrow(FrameTableError);
    for (const other of [null, 'TFT1', { ticks: [] }, new Uint8Array(9)]) {
      expect(() => decodeFrameTable(other)).toThrow(FrameTableError);
    }
    const huge = Uint8Array.of(0x54, 0x46, 0x54, 0x31, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 1, 1, 1);
    expect(() => decodeFrameTable(huge)).toThrow(/not possible/);
  });

  it('never makes a table of random bytes without throwing its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        try {
          decodeFrameTable(Uint8Array.of(0x54, 0x46, 0x54, 0x31, ...tail));
        } catch (error) {
          expect(error).toBeInstanceOf(FrameTableError);
        }
      }),
    );
  });
});

describe('the digest', () => {
  it('is the 64-bit FNV-1a of the stored form', () => {
    const table = makeFrameTable({ timescale: 60000, ticks: [30000, 31001], lastDuration: 1001 });
    let hash = 0xcbf29ce484222325n;
    for (const byte of encodeFrameTable(table)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) % 2n ** 64n;
    expect(frameTableDigest(table)).toBe(hash.toString(16).padStart(16, '0'));
  });

  it('changes when one frame moves by one tick', () => {
    const ticks = [0, 10, 20, 30];
    const moved = [0, 10, 21, 30];
    const digest = (t: number[]): string => frameTableDigest(makeFrameTable({ timescale: 100, ticks: t }));
    expect(digest(ticks)).not.toBe(digest(moved));
  });
});

describe('comparing the times of a copy', () => {
  it('overlooks where the files start and how finely they count', () => {
    const copy = makeFrameTable({ timescale: 120000, ticks: Array.from({ length: 32 }, (_, i) => i * 2002) });
    expect(sameTiming(ntsc(32, 30000), copy, 0)).toEqual({ kind: 'same' });
  });

  it('tells how many frames were lost', () => {
    expect(sameTiming(ntsc(32), ntsc(31), 1)).toEqual({ kind: 'count-differs', expected: 32, actual: 31 });
  });

  it('names the first frame that moved further than allowed', () => {
    const moved = makeFrameTable({ timescale: 60000, ticks: [0, 1001, 2102, 3003] });
    expect(sameTiming(ntsc(4), moved, 0.001)).toMatchObject({ kind: 'time-differs', frame: 2 });
    expect(sameTiming(ntsc(4), moved, 0.002)).toEqual({ kind: 'same' });
  });
});
