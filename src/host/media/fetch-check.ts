import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import Type, { type Static } from 'typebox';

/** What a fetched file was when it was found whole: how a change of it is noticed later. */
export const FileCheck = Type.Object({
  size: Type.Number(),
  /** ms, of the file on this disk. */
  mtime: Type.Number(),
  md5: Type.String(),
});
export type FileCheck = Static<typeof FileCheck>;

const pieceBytes = 4 * 1024 * 1024;

/** Reads the file back from the disk. Throws what the disk says. */
export async function checkOf(path: string, signal?: AbortSignal): Promise<FileCheck> {
  const file = await open(path, 'r');
  try {
    const hash = createHash('md5');
    const piece = Buffer.allocUnsafe(pieceBytes);
    let size = 0;
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(piece, 0, pieceBytes, size);
      if (bytesRead === 0) break;
      hash.update(piece.subarray(0, bytesRead));
      size += bytesRead;
    }
    const { mtimeMs } = await file.stat();
    return { size, mtime: mtimeMs, md5: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

/** Whether the file is what it was; `unsure` where only its content can tell. Reads nothing of it. */
export async function quickCheck(path: string, was: FileCheck): Promise<'same' | 'changed' | 'unsure'> {
  const info = await stat(path).catch(() => null);
  if (info === null || info.size !== was.size) return 'changed';
  return info.mtimeMs === was.mtime ? 'same' : 'unsure';
}
