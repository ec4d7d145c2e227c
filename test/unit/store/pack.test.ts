import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Json } from '../../../src/base/json.ts';
import type { Fields } from '../../../src/domain/fields.ts';
import { packRows, unpackMarks, unpackRows } from '../../../src/store/pack.ts';
import type { ServerRow } from '../../../src/sync/ports.ts';
import { refOf, rowOf } from './support.ts';

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const fields = fc.dictionary(
  fc.oneof(fc.constantFrom('frame', 'geometry', 'attributes.Species', '__proto__', 'a\nb'), fc.string()),
  fc.oneof(json, fc.record({ kind: fc.constant('box'), x: fc.double(), y: fc.double() })) as typeof json,
) as fc.Arbitrary<Fields>;
const row = fc
  .record({
    elementalId: fc.oneof(fc.uuid(), fc.string({ minLength: 1 })),
    rowId: fc.integer(),
    mark: fc.nat(3),
    type: fc.constantFrom(7, 8),
    deleted: fc.boolean(),
    createdBy: fc.option(fc.nat(5)),
    modifiedAt: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-02', ''),
    fields,
  })
  .map(({ elementalId, ...rest }): ServerRow => rowOf(refOf(elementalId), rest));

/** As JSON tells it: an infinite number, or minus zero, is none of its values. */
const told = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('the text of a page', () => {
  it('gives back the rows that went in, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (any) => {
        const rows = told(any);
        expect(unpackRows(packRows(rows))).toEqual(rows);
      }),
      { numRuns: 500 },
    );
  });

  it('tells which rows there are without the rest', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const expected = rows.map(({ ref, rowId, mark }) => ({ ref, rowId, mark }));
        expect(unpackMarks(packRows(rows))).toEqual(expected);
        expect(unpackMarks(JSON.stringify(rows))).toEqual(expected);
      }),
    );
  });

  it('reads a page of the first form, which was plain JSON', () => {
    const rows = [rowOf(refOf('a')), rowOf(refOf('b'))];
    expect(unpackRows(JSON.stringify(rows))).toEqual(rows);
  });

  it('takes less than half of the room of the rows as JSON', () => {
    const rows = Array.from({ length: 1000 }, (_, i) =>
      rowOf(refOf(`00000000-0000-4000-8000-${String(i).padStart(12, '0')}`), { rowId: 10_000_000 + i }),
    );
    expect(packRows(rows).length).toBeLessThan(JSON.stringify(rows).length / 2);
  });
});
