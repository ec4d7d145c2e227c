import { addPrints, digestOf, printOfBytes } from '../base/row-prints.ts';

/**
 * The print of each object of a JSON list, in its order: an integer from 0 to 2^52 - 1. Null where the bytes are
 * no list of objects that closes; what is inside of an object is not looked at.
 */
export function printsOfList(bytes: Uint8Array): number[] | null {
  const view = viewOf(bytes);
  const prints: number[] = [];
  let at = afterSpace(bytes, 0);
  if (bytes[at] !== openList) return null;
  at = afterSpace(bytes, at + 1);
  if (bytes[at] === closeList) return isEnd(bytes, at + 1) ? prints : null;
  for (;;) {
    const end = endOfObject(bytes, at);
    if (end < 0) return null;
    prints.push(printOfBytes(view, at, end));
    at = afterSpace(bytes, end);
    if (bytes[at] === closeList) return isEnd(bytes, at + 1) ? prints : null;
    if (bytes[at] !== comma) return null;
    at = afterSpace(bytes, at + 1);
  }
}

/**
 * The digest of a list as its prints have it, found in a third of the time: rows are taken to begin as the second
 * one does. Where that is not so, it is another digest or null: then the prints have to tell.
 */
export function quickDigest(bytes: Uint8Array): string | null {
  const open = afterSpace(bytes, 0);
  const begin = afterSpace(bytes, open + 1);
  const end = endOfObject(bytes, begin);
  const second = end < 0 ? -1 : afterSpace(bytes, afterSpace(bytes, end) + 1);
  const close = beforeSpace(bytes, bytes.length);
  const nameEnd = endOfName(bytes, second);
  if (bytes[open] !== openList || bytes[close] !== closeList || nameEnd < 0) return null;
  const view = viewOf(bytes);
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // From the brace that closes a row to the first name of the next one.
  const between = all.subarray(end - 1, nameEnd);
  let count = 0;
  let sum = 0;
  for (let from = begin; ; count += 1) {
    const found = all.indexOf(between, from);
    if (found < 0) {
      const rest = printOfBytes(view, from, beforeSpace(bytes, close) + 1);
      return digestOf(count + 1, addPrints(sum, rest));
    }
    sum = addPrints(sum, printOfBytes(view, from, found + 1));
    from = found + 1 + second - end;
  }
}

const [quote, comma, backslash] = [0x22, 0x2c, 0x5c] as const;
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d] as const;
/** What the bytes mean to one who looks for the end of an object: 0 for nothing. */
const [aQuote, anOpening, aClosing] = [1, 2, 3] as const;
const meanings = new Uint8Array(256);
meanings[quote] = aQuote;
meanings[openList] = meanings[openObject] = anOpening;
meanings[closeList] = meanings[closeObject] = aClosing;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isSpace(code: number | undefined): boolean {
  return code === 0x20 || (code !== undefined && code >= 9 && code <= 13);
}

function afterSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

/** Of the last byte before this place that is no space. */
function beforeSpace(bytes: Uint8Array, from: number): number {
  let at = from - 1;
  while (isSpace(bytes[at])) at -= 1;
  return at;
}

function isEnd(bytes: Uint8Array, at: number): boolean {
  return afterSpace(bytes, at) === bytes.length;
}

/** Just behind the brace that closes the object; -1 where none begins here, or it does not close. */
function endOfObject(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== openObject) return -1;
  const { length } = bytes;
  let depth = 0;
  for (let at = from; at < length; at += 1) {
    const meaning = meanings[bytes[at] ?? 0] ?? 0;
    if (meaning === 0) continue;
    if (meaning === aQuote) at = endOfString(bytes, at);
    else if (meaning === anOpening) depth += 1;
    else {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** Where the string that begins here has its closing quote; beyond the end where it has none. */
function endOfString(bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  for (let at = from + 1; at < length; at += 1) {
    const code = bytes[at];
    if (code === quote) return at;
    if (code === backslash) at += 1;
  }
  return length;
}

/** Just behind the first name of the object; -1 where none begins here. */
function endOfName(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== openObject || bytes[from + 1] !== quote) return -1;
  const end = endOfString(bytes, from + 1);
  return end < bytes.length ? end + 1 : -1;
}
