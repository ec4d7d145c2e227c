import { boxesIn, type Box } from './boxes.ts';
import { MediaError } from './error.ts';
import { readAt, withFile } from './file.ts';
import { indexIsSound } from './sample-tables.ts';

/** How a container's own lengths disagree with the file's. */
export type Damage =
  /** An MP4 or QuickTime file without `moov`: nobody can tell where its frames are. */
  | { readonly kind: 'no-index' }
  /** The index contradicts itself. */
  | { readonly kind: 'broken-index' }
  | { readonly kind: 'cut-off'; readonly missingBytes: number };

const isoStarts = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'styp', 'moof']);

/** Compares the lengths that a container declares with the file's size; null where all is there. */
export async function findDamage(path: string, size: number): Promise<Damage | null> {
  return await withFile(path, async (file) => {
    const head = await readAt(file, 0, 64);
    if (isoStarts.has(head.toString('latin1', 4, 8))) return await isoDamage();
    if (head.length > 12 && head.readUInt32BE(0) === 0x1a45dfa3) return missing(matroskaEnd(head));
    if (head.toString('latin1', 0, 4) === 'RIFF') return missing(riffEnd(head));
    return null;

    async function isoDamage(): Promise<Damage | null> {
      let index: Box | null = null;
      let end = 0;
      try {
        for await (const box of boxesIn(file, { start: 0, end: size })) {
          if (box.name === 'moov' && box.offset + box.size <= size) index ??= box;
          end = box.offset + box.size;
        }
      } catch (error) {
        // Junk after the index is harmless; before it, the index cannot be found.
        if (!(error instanceof MediaError)) throw error;
      }
      if (index === null) return { kind: 'no-index' };
      return (await indexIsSound(file, index)) ? missing(end) : { kind: 'broken-index' };
    }
  });

  function missing(end: number | null): Damage | null {
    return end !== null && end > size ? { kind: 'cut-off', missingBytes: end - size } : null;
  }
}

/** Where a RIFF file (AVI) says that it ends; recorders leave 0 or all ones while they write. */
function riffEnd(head: Buffer): number | null {
  const length = head.readUInt32LE(4);
  return length === 0 || length === 0xffffffff ? null : length + 8;
}

/** Where the segment after the EBML header says that it ends; null for a live recording of unknown length. */
function matroskaEnd(head: Buffer): number | null {
  const header = ebmlLength(head, 4);
  if (header === null) return null;
  const segment = header.next + header.value;
  if (segment + 12 > head.length || head.readUInt32BE(segment) !== 0x18538067) return null;
  const length = ebmlLength(head, segment + 4);
  return length === null ? null : length.next + length.value;
}

/** An EBML variable-length number; null for the reserved "unknown". */
function ebmlLength(bytes: Buffer, at: number): { readonly value: number; readonly next: number } | null {
  const first = bytes[at] ?? 0;
  const width = Math.clz32(first) - 23; // leading zeros of the byte, plus one
  if (first === 0 || at + width > bytes.length) return null;
  let value = first & (0xff >> width);
  let allOnes = value === 0xff >> width;
  for (let i = 1; i < width; i++) {
    const byte = bytes[at + i] ?? 0;
    value = value * 256 + byte;
    allOnes &&= byte === 0xff;
  }
  return allOnes ? null : { value, next: at + width };
}
