import type { Json } from '../base/json.ts';
import type { ServerRow } from '../sync/ports.ts';

/**
 * Two sums of 32 bits over the hashes of rows, whatever their order: two sets of rows with the same sums and the
 * same number of rows are the same (but for one chance in 2^64). Not for security.
 */
export type RowSum = readonly [number, number];

export const noRows: RowSum = [0, 0];

export function sumOfRows(rows: readonly ServerRow[]): RowSum {
  let [a, b] = noRows;
  let book: Pick<ServerRow, 'media' | 'ref'> | null = null;
  for (const row of rows) {
    // Rows come media by media, mostly of one version: that is mixed in once for all of them.
    if (book === null || !isSameBook(book, row)) {
      book = row;
      begin();
      mixText(row.media);
      mixText(row.ref.kind);
      mixWord(row.ref.version);
      [ofBook[0], ofBook[1]] = [state[0] ?? 0, state[1] ?? 0];
    }
    mixRow(row);
    a = (a + finished(state[0] ?? 0)) >>> 0;
    b = (b + finished(state[1] ?? 0)) >>> 0;
  }
  return [a, b];
}

export function addSums(one: RowSum, other: RowSum): RowSum {
  return [(one[0] + other[0]) >>> 0, (one[1] + other[1]) >>> 0];
}

/** A text that stands for so many rows with this sum. */
export function printOf(count: number, [a, b]: RowSum): string {
  return `${count.toString(36)}-${a.toString(36)}-${b.toString(36)}`;
}

function isSameBook(one: Pick<ServerRow, 'media' | 'ref'>, other: ServerRow): boolean {
  return (
    one.media === other.media && one.ref.kind === other.ref.kind && one.ref.version === other.ref.version
  );
}

/*
 * The hash is kept in typed arrays: numbers of 32 bits in anything else become objects. All of it runs from
 * beginning to end in one call of `sumOfRows`.
 */
const state = new Int32Array(2);
const ofBook = new Int32Array(2);
const float = new Float64Array(1);
const halves = new Int32Array(float.buffer);

const [factorA, factorB] = [0x9e3779b1, 0x85ebca6b] as const;

function begin(): void {
  state[0] = 0x3c6ef372;
  state[1] = 0x2545f491;
}

function mixRow({
  ref,
  rowId,
  mark,
  type,
  deleted,
  fields,
  createdBy,
  modifiedBy,
  modifiedAt,
}: ServerRow): void {
  state[0] = ofBook[0] ?? 0;
  state[1] = ofBook[1] ?? 0;
  mixText(ref.elementalId);
  mixNumber(rowId);
  mixNumber(mark);
  mixNumber(type);
  mixWord(deleted ? 1 : 2);
  mix(createdBy, 0);
  mix(modifiedBy, 0);
  mixText(modifiedAt);
  mixObject(fields, 0);
}

function mix(value: Json, depth: number): void {
  if (typeof value === 'string') {
    mixWord(1);
    mixText(value);
  } else if (typeof value === 'number') {
    mixWord(2);
    mixNumber(value);
  } else if (typeof value === 'boolean') mixWord(value ? 3 : 4);
  else if (value === null) mixWord(5);
  else if (Array.isArray(value)) {
    mixWord(6);
    mixWord(value.length);
    for (const item of value) mix(item, depth);
  } else {
    mixWord(7);
    mixObject(value, depth + 1);
  }
}

/** The members in any order: each has a hash of its own, and these are added. */
function mixObject(value: Readonly<Record<string, Json>>, depth: number): void {
  const [outerA, outerB] = [state[0] ?? 0, state[1] ?? 0];
  let a = 0;
  let b = 0;
  const names = Object.keys(value);
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i] ?? '';
    beginNamed(name, depth * placesOfDepth + Math.min(i, placesOfDepth - 1));
    mix(value[name] ?? null, depth);
    a = (a + finished(state[0] ?? 0)) | 0;
    b = (b + finished(state[1] ?? 0)) | 0;
  }
  state[0] = outerA ^ a;
  state[1] = outerB ^ b;
  mixWord(names.length);
}

/** What a name has made of the state, by its place: rows that follow each other mostly have the same names. */
const placesOfDepth = 16;
const lastNames: string[] = [];
const lastStates: (readonly [number, number])[] = [];

function beginNamed(name: string, place: number): void {
  const known = lastStates[place];
  if (known !== undefined && lastNames[place] === name) {
    [state[0], state[1]] = known;
    return;
  }
  begin();
  mixText(name);
  lastNames[place] = name;
  lastStates[place] = [state[0] ?? 0, state[1] ?? 0];
}

function mixNumber(value: number): void {
  // Most are small and whole; one that is not has two words.
  if ((value | 0) === value) mixWord(value);
  else {
    float[0] = value;
    mixWord(halves[0] ?? 0);
    mixWord(halves[1] ?? 0);
  }
}

function mixWord(word: number): void {
  state[0] = turned(Math.imul((state[0] ?? 0) ^ word, factorA));
  state[1] = turned(Math.imul((state[1] ?? 0) ^ word, factorB));
}

/** The length goes first: two texts in a row are not the same as one. */
function mixText(text: string): void {
  mixWord(text.length);
  let a = state[0] ?? 0;
  let b = state[1] ?? 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, factorA);
    b = Math.imul(b ^ code, factorB);
  }
  state[0] = turned(a);
  state[1] = turned(b);
}

/** A product carries upwards only: what is high comes back down. */
function turned(word: number): number {
  return word ^ (word >>> 15);
}

function finished(word: number): number {
  let x = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
