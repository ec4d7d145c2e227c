import type { Json } from '../base/json.ts';
import type { EntityRef } from '../domain/identity.ts';
import type { RowMark, ServerRow } from '../sync/ports.ts';

/*
 * The text of a page: its rows by columns, since rows of one media say the same thing over and over.
 * A third of the size of the rows as JSON, and the part that tells which rows there are can be read
 * without the rest:
 *
 *   2 <length of the index>\n<index><body>
 *
 *   index  kind and version of the page; elemental id, row id, mark and print of each row
 *   body   everything else
 *
 * A text that begins with `[` is a page of the first form: the rows as JSON.
 */

/** Values of one name over all rows. */
export type Column =
  /** All the same. */
  | { c: Json }
  /** Few different ones: which, and which of them each row has. */
  | { d: Json[]; i: number[] }
  /** Strings of one length, joined. */
  | { w: number; t: string }
  /** Objects: the sets of names that occur, which of them each row has, and the columns of each set. */
  | { s: string[][]; i: Column; f: Column[][] }
  | { v: Json[] };

export interface Index {
  n: number;
  kind: EntityRef['kind'];
  version: number;
  ids: Column;
  /** Each less the one before. */
  rowIds: number[];
  marks: Column;
  /** Null where a row has none; absent where no row has one. */
  prints?: (number | null)[];
}

const indexed = new Set(['ref', 'rowId', 'mark', 'print']);
const noNames: ReadonlySet<string> = new Set();
const deepest = 3;
const mostShapes = 32;

/** The rows, all of one kind and version, as the text of a page. */
export function packRows(rows: readonly ServerRow[]): string {
  const [first] = rows;
  if (first === undefined) return '[]';
  let before = 0;
  const index: Index = {
    n: rows.length,
    kind: first.ref.kind,
    version: first.ref.version,
    ids: columnOf(
      rows.map(({ ref }) => ref.elementalId),
      0,
    ),
    rowIds: rows.map(({ rowId }) => {
      const step = rowId - before;
      before = rowId;
      return step;
    }),
    marks: columnOf(
      rows.map(({ mark }) => mark),
      0,
    ),
    ...(rows.some(({ print }) => print !== undefined) && { prints: rows.map(({ print }) => print ?? null) }),
  };
  const head = JSON.stringify(index);
  const body = JSON.stringify(objectColumn(rows as unknown as Record<string, Json>[], 0, indexed));
  return `2 ${head.length}\n${head}${body}`;
}

export function unpackRows(text: string): ServerRow[] {
  const parts = split(text);
  if (parts === null) return JSON.parse(text) as ServerRow[];
  const marks = marksOf(parts.index);
  const rest = valuesOf(JSON.parse(parts.body) as Column, marks.length) as unknown as ServerRow[];
  const { prints } = parts.index;
  return marks.map((mark, i) => {
    const row = Object.assign(rest[i] ?? {}, mark) as ServerRow;
    const print = prints?.[i];
    if (typeof print === 'number') row.print = print;
    return row;
  });
}

/** Reads only which rows there are. */
export function unpackMarks(text: string): RowMark[] {
  const parts = split(text);
  if (parts === null)
    return (JSON.parse(text) as ServerRow[]).map(({ ref, rowId, mark }) => ({ ref, rowId, mark }));
  return marksOf(parts.index);
}

/** A text that is not plain JSON, for those who read its columns themselves. */
export function readParts(text: string): { index: Index; body: Column } | null {
  const parts = split(text);
  return parts === null ? null : { index: parts.index, body: JSON.parse(parts.body) as Column };
}

export function idsOf({ ids, n }: Index): string[] {
  return valuesOf(ids, n) as string[];
}

export function rowIdsOf({ rowIds }: Index): number[] {
  let rowId = 0;
  return rowIds.map((step) => (rowId += step));
}

function split(text: string): { index: Index; body: string } | null {
  if (!text.startsWith('2 ')) return null;
  const end = text.indexOf('\n') + 1;
  const length = Number(text.slice(2, end - 1));
  return {
    index: JSON.parse(text.slice(end, end + length)) as Index,
    body: text.slice(end + length),
  };
}

