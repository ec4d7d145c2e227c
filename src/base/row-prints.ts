/*
 * Prints of rows: what a server's list says of each row, as one number that is made of its very bytes
 * (`host/list-prints.ts`). Rows whose prints have the same sum, and which are as many, are the same whatever
 * their order (but for one chance in 2^52): so a list is known again without parsing it. Not for security.
 */

/**
 * Counted up with every change of what the program makes of a row's bytes (`engine/annotation-wire.ts`): all
 * prints that are stored are void then, and every row is read and compared once more.
 */
export const rowForm = 1;

/** A print is an integer from 0 up to, but not, this: two of them still have an exact sum. */
const range = 2 ** 52;

/** Null where one of them is not known. */
export function sumOfPrints(prints: readonly (number | undefined)[]): number | null {
  let sum = 0;
  for (const print of prints) {
    if (print === undefined) return null;
    sum = addPrints(sum, print);
  }
  return sum;
}

export function addPrints(one: number, other: number): number {
  const sum = one + other;
  return sum < range ? sum : sum - range;
}

/** Of what a row says beyond its bytes; of an empty text 0. */
export function printOfText(text: string): number {
  if (text === '') return 0;
  const bytes = new TextEncoder().encode(text);
  return printOfBytes(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
}

const [factorA, factorB] = [0x9e3779b1, 0x85ebca6b] as const;

/** Two hashes of the bytes from..to (exclusive), four at a time, as one number. */
export function printOfBytes(view: DataView, from: number, to: number): number {
  let a = 0x3c6ef372 ^ Math.imul(to - from, factorB) ^ rowForm;
  let b = 0x2545f491 ^ (to - from) ^ rowForm;
  for (let at = from; at < to; at += 4) {
    const word = at + 4 <= to ? view.getInt32(at, true) : lastWord(view, at, to);
    a = Math.imul(a ^ word, factorA);
    a ^= a >>> 15;
    b = Math.imul((b + word) | 0, factorB);
    b = (b << 13) | (b >>> 19);
  }
  return (finished(b) >>> 12) * 2 ** 32 + (finished(a) >>> 0);
}

/** The last one to three bytes; the length tells them from bytes that are followed by zeros. */
function lastWord(view: DataView, from: number, to: number): number {
  let word = 0;
  for (let at = to - 1; at >= from; at -= 1) word = (word << 8) | view.getUint8(at);
  return word;
}

function finished(word: number): number {
  let x = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** A text that stands for so many rows with this sum. */
export function digestOf(count: number, sum: number): string {
  return `${count.toString(36)}-${sum.toString(36)}`;
}
