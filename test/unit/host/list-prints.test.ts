import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf, sumOfPrints } from '../../../src/base/row-prints.ts';
import { printsOfList, quickDigest } from '../../../src/host/list-prints.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const printsOf = (text: string): number[] | null => printsOfList(bytesOf(text));

/** What rows may hold: among it what looks like the end or the beginning of one. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('},{"id":1', '"}', '\\', '\\"', '[{', ']', '},{"id":', 'é\u2028'),
);
const row = fc.oneof(
  fc.record({ id: fc.integer(), name: text, attributes: fc.dictionary(text, text, { maxKeys: 3 }) }),
  fc.record({ id: fc.integer(), inner: fc.array(fc.record({ id: text }), { maxLength: 2 }) }),
  fc.dictionary(text, fc.jsonValue(), { maxKeys: 3 }),
);
const space = fc.constantFrom('', ' ', '\n', '\r\n\t');

describe('the prints of a list', () => {
  it('are one for each row, from its own bytes alone, whatever stands between the rows', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 6 }), space, (rows, gap) => {
        const each = rows.map((one) => JSON.stringify(one));
        const list = `${gap}[${gap}${each.join(`${gap},${gap}`)}${gap}]${gap}`;
        const alone = each.map((one) => printsOf(`[${one}]`)?.[0]);
        expect(printsOf(list)).toEqual(alone);
      }),
    );
  });

  it('differ where a byte differs', () => {
    fc.assert(
      fc.property(row, fc.nat(), fc.integer({ min: 1, max: 127 }), (one, place, change) => {
        const bytes = bytesOf(JSON.stringify([one]));
        const at = 2 + (place % (bytes.length - 3));
        const other = Uint8Array.from(bytes);
        other[at] = (bytes[at] ?? 0) ^ change;
        const prints = printsOfList(other);
        // The change may have opened or closed something.
        if (prints?.length === 1) expect(prints).not.toEqual(printsOfList(bytes));
      }),
    );
  });

  it('are whole numbers of which two have an exact sum, and few of which are the same', () => {
    const prints = printsOf(JSON.stringify(Array.from({ length: 20_000 }, (_, id) => ({ id })))) ?? [];
    expect(new Set(prints).size).toBe(20_000);
    for (const print of prints)
      expect(Number.isSafeInteger(print) && print >= 0 && print < 2 ** 52).toBe(true);
    // Each bit is set about as often as not: the sum of many uses the whole range.
    for (let bit = 0; bit < 52; bit += 1) {
      const set = prints.filter((print) => Math.floor(print / 2 ** bit) % 2 === 1).length;
      expect(set).toBeGreaterThan(9_500);
      expect(set).toBeLessThan(10_500);
    }
  });

  it('are none of what is no list of objects, or ends in its middle', () => {
    for (const other of [
      '',
      '[',
      '[{"a":1}',
      '[{"a":1},',
      '[{"a":1},]',
      '[{"a":"1}]',
      '[{"a":[1]',
      '[1]',
      '{}',
    ])
      expect(printsOf(other)).toBeNull();
    expect(printsOf('[{"a":1}] x')).toBeNull();
    expect(printsOf('[{"a":1} {"a":1}]')).toBeNull();
    expect(printsOf('[ ]')).toEqual([]);
  });
});

describe('the quick digest of a list', () => {
  it('is that of its prints, or another one where rows begin in other ways', () => {
    let same = 0;
    fc.assert(
      fc.property(fc.array(row, { maxLength: 6 }), space, (rows, gap) => {
        const list = bytesOf(`[${rows.map((one) => JSON.stringify(one)).join(`,${gap}`)}]${gap}`);
        const prints = printsOfList(list) ?? [];
        const quick = quickDigest(list);
        const exact = digestOf(prints.length, sumOfPrints(prints) ?? 0);
        if (quick === exact) same += 1;
        // The digest of other rows is none that these have.
        else if (quick !== null) expect(quick).not.toBe(exact);
      }),
    );
    expect(same).toBeGreaterThan(0);
  });

  it('is that of the prints for rows that begin alike', () => {
    const alike = fc.array(fc.record({ id: fc.integer(), name: fc.string(), x: fc.double() }), {
      minLength: 2,
    });
    fc.assert(
      fc.property(alike, space, space, (rows, gap, outer) => {
        const each = rows.map((one) => JSON.stringify({ ...one, name: one.name.replaceAll('{"id"', '') }));
        const list = bytesOf(`${outer}[${outer}${each.join(`${gap},${gap}`)}${outer}]${outer}`);
        const prints = printsOfList(list) ?? [];
        expect(quickDigest(list)).toBe(digestOf(prints.length, sumOfPrints(prints) ?? 0));
      }),
    );
  });

  it('is never that of a list which has ended too early', () => {
    const whole = JSON.stringify(Array.from({ length: 9 }, (_, id) => ({ id, name: `row ${id}` })));
    const known = quickDigest(bytesOf(whole));
    for (let end = 0; end < whole.length; end += 1)
      expect(quickDigest(bytesOf(whole.slice(0, end)))).not.toBe(known);
  });
});
