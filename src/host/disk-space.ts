import { statfs } from 'node:fs/promises';

/**
 * Bytes of the disk below `path` that an ordinary program may still use. Zero where the system cannot
 * tell would stop everything, so then it is endless and the writes themselves are the judge.
 */
export async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return Number.MAX_SAFE_INTEGER;
  }
}

/** Bytes that fetches leave free: a disk that is full refuses the user's edits. */
export const reserveBytes = 512 * 1024 * 1024;
