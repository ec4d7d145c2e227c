import { stat, type FileHandle } from 'node:fs/promises';
import { boxesIn, insideOf, type Box } from './boxes.ts';
import { MediaError } from './error.ts';
import { readAt, withFile } from './file.ts';

/** One top-level box of a streaming file. */
export type Segment = {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /** Only on `moof`: number of the fragment's first frame, and how many it holds. */
  readonly frame_start?: number;
  readonly frame_samples?: number;
};

/** The `segment_info` file that the stock web player reads, version 2. */
export type SegmentIndex = {
  readonly file: { /** Seconds. */ readonly start: number; readonly version: 2 };
  readonly segments: readonly Segment[];
};

/**
 * Reads the layout of a fragmented MP4 with one video track. `start` is the time of its first frame in seconds.
 * Every byte of the file belongs to exactly one segment. Throws `MediaError` `damaged` where the file is cut
 * off, and `unsupported` where its layout is not the one that players of this format expect.
 */
export async function buildSegmentIndex(
  path: string,
  { start }: { readonly start: number },
): Promise<SegmentIndex> {
  return await withFile(path, async (file) => {
    const { size: fileSize } = await stat(path);
    const segments: Segment[] = [];
    let frames = 0;
    for await (const box of boxesIn(file, { start: 0, end: fileSize })) {
      if (box.offset + box.size > fileSize) {
        throw new MediaError('damaged', `The box ${box.name} at byte ${box.offset} is cut off.`);
      }
      const { name, offset, size } = box;
      if (name !== 'moof') {
        segments.push({ name, offset, size });
        continue;
      }
      const samples = await samplesOf(file, box);
      segments.push({ name, offset, size, frame_start: frames, frame_samples: samples });
      frames += samples;
    }
    checkLayout(segments);
    return { file: { start, version: 2 }, segments };
  });
}

/** Frames in all fragments. */
export function framesInIndex(index: SegmentIndex): number {
  return index.segments.reduce((sum, segment) => sum + (segment.frame_samples ?? 0), 0);
}

/** The players take entries 0 and 1 for the initialisation, 2 for the beginning, and an `mdat` after each `moof`. */
function checkLayout(segments: readonly Segment[]): void {
  const names = segments.map(({ name }) => name);
  const ordered = names[0] === 'ftyp' && names[1] === 'moov' && names[2] === 'moof';
  const paired = names.every((name, i) => name !== 'moof' || names[i + 1] === 'mdat');
  if (!ordered || !paired) {
    throw new MediaError(
      'unsupported',
      `This is no fragmented MP4 for streaming; it begins ${names.slice(0, 4).join(' ')}.`,
    );
  }
}

/** The sum of the sample counts of all `trun` boxes of a fragment. */
async function samplesOf(file: FileHandle, moof: Box): Promise<number> {
  let samples = 0;
  for await (const traf of boxesIn(file, insideOf(moof))) {
    if (traf.name !== 'traf') continue;
    for await (const trun of boxesIn(file, insideOf(traf))) {
      if (trun.name !== 'trun') continue;
      // a trun is: version and flags (4 bytes), then the sample count
      const bytes = await readAt(file, insideOf(trun, 4).start, 4);
      if (bytes.length < 4)
        throw new MediaError('damaged', `The fragment at byte ${moof.offset} is cut off.`);
      samples += bytes.readUInt32BE(0);
    }
  }
  return samples;
}