function marksOf(index: Index): RowMark[] {
  const { n, kind, version, marks } = index;
  const rowIds = rowIdsOf(index);
  const each = valuesOf(marks, n) as number[];
  return idsOf(index).map((elementalId, i) => ({
    ref: { kind, version, elementalId },
    rowId: rowIds[i] ?? 0,
    mark: each[i] ?? 0,
  }));
}

function columnOf(values: readonly Json[], depth: number): Column {
  const [first = null] = values;
  if (typeof first === 'object' && first !== null && !Array.isArray(first)) {
    return depth < deepest && values.every(isPlain)
      ? objectColumn(values, depth, noNames)
      : { v: [...values] };
  }
  if (isAtom(first) && values.every((value) => value === first)) return { c: first };
  if (typeof first !== 'string') return { v: [...values] };
  return dictionary(values) ?? joined(values) ?? { v: [...values] };
}

function objectColumn(
  values: readonly Readonly<Record<string, Json>>[],
  depth: number,
  without: ReadonlySet<string>,
): Column {
  const shapes = new Map<string, Shape>();
  let last: Shape | undefined;
  const i = values.map((value) => {
    const names = Object.keys(value).filter((name) => !without.has(name));
    if (last === undefined || !sameNames(last.names, names)) {
      const id = JSON.stringify(names);
      last = shapes.get(id) ?? { n: shapes.size, names, members: [] };
      shapes.set(id, last);
    }
    last.members.push(value);
    return last.n;
  });
  const all = [...shapes.values()];
  if (all.length > mostShapes && without === noNames) return { v: [...values] };
  return {
    s: all.map(({ names }) => names),
    i: columnOf(i, deepest),
    f: all.map(({ names, members }) =>
      names.map((name) =>
        columnOf(
          members.map((member) => member[name] ?? null),
          depth + 1,
        ),
      ),
    ),
  };
}

interface Shape {
  n: number;
  names: string[];
  members: Readonly<Record<string, Json>>[];
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

/** Values after which a column of almost only different ones, such as ids, is given up as a dictionary. */
const sample = 50;

function dictionary(values: readonly Json[]): Column | null {
  const numbers = new Map<Json, number>();
  const most = values.length / 2;
  const i: number[] = [];
  for (const value of values) {
    if (!isAtom(value)) return null;
    let n = numbers.get(value);
    if (n === undefined) {
      n = numbers.size;
      if (n >= most || (n >= sample && n * 10 > i.length * 9)) return null;
      numbers.set(value, n);
    }
    i.push(n);
  }
  return { d: [...numbers.keys()], i };
}

function joined(values: readonly Json[]): Column | null {
  const [first] = values;
  if (typeof first !== 'string' || first.length === 0) return null;
  let t = '';
  for (const value of values) {
    if (typeof value !== 'string' || value.length !== first.length) return null;
    t += value;
  }
  return { w: first.length, t };
}

function valuesOf(column: Column, n: number): Json[] {
  if ('v' in column) return column.v;
  if ('c' in column) return new Array<Json>(n).fill(column.c);
  if ('d' in column) return column.i.map((at) => column.d[at] ?? null);
  if ('t' in column) {
    const { w, t } = column;
    return Array.from({ length: n }, (_, row) => t.slice(row * w, (row + 1) * w));
  }
  return objectsOf(column, n);
}

function objectsOf({ s, i, f }: Extract<Column, { s: string[][] }>, n: number): Json[] {
  const shapeOf = valuesOf(i, n) as number[];
  const counts = s.map((_, shape) => shapeOf.reduce((sum, at) => (at === shape ? sum + 1 : sum), 0));
  const columns = f.map((each, shape) => each.map((column) => valuesOf(column, counts[shape] ?? 0)));
  const used = s.map(() => 0);
  return shapeOf.map((shape) => {
    const names = s[shape] ?? [];
    const values = columns[shape] ?? [];
    const row = used[shape] ?? 0;
    used[shape] = row + 1;
    const object: Record<string, Json> = {};
    for (let k = 0; k < names.length; k += 1) object[names[k] ?? ''] = values[k]?.[row] ?? null;
    return object;
  });
}

function isAtom(value: Json): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null;
}

/** An object that may be taken apart and put together again by its names. */
function isPlain(value: Json): value is Record<string, Json> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.hasOwn(value, '__proto__')
  );
}
