import { describe, expect, it } from 'vitest';
import { judgeEtag, partRange, planParts, usualPartBytes } from '../../../src/host/uploads/parts.ts';

const mebibyte = 2 ** 20;

describe('cutting a file into parts', () => {
  it.each([
    [1, 1],
    [usualPartBytes, 1],
    [usualPartBytes + 1, 2],
    [95 * mebibyte, 10],
    [100_000 * mebibyte, 10_000],
  ])('%i bytes make %i parts', (size, count) => {
    expect(planParts(size).count).toBe(count);
  });

  it('takes larger parts rather than more than the server signs', () => {
    const size = 2 ** 40;
    const plan = planParts(size);
    expect(plan.count).toBeLessThanOrEqual(10_000);
    expect(plan.partBytes).toBeGreaterThan(usualPartBytes);
  });

  it.each([1, 999, 1000, 1001, 54_321])('covers every byte of %i exactly once', (size) => {
    const plan = planParts(size, 1000);
    let next = 0;
    for (let part = 1; part <= plan.count; part++) {
      const { start, length } = partRange(plan, size, part);
      expect(start).toBe(next);
      expect(length).toBeGreaterThan(0);
      next += length;
    }
    expect(next).toBe(size);
  });
});

describe('an ETag', () => {
  const md5 = '0123456789abcdef0123456789abcdef';
  it.each([
    [`"${md5}"`, 'same'],
    [md5.toUpperCase(), 'same'],
    [`"${md5.replace('0', '1')}"`, 'differs'],
    [`"${md5}-3"`, 'no-md5'],
    ['', 'no-md5'],
  ])('%s is judged %s', (etag, verdict) => {
    expect(judgeEtag(etag, md5)).toBe(verdict);
  });
});
