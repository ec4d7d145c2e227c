export type StorageErrorCode =
  | 'disk-full'
  | 'storage-failed'
  | 'recorder-failed'
  | 'no-such-entity'
  /** It would take away a version with annotations in it, or a label with others below it. */
  | 'version-in-use'
  | 'leaf-in-use';

/** An edit that was refused; nothing of it remains. */
export class StorageError extends Error {
  override name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, options: { cause?: unknown } = {}) {
    super(code, options);
    this.code = code;
  }
}

/** What went wrong in the database. Errors that are ours already pass through. */
export function databaseError(thrown: unknown): StorageError {
  if (thrown instanceof StorageError) return thrown;
  return new StorageError(isQuota(thrown) ? 'disk-full' : 'storage-failed', { cause: thrown });
}

/** What went wrong in the flight recorder; its errors carry the catalogue's code. */
export function recorderError(thrown: unknown): StorageError {
  const code: unknown = property(thrown, 'code');
  return new StorageError(code === 'disk-full' ? 'disk-full' : 'recorder-failed', { cause: thrown });
}

function isQuota(thrown: unknown): boolean {
  return (
    property(thrown, 'name') === 'QuotaExceededError' ||
    property(property(thrown, 'inner'), 'name') === 'QuotaExceededError'
  );
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
