/** Thrown when the program contradicts itself: a bug of ours, never bad input. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Throws `AssertionError` unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, which the caller knows to be there. */
export function must<T>(value: T | null | undefined, message = 'value is missing'): T {
  if (value === null || value === undefined) throw new AssertionError(message);
  return value;
}

/**
 * Marks a branch that the types rule out; keeps switches exhaustive.
 * @public
 */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
