import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameJson } from '../../../src/base/json.ts';
import { addSums, noRows, sumOfRows } from '../../../src/store/row-sum.ts';
import type { ServerRow } from '../../../src/sync/ports.ts';
import { box, refOf, rowOf, strangeFields, toldAsJson } from './support.ts';

const row = fc
  .record({
    ref: fc.constantFrom('a', 'b').map((id) => refOf(id)),
    ...{ rowId: fc.nat(3), mark: fc.nat(2), deleted: fc.boolean(), fields: strangeFields },
  })
  .map((rest) => toldAsJson(rowOf(rest.ref, rest)));

function withKeysTurned(one: ServerRow): ServerRow {
  return { ...one, fields: Object.fromEntries(Object.entries(one.fields).reverse()) };
}

describe('the sum of rows', () => {
  it('is the same in whatever order rows and fields are told, page by page or at once', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), fc.nat(12), (rows, at) => {
        const sum = sumOfRows(rows);
        expect(sumOfRows(rows.toReversed().map(withKeysTurned))).toEqual(sum);
        const parts = [rows.slice(0, at), rows.slice(at)].map((part) => sumOfRows(part));
        expect(parts.reduce(addSums, noRows)).toEqual(sum);
      }),
      { numRuns: 500 },
    );
  });

  it('is another one for rows that differ in any value', () => {
    fc.assert(
      fc.property(row, row, (one, other) => {
        expect(sumOfRows([one]).join() === sumOfRows([other]).join()).toBe(sameJson(one, other));
      }),
      { numRuns: 5000 },
    );
  });

  it.each<[string, Partial<ServerRow>]>([
    ['row id', { rowId: 2 }],
    ['mark', { mark: 1 }],
    ['type', { type: 8 }],
    ['media', { media: 'another' }],
    ['element', { ref: refOf('b') }],
    ['kind', { ref: { kind: 'state', version: 1, elementalId: 'a' } }],
    ['version', { ref: refOf('a', 2) }],
    ['tombstone', { deleted: true }],
    ['author', { createdBy: null }],
    ['time', { modifiedAt: '2026-01-01T00:00:00.001Z' }],
    ['value', { fields: { 'attributes.Species': 'Haka', frame: 3 } }],
    ['last bit of a number', { fields: { 'attributes.Species': 'Hake', frame: 3.0000000000000004 } }],
    ['text instead of a number', { fields: { 'attributes.Species': 'Hake', frame: '3' } }],
    ['missing field', { fields: { 'attributes.Species': 'Hake' } }],
    ['additional field', { fields: { 'attributes.Species': 'Hake', frame: 3, more: null } }],
    ['renamed field', { fields: { 'attributes.Name': 'Hake', frame: 3 } }],
    ['place of its values', { fields: { 'attributes.Species': 3, frame: 'Hake' } }],
  ])('tells another %s', (_, change) => {
    const known = rowOf(refOf('a'), { createdBy: 4, fields: { 'attributes.Species': 'Hake', frame: 3 } });
    expect(sumOfRows([{ ...known, ...change }])).not.toEqual(sumOfRows([known]));
  });

  it('tells two rows that have exchanged a value', () => {
    const [one, other] = [0.1, 0.2].map((x, i) => rowOf(refOf(`e${i}`), { fields: { geometry: box(x) } }));
    const exchanged = [
      { ...one!, fields: other!.fields },
      { ...other!, fields: one!.fields },
    ];
    expect(sumOfRows(exchanged)).not.toEqual(sumOfRows([one!, other!]));
  });

  it('has no twins among the rows of a season', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 100_000; i += 1)
      seen.add(
        sumOfRows([
          rowOf(refOf('a'), { rowId: i, fields: { frame: i % 1000, geometry: box(i / 1e5) } }),
        ]).join(),
      );
    expect(seen.size).toBe(100_000);
  });

  it('has no twins in either of its halves beyond what chance makes of 32 bits', () => {
    const sums = Array.from({ length: 20_000 }, (_, i) => sumOfRows([rowOf(refOf('a'), { rowId: i })]));
    for (const half of [0, 1] as const)
      expect(new Set(sums.map((sum) => sum[half])).size).toBeGreaterThan(19_990);
  });
});
