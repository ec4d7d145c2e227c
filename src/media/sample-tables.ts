import type { FileHandle } from 'node:fs/promises';
import { insideOf, parseBoxHeader, type Box } from './boxes.ts';
import { readAt } from './file.ts';

/** Boxes that hold nothing but boxes, on the way from `moov` to the tables of a track. */
const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'edts']);

/** Bytes an entry, after version, flags and count (8 bytes). */
const entrySizes: Readonly<Record<string, number>> = {
  stts: 8,
  ctts: 8,
  stss: 4,
  stco: 4,
  co64: 8,
  stsc: 12,
};

/** A `moov` of an hour at 60 frames a second has some 5 MB; more than this is not read as a whole. */
const largestIndex = 512 * 2 ** 20;

/**
 * Whether the tables of an MP4's index agree with their own lengths and with each other. A damaged count can
 * claim billions of frames, and a reader that believes it fills all memory; so this is asked first.
 */
export async function indexIsSound(file: FileHandle, moov: Box): Promise<boolean> {
  if (moov.size > largestIndex) return false;
  const bytes = await readAt(file, moov.offset, moov.size);
  const root = parseBoxHeader(bytes, 0, bytes.length);
  return root !== null && bytes.length === moov.size && isSound(bytes, root);
}

function isSound(bytes: Buffer, box: Box): boolean {
  const children = childrenOf(bytes, box);
  if (children === null) return false;
  if (box.name === 'stbl' && !tablesAgree(bytes, children)) return false;
  return children.every((child) => !containers.has(child.name) || isSound(bytes, child));
}

/** The boxes inside; null where one does not fit. QuickTime may close a list with a zero of 4 bytes. */
function childrenOf(bytes: Buffer, box: Box): readonly Box[] | null {
  const { start, end } = insideOf(box);
  const children: Box[] = [];
  for (let at = start; at + 8 <= end;) {
    const child = parseBoxHeader(bytes.subarray(at, at + 16), at, end);
    if (child === null || at + child.size > end) return null;
    children.push(child);
    at += child.size;
  }
  return children;
}

/** Every table fits its box, and the runs of times cover no more samples than there are. */
function tablesAgree(bytes: Buffer, tables: readonly Box[]): boolean {
  const sizes = tables.find(({ name }) => name === 'stsz');
  const samples = sizes === undefined ? null : sampleCount(bytes, sizes);
  if (sizes !== undefined && samples === null) return false;
  return tables.every((table) => {
    const entrySize = entrySizes[table.name];
    if (entrySize === undefined) return true;
    const { start, end } = insideOf(table, 4);
    if (start + 4 > end) return false;
    const entries = bytes.readUInt32BE(start);
    if (start + 4 + entries * entrySize > end) return false;
    if (samples === null || (table.name !== 'stts' && table.name !== 'ctts')) return true;
    let covered = 0;
    for (let i = 0; i < entries; i++) covered += bytes.readUInt32BE(start + 4 + i * entrySize);
    return covered <= samples;
  });
}

/** The number of samples; null where the box is too short for it. */
function sampleCount(bytes: Buffer, stsz: Box): number | null {
  const { start, end } = insideOf(stsz, 4);
  if (start + 8 > end) return null;
  const fixedSize = bytes.readUInt32BE(start);
  const count = bytes.readUInt32BE(start + 4);
  return fixedSize === 0 && start + 8 + count * 4 > end ? null : count;
}
