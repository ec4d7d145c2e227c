import { constants } from 'node:fs';
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TidemarkError, type ErrorCode } from '../contract/errors.ts';

/**
 * Writing so that it survives a power cut. A file is durable when its bytes *and* its name in the
 * folder are synced; a rename without the folder's sync may be undone by the cut.
 */

/** Folders cannot be opened for syncing on Windows, where renames are journalled by the file system. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces the file as a whole: after a crash it holds the old content or the new, never a part. */
export async function writeDurably(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number } = {},
): Promise<void> {
  const temporary = `${path}.new`;
  try {
    const handle = await open(temporary, 'w', options.mode ?? 0o644);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw diskError(error);
  }
}

/**
 * Writes all of the bytes at `position`. A disk that fills up takes the first part of a write without an
 * error, and refuses only the next: whoever does not look at the count leaves a hole.
 */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/** The JSON in the file; `undefined` when there is none or it does not parse. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || isCode(error, 'ENOENT')) return undefined;
    throw diskError(error);
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

const diskCodes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EFBIG: 'disk-full',
  EIO: 'disk-failed',
  EROFS: 'disk-failed',
  EACCES: 'disk-failed',
  EPERM: 'disk-failed',
  EBADF: 'disk-failed',
  EMFILE: 'disk-failed',
};

/** An error of the file system, met while writing our own data, as one of the catalogue. */
export function diskError(error: unknown): unknown {
  if (error instanceof TidemarkError || !(error instanceof Error) || !('code' in error)) return error;
  const code = diskCodes[String(error.code)];
  return code === undefined ? error : new TidemarkError(code, { detail: error.message, cause: error });
}

/** A path below `folder` from an untrusted name, or null when it would lead out of it. */
export function insideFolder(folder: string, relative: string): string | null {
  if (relative.includes('\0') || relative.includes('\\')) return null;
  const parts = relative.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return null;
  return join(folder, ...parts);
}
