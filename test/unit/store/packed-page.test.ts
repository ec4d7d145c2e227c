import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameJson } from '../../../src/base/json.ts';
import { packRows } from '../../../src/store/pack.ts';
import { PackedBook, PackedPage } from '../../../src/store/packed-page.ts';
import type { ServerRow } from '../../../src/sync/ports.ts';
import { refOf, rowOf, strangeFields, toldAsJson } from './support.ts';

const row = fc
  .record({ rowId: fc.integer(), mark: fc.nat(2), deleted: fc.boolean(), fields: strangeFields })
  .map((rest) => toldAsJson(rowOf(refOf('x'), rest)));
const page = fc
  .array(row, { minLength: 1, maxLength: 30 })
  .map((rows) => rows.map((each, i): ServerRow => ({ ...each, ref: refOf(`element ${i}`) })));

const hasOddName = ({ fields }: ServerRow): boolean => Object.hasOwn(fields, '__proto__');

describe('a packed page', () => {
  it('holds the rows that went in, each at its place', () => {
    fc.assert(
      fc.property(page, (rows) => {
        const packed = new PackedPage(packRows(rows));
        expect(packed.size).toBe(rows.length);
        rows.forEach((each, at) => {
          expect(packed.isAt(at, each.ref.elementalId)).toBe(true);
          expect(packed.placeOf(each.ref.elementalId)).toBe(at);
          if (!rows.some(hasOddName)) expect(packed.holds(at, each)).toBe(true);
        });
        expect(packed.placeOf('another')).toBe(-1);
        expect(packed.isAt(rows.length, '')).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('never takes a row for one that differs in any value', () => {
    fc.assert(
      fc.property(page, row, fc.nat(), (rows, other, n) => {
        const at = n % rows.length;
        const changed = { ...other, ref: rows[at]!.ref };
        const holds = new PackedPage(packRows(rows)).holds(at, changed);
        expect(holds && !sameJson(changed, rows[at])).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, Partial<ServerRow>]>([
    ['row id', { rowId: 2 }],
    ['mark', { mark: 1 }],
    ['kind', { ref: { kind: 'state', version: 1, elementalId: 'a' } }],
    ['version', { ref: refOf('a', 2) }],
    ['tombstone', { deleted: true }],
    ['time', { modifiedAt: '2026-01-01T00:00:00.001Z' }],
    ['value', { fields: { 'attributes.Species': 'Haka', frame: 3 } }],
    ['missing field', { fields: { 'attributes.Species': 'Hake' } }],
    ['additional field', { fields: { 'attributes.Species': 'Hake', frame: 3, more: null } }],
    ['renamed field', { fields: { 'attributes.Name': 'Hake', frame: 3 } }],
  ])('sees another %s', (_, change) => {
    const known = rowOf(refOf('a'), { fields: { 'attributes.Species': 'Hake', frame: 3 } });
    for (const text of [packRows([known]), JSON.stringify([known])]) {
      const packed = new PackedPage(text);
      expect(packed.holds(0, known)).toBe(true);
      expect(packed.holds(0, { ...known, ...change })).toBe(false);
    }
  });
});

describe('the pages of a media', () => {
  const rows = ['a', 'b', 'c', 'd', 'e'].map((id, i) => rowOf(refOf(id), { rowId: i + 1 }));
  const book = (): PackedBook =>
    new PackedBook([rows.slice(0, 2), rows.slice(2)].map((part) => new PackedPage(packRows(part))));

  it('hold their rows in whatever order they are told', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (told) => {
        const pages = book();
        expect(told.every((each) => pages.take(each))).toBe(true);
      }),
    );
  });

  it('hold a row once', () => {
    const pages = book();
    expect(pages.take(rows[1]!)).toBe(true);
    expect(pages.take(rows[1]!)).toBe(false);
  });

  it('do not hold what is not in any of them', () => {
    const pages = book();
    expect(pages.take(rowOf(refOf('f')))).toBe(false);
    expect(pages.take({ ...rows[4]!, mark: 5 })).toBe(false);
  });
});
