import type { FileHandle } from 'node:fs/promises';
import { MediaError } from './error.ts';
import { readAt } from './file.ts';

/** A box (atom) of an ISO base media file. */
export type Box = {
  readonly name: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes, header included, as declared; may reach past the end of a file that was cut off. */
  readonly size: number;
  readonly headerSize: number;
};

type Range = { readonly start: number; readonly end: number };

/**
 * The boxes that lie side by side in `range`, in file order; reads headers only. A header that makes no sense
 * or is cut off throws `MediaError` `damaged`. The last box may declare more than the range holds.
 */
export async function* boxesIn(file: FileHandle, range: Range): AsyncGenerator<Box> {
  for (let offset = range.start; offset < range.end;) {
    const box = parseBoxHeader(await readAt(file, offset, 16), offset, range.end);
    if (box === null) {
      throw new MediaError(
        'damaged',
        `The file has no valid box at byte ${offset}; it is cut off or broken.`,
      );
    }
    yield box;
    offset += box.size;
  }
}

/** The box whose header is `bytes`, at `offset`; null where that is none. `end` closes a box of open size. */
export function parseBoxHeader(bytes: Buffer, offset: number, end: number): Box | null {
  if (bytes.length < 8) return null;
  const name = bytes.toString('latin1', 4, 8);
  if (!/^[\x20-\x7e\xa9]{4}$/.test(name)) return null;
  const short = bytes.readUInt32BE(0);
  if (short === 0) return { name, offset, size: end - offset, headerSize: 8 };
  if (short !== 1) return short < 8 ? null : { name, offset, size: short, headerSize: 8 };
  if (bytes.length < 16) return null;
  const size = Number(bytes.readBigUInt64BE(8));
  return size < 16 || !Number.isSafeInteger(size) ? null : { name, offset, size, headerSize: 16 };
}

/** Where the inside of a box lies, beginning `skip` bytes after its header. */
export function insideOf(box: Box, skip = 0): Range {
  return { start: box.offset + box.headerSize + skip, end: box.offset + box.size };
}
