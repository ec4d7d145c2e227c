import { createHash } from 'node:crypto';
import { open, stat, type FileHandle } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { TidemarkError } from '../../contract/errors.ts';
import { isCode } from '../files.ts';

/** What tells a file from its changed self without reading all of it. */
export const FileIdentity = Type.Object({
  size: Type.Number(),
  mtimeMs: Type.Number(),
  /** SHA-256 of the first and the last mebibyte. */
  head: Type.String(),
  tail: Type.String(),
});
export type FileIdentity = Static<typeof FileIdentity>;

const sampleBytes = 2 ** 20;

/** Throws `file-gone` or `file-unreadable`. */
export async function identityOf(path: string): Promise<FileIdentity> {
  try {
    const file = await open(path, 'r');
    try {
      const { size, mtimeMs } = await file.stat();
      const head = await digest(file, 0, Math.min(sampleBytes, size));
      const start = Math.max(0, size - sampleBytes);
      return { size, mtimeMs, head, tail: await digest(file, start, size - start) };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Throws `file-changed` unless the file is the one that was identified; a new time with equal bytes counts as changed. */
export async function checkIdentity(path: string, expected: FileIdentity): Promise<void> {
  const actual = await identityOf(path);
  const same =
    actual.size === expected.size &&
    actual.mtimeMs === expected.mtimeMs &&
    actual.head === expected.head &&
    actual.tail === expected.tail;
  if (!same) throw new TidemarkError('file-changed', { detail: path });
}

/** The cheap check between two parts. */
export async function checkUntouched(path: string, expected: FileIdentity): Promise<void> {
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  if (info.size !== expected.size || info.mtimeMs !== expected.mtimeMs) {
    throw new TidemarkError('file-changed', { detail: path });
  }
}

/** Read from the disk at once, bytes. */
const sliceBytes = 256 * 1024;

/**
 * Exactly these bytes, slice by slice, so that a part of any size takes little memory; a file that has
 * become shorter throws `file-changed`.
 */
export async function* readSlices(path: string, start: number, length: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw fileError(error, path);
  });
  try {
    for (let at = 0; at < length;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(sliceBytes, length - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, start + at).catch((error: unknown) => {
        throw fileError(error, path);
      });
      if (bytesRead === 0) throw new TidemarkError('file-changed', { detail: path });
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** MD5 of these bytes, hex. */
export async function md5OfRange(path: string, start: number, length: number): Promise<string> {
  const hash = createHash('md5');
  for await (const slice of readSlices(path, start, length)) hash.update(slice);
  return hash.digest('hex');
}

async function digest(file: FileHandle, start: number, length: number): Promise<string> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, start);
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
}

function fileError(error: unknown, path: string): unknown {
  if (error instanceof TidemarkError) return error;
  if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR'))
    return new TidemarkError('file-gone', { detail: path });
  if (error instanceof Error && 'code' in error) {
    return new TidemarkError('file-unreadable', { detail: `${path}: ${String(error.code)}`, cause: error });
  }
  return error;
}
