import { rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { frameCount, intervalOf, type FrameTable } from '../domain/frame-time.ts';
import { checkCopy, inputClock, videoArguments } from './encode.ts';
import { MediaError } from './error.ts';
import { runFfmpeg, type FfmpegRun } from './ffmpeg.ts';
import { writeThenRename } from './file.ts';
import { even } from './ladder.ts';
import { probeMedia, type VideoProbe } from './probe.ts';
import type { FoundTools } from './tools.ts';

/** A part of a picture as fractions of its width and height, from the top left; lies within it. */
export type Crop = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

export type PixelSize = { readonly width: number; readonly height: number };

export type PictureOptions = {
  readonly tools: FoundTools;
  readonly format: 'png' | 'jpeg';
  /** Only this part, at least one pixel each way; else the whole picture. */
  readonly crop?: Crop | undefined;
  /** Scales to exactly this size; else pixels stay as they are. */
  readonly size?: PixelSize | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Up to here decoding from the start costs less than a second look. */
const nearStart = 48;

/** Decoding begins this long before the frame, so that pictures before a key frame have what they refer to. */
const leadSeconds = 1;

/**
 * The exact picture of `frame`, counted as in `table`, which must be the table of the file at `path`. Seeks by
 * time and checks that the time of the picture is the frame's; where it is not, counts from the start.
 */
export async function extractFrame(
  path: string,
  table: FrameTable,
  frame: number,
  options: PictureOptions,
): Promise<Buffer> {
  checkFrame(table, frame, path);
  const sought = frame > nearStart ? await extractByTime(path, table, frame, options) : null;
  return sought ?? (await extractByCount(path, frame, options));
}

async function extractByTime(
  path: string,
  table: FrameTable,
  frame: number,
  options: PictureOptions,
): Promise<Buffer | null> {
  const { start, end } = intervalOf(table, frame);
  const before = intervalOf(table, frame - 1);
  const slack = Math.min(end - start, before.end - before.start) / 2;
  if (slack <= 0) return null;
  const seek = Math.max(0, start - leadSeconds).toFixed(6);
  const { image, log } = await extract(path, options, {
    before: ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', seek, ...inputClock],
    // showinfo tells the time of the one picture that passes
    select: `select=gte(t\\,${(start - slack).toFixed(6)}),showinfo`,
    logLevel: 'info',
  });
  const shown = Number(/\bn: *0 .*?pts_time: *(-?[\d.]+)/.exec(log)?.[1] ?? NaN);
  return Math.abs(shown - start) < slack && image.length > 0 ? image : null;
}

async function extractByCount(path: string, frame: number, options: PictureOptions): Promise<Buffer> {
  const { image } = await extract(path, options, {
    before: [],
    select: `select=eq(n\\,${frame})`,
    logLevel: 'error',
  });
  if (image.length > 0) return image;
  throw new MediaError('damaged', `Frame ${frame} of ${basename(path)} cannot be decoded.`);
}

type Extraction = {
  readonly before: readonly string[];
  /** Null where the first picture is meant. */
  readonly select: string | null;
  readonly logLevel: NonNullable<FfmpegRun['logLevel']>;
};

async function extract(
  path: string,
  { tools, format, crop, size, signal }: PictureOptions,
  { before, select, logLevel }: Extraction,
): Promise<{ readonly image: Buffer; readonly log: string }> {
  const chunks: Buffer[] = [];
  const filters = [...(select === null ? [] : [select]), ...pictureFilters(crop, size)];
  const log = await runFfmpeg({
    tools,
    args: [
      ...[...before, '-i', path, '-map', '0:V:0', '-vf', filters.join(','), '-frames:v', '1'],
      ...[...tools.passthrough, ...stillCoding(format), '-f', 'image2pipe', 'pipe:1'],
    ],
    purpose: `Reading a frame of ${basename(path)}`,
    signal,
    logLevel,
    onOutput: (chunk) => void chunks.push(chunk),
  });
  return { image: Buffer.concat(chunks), log };
}

/** The picture of the image file at `path`. */
export async function extractImage(path: string, options: PictureOptions): Promise<Buffer> {
  const { image } = await extract(path, options, { before: [], select: null, logLevel: 'error' });
  if (image.length > 0) return image;
  throw new MediaError('damaged', `The image ${basename(path)} cannot be decoded.`);
}

/** In RGB, so that a cut falls on any pixel; with half as much colour as light it would move to even ones. */
function pictureFilters(crop: Crop | undefined, size: PixelSize | undefined): readonly string[] {
  const filters = ['setsar=1', 'format=rgb24'];
  if (crop) {
    const [width, height, x, y] = [crop.width, crop.height, crop.x, crop.y].map((part) => part.toFixed(9));
    const cut = [
      `max(1\\,round(iw*${width}))`,
      `max(1\\,round(ih*${height}))`,
      `round(iw*${x})`,
      `round(ih*${y})`,
    ];
    filters.push(`crop=${cut.join(':')}`);
  }
  if (size) filters.push(`scale=${size.width}:${size.height}`, 'setsar=1');
  return filters;
}

/** Encoder arguments of a single picture. */
export function stillCoding(format: PictureOptions['format']): readonly string[] {
  return format === 'png' ? ['-c:v', 'png'] : ['-pix_fmt', 'yuvj420p', '-q:v', '2', '-c:v', 'mjpeg'];
}

export type ExtractClipOptions = {
  readonly tools: FoundTools;
  readonly probe: VideoProbe;
  /** Both inclusive. */
  readonly first: number;
  readonly last: number;
  readonly signal?: AbortSignal | undefined;
};

/**
 * The frames `first` to `last` as an MP4 of their own, every one at its distance from the first. Without
 * sound. Seeks by time; where the frames are not found so, they are counted from the start.
 */
export async function extractClip(input: string, output: string, options: ExtractClipOptions): Promise<void> {
  const { probe, first, last } = options;
  checkFrame(probe.frameTable, first, input);
  checkFrame(probe.frameTable, last, input);
  if (last < first)
    throw new MediaError('no-such-frame', `A clip cannot end (${last}) before it begins (${first}).`);
  const sought = first > nearStart ? byTime(probe.frameTable, first, last) : null;
  try {
    await cutClip(input, output, options, sought ?? byCount(first, last));
  } catch (error) {
    const missed = error instanceof MediaError && error.code === 'transcode-mismatch';
    if (sought === null || !missed) throw error;
    await cutClip(input, output, options, byCount(first, last));
  }
}

/** Arguments before the input, and the condition of the `select` filter. */
type Selection = { readonly before: readonly string[]; readonly chosen: string };

function byCount(first: number, last: number): Selection {
  return { before: [], chosen: `between(n\\,${first}\\,${last})` };
}

/** Null where frames have no time of their own. */
function byTime(table: FrameTable, first: number, last: number): Selection | null {
  const [from, to] = [intervalOf(table, first), intervalOf(table, last)];
  const before = intervalOf(table, first - 1);
  const slack = Math.min(from.end - from.start, before.end - before.start, to.end - to.start) / 2;
  if (slack <= 0) return null;
  const seek = Math.max(0, from.start - leadSeconds).toFixed(6);
  const times = [from.start - slack, to.start + slack].map((time) => time.toFixed(6));
  return {
    before: ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', seek, ...inputClock],
    chosen: `between(t\\,${times.join('\\,')})`,
  };
}

async function cutClip(
  input: string,
  output: string,
  { tools, probe, first, last, signal }: ExtractClipOptions,
  { before, chosen }: Selection,
): Promise<void> {
  const { timescale, ticks } = probe.frameTable;
  const [widthOut, heightOut] = [even(probe.width), even(probe.height)];
  const encoding = {
    tools,
    width: widthOut,
    height: heightOut,
    crf: 18,
    gop: 25,
    preset: 'fast',
    timescale,
  } as const;
  const [filterFlag = '-vf', filters = '', ...rest] = videoArguments(encoding);
  const endTick = Math.round(intervalOf(probe.frameTable, last).end * timescale);
  await writeThenRename([output], async ([path = '']) => {
    await runFfmpeg({
      tools,
      args: [
        ...[
          ...before,
          '-i',
          input,
          '-map',
          '0:V:0',
          '-an',
          '-sn',
          '-dn',
          '-frames:v',
          String(last - first + 1),
        ],
        ...[filterFlag, `select=${chosen},${filters}`, ...rest, '-movflags', '+faststart', '-f', 'mp4', path],
      ],
      purpose: `Cutting a clip from ${basename(input)}`,
      signal,
    });
    const clip = await probeMedia(path, { signal });
    if (clip.kind !== 'video') throw new MediaError('transcode-mismatch', 'The clip is no video.');
    checkCopy({ timescale, ticks: ticks.slice(first, last + 1), endTick }, clip.frameTable, 'The clip');
  });
}

/** Clips that `extractClip` made of one file, one after the other. */
export async function joinClips(
  clips: readonly string[],
  output: string,
  { tools, signal }: { readonly tools: FoundTools; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const list = `${output}.list`;
  const quoted = clips.map((clip) => `file '${clip.replaceAll("'", String.raw`'\''`)}'`);
  await writeFile(list, `${quoted.join('\n')}\n`);
  try {
    await writeThenRename([output], async ([path = '']) => {
      await runFfmpeg({
        tools,
        args: [
          ...['-f', 'concat', '-safe', '0', '-i', list, '-map', '0:V:0', '-c', 'copy'],
          ...['-movflags', '+faststart', '-f', 'mp4', path],
        ],
        purpose: 'Joining clips',
        signal,
      });
    });
  } finally {
    await rm(list, { force: true });
  }
}

function checkFrame(table: FrameTable, frame: number, path: string): void {
  if (Number.isInteger(frame) && frame >= 0 && frame < frameCount(table)) return;
  throw new MediaError(
    'no-such-frame',
    `${basename(path)} has frames 0 to ${frameCount(table) - 1}, not ${frame}.`,
  );
}
