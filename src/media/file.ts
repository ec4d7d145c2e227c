import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, extname, join, basename } from 'node:path';
import { MediaError } from './error.ts';

/** Less than this is left: whatever failed, failed for want of space. */
const fullDiskBytes = 4 * 2 ** 20;

/** Size of a readable, non-empty file, else `MediaError`. */
export async function sizeOfSource(path: string): Promise<number> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new MediaError('not-media', `${basename(path)} is not a file.`);
    if (info.size === 0) throw new MediaError('empty-file', `${basename(path)} is empty (0 bytes).`);
    return info.size;
  } catch (error) {
    throw asFileError(error, path);
  }
}

/** Runs `use` with the open file; failures to open or read become `MediaError`. */
export async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, 'r');
    return await use(file);
  } catch (error) {
    throw asFileError(error, path);
  } finally {
    await file?.close();
  }
}

/** Up to `length` bytes at `position`; fewer where the file ends. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** System failures as `MediaError`; everything else unchanged. */
export function asFileError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof MediaError) return error;
  const name = basename(path);
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new MediaError('file-gone', `${name} is no longer where it was.`, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EIO':
    case 'EISDIR':
      return new MediaError('file-unreadable', `${name} cannot be read.`, { cause: error });
    case 'ENOSPC':
      return new MediaError('disk-full', `There is no space left for ${name}.`, { cause: error });
    default:
      return error;
  }
}

/** Whether the disk that holds `folder` is out of space. */
export async function isDiskFull(folder: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize < fullDiskBytes;
  } catch {
    return false;
  }
}

/**
 * Lets `write` make files under temporary names in the target's folders, and moves them into place when all
 * are whole and on disk. If anything fails, no target appears and no temporary file stays.
 */
export async function writeThenRename<T>(
  targets: readonly string[],
  write: (temporary: readonly string[]) => Promise<T>,
): Promise<T> {
  const mark = randomBytes(6).toString('hex');
  const temporary = targets.map((target) => {
    const extension = extname(target);
    return join(dirname(target), `.${basename(target, extension)}.${mark}.part${extension}`);
  });
  try {
    const result = await write(temporary);
    for (const [i, path] of temporary.entries()) {
      await flush(path);
      await rename(path, targets[i] ?? path);
    }
    return result;
  } catch (error) {
    await Promise.all(temporary.map((path) => rm(path, { force: true })));
    throw error;
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
