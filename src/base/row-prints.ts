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

/** A text that stands for so many rows with this sum. */
export function digestOf(count: number, sum: number): string {
  return `${count.toString(36)}-${sum.toString(36)}`;
}
