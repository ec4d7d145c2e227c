import { sameJson, type Json } from '../base/json.ts';
import type { ElementalId } from '../domain/identity.ts';
import type { ServerRow } from '../sync/ports.ts';
import { idsOf, readParts, rowIdsOf, unpackRows, type Column } from './pack.ts';

/** Whether the value of row `at` in a column is this one. */
type Test = (at: number, value: unknown) => boolean;

/**
 * The text of a page, asked whether it holds certain rows, column by column: a third of the work of
 * making its rows and comparing those.
 */
export class PackedPage {
  readonly size: number;
  readonly #isId: Test;
  readonly #isRow: (at: number, row: ServerRow) => boolean;
  readonly #readIds: () => ElementalId[];
  #places: Map<ElementalId, number> | null = null;

  constructor(text: string) {
    const parts = readParts(text);
    if (parts === null) {
      const rows = unpackRows(text);
      this.size = rows.length;
      this.#isId = (at, id) => rows[at]?.ref.elementalId === id;
      this.#isRow = (at, { print: _print, ...row }) => sameJson(rows[at], row);
      this.#readIds = () => rows.map(({ ref }) => ref.elementalId);
      return;
    }
    const { index, body } = parts;
    const rowIds = rowIdsOf(index);
    const isMark = testOf(index.marks);
    const isRest = testOf(body, membersApart);
    this.size = index.n;
    this.#isId = testOf(index.ids);
    this.#isRow = (at, row) =>
      row.ref.kind === index.kind &&
      row.ref.version === index.version &&
      row.rowId === rowIds[at] &&
      isMark(at, row.mark) &&
      isRest(at, row);
    this.#readIds = () => idsOf(index);
  }

  isAt(at: number, id: ElementalId): boolean {
    return at < this.size && this.#isId(at, id);
  }

  /** Where in the page the element is; -1 where it is not. */
  placeOf(id: ElementalId): number {
    this.#places ??= new Map(this.#readIds().map((known, at) => [known, at]));
    return this.#places.get(id) ?? -1;
  }

  /** Whether this is, to the last value but its print, the row at a place that `isAt` or `placeOf` told. */
  holds(at: number, row: ServerRow): boolean {
    return this.#isRow(at, row);
  }
}

/** How many members of an object a column leaves out. */
type Apart = (value: object) => number;

const noneApart: Apart = () => 0;

/** What of a row stands in the index of a page: three members, and its print. */
const membersApart: Apart = (row) => ('print' in row ? 4 : 3);

function testOf(column: Column, apart = noneApart): Test {
  if ('v' in column) {
    const { v } = column;
    return (at, value) => v[at] === value || sameJson(v[at], value);
  }
  if ('c' in column) return (_, value) => value === column.c;
  if ('d' in column) {
    const { d, i } = column;
    return (at, value) => value === d[i[at] ?? -1];
  }
  if ('t' in column) {
    const { w, t } = column;
    return (at, value) => typeof value === 'string' && value.length === w && t.startsWith(value, at * w);
  }
  return objectTest(column, apart);
}

function objectTest({ s, i, f }: Extract<Column, { s: string[][] }>, apart: Apart): Test {
  // Every object has a member of this name, asked for or not: such a page is unpacked to be compared.
  if (s.some((names) => names.includes('__proto__'))) return () => false;
  const shapes = s.map((names, n) => {
    const tests = (f[n] ?? []).map((column) => testOf(column));
    return { size: names.length, members: names.map((name, k) => ({ name, test: tests[k] })) };
  });
  const placeOf = placesIn(i, s.length);
  return (at, value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const { shape, place } = placeOf(at);
    const known = shapes[shape];
    if (known === undefined || Object.keys(value).length !== known.size + apart(value)) return false;
    for (const { name, test } of known.members)
      if (test?.(place, (value as Record<string, Json>)[name]) !== true) return false;
    return true;
  };
}

/** Of each row its shape, and its place among the rows of this shape. */
function placesIn(column: Column, shapes: number): (at: number) => { shape: number; place: number } {
  if ('c' in column) {
    const only = { shape: Number(column.c), place: 0 };
    return (at) => {
      only.place = at;
      return only;
    };
  }
  const used = new Array<number>(shapes).fill(0);
  const numbers = 'd' in column ? column.i.map((n) => column.d[n]) : 'v' in column ? column.v : [];
  const places = numbers.map((number) => {
    const shape = Number(number);
    const place = used[shape] ?? 0;
    used[shape] = place + 1;
    return { shape, place };
  });
  const nowhere = { shape: -1, place: 0 };
  return (at) => places[at] ?? nowhere;
}

/** Whether the rows, in any order, are exactly those of the pages, which are all of one kind and version. */
export class PackedBook {
  readonly #pages: readonly PackedPage[];
  readonly #taken: readonly Uint8Array[];
  /** Where the next row is looked for first: servers list rows in the order in which they came. */
  #page = 0;
  #at = 0;

  constructor(pages: readonly PackedPage[]) {
    this.#pages = pages;
    this.#taken = pages.map(({ size }) => new Uint8Array(size));
  }

  /** Whether there is such a row that was not taken yet; takes it. */
  take(row: ServerRow): boolean {
    const { elementalId } = row.ref;
    if (this.#at >= (this.#pages[this.#page]?.size ?? 0) && this.#page + 1 < this.#pages.length) {
      this.#page += 1;
      this.#at = 0;
    }
    if (!(this.#pages[this.#page]?.isAt(this.#at, elementalId) ?? false)) {
      const page = this.#pages.findIndex((each) => each.placeOf(elementalId) >= 0);
      if (page < 0) return false;
      this.#page = page;
      this.#at = this.#pages[page]?.placeOf(elementalId) ?? 0;
    }
    const taken = this.#taken[this.#page];
    const isFree = taken !== undefined && taken[this.#at] === 0;
    if (!isFree || this.#pages[this.#page]?.holds(this.#at, row) !== true) return false;
    taken[this.#at] = 1;
    this.#at += 1;
    return true;
  }
}
