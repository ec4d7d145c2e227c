import { runFfmpeg } from './ffmpeg.ts';
import { stillCoding } from './frames.ts';
import type { FoundTools } from './tools.ts';

export type ComposeOptions = { readonly tools: FoundTools; readonly signal?: AbortSignal | undefined };

export type Tiling = {
  readonly columns: number;
  readonly rows: number;
  readonly format: 'png' | 'jpeg';
};

/** PNGs of one size side by side, row by row; places that are left over stay black. */
export async function tilePictures(
  pictures: readonly Buffer[],
  { columns, rows, format, tools, signal }: Tiling & ComposeOptions,
): Promise<Buffer> {
  const args = [
    '-vf',
    `tile=${columns}x${rows}`,
    '-frames:v',
    '1',
    ...stillCoding(format),
    '-f',
    'image2pipe',
  ];
  return await compose(pictures, { args, framesPerSecond: 1, tools, signal, purpose: 'Tiling pictures' });
}

export type Animation = {
  readonly framesPerSecond: number;
  readonly format: 'gif' | 'mp4';
};

/** PNGs of one size one after the other. An MP4 has even sides: it may lose a column and a row of pixels. */
export async function animatePictures(
  pictures: readonly Buffer[],
  { framesPerSecond, format, tools, signal }: Animation & ComposeOptions,
): Promise<Buffer> {
  const args =
    format === 'gif'
      ? ['-vf', 'split[a][b];[a]palettegen[p];[b][p]paletteuse', '-f', 'gif']
      : mp4Arguments(tools);
  return await compose(pictures, { args, framesPerSecond, tools, signal, purpose: 'Animating pictures' });
}

function mp4Arguments({ h264Encoder }: FoundTools): readonly string[] {
  return [
    ...['-vf', 'crop=max(2\\,trunc(iw/2)*2):max(2\\,trunc(ih/2)*2):0:0,format=yuv420p'],
    ...['-c:v', h264Encoder ?? 'mpeg4', '-movflags', '+frag_keyframe+empty_moov', '-f', 'mp4'],
  ];
}

type Composing = ComposeOptions & {
  readonly args: readonly string[];
  readonly framesPerSecond: number;
  readonly purpose: string;
};

async function compose(
  pictures: readonly Buffer[],
  { args, framesPerSecond, tools, signal, purpose }: Composing,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await runFfmpeg({
    tools,
    args: ['-f', 'png_pipe', '-framerate', String(framesPerSecond), '-i', 'pipe:0', ...args, 'pipe:1'],
    purpose,
    signal,
    input: feed(pictures),
    onOutput: (chunk) => void chunks.push(chunk),
  });
  return Buffer.concat(chunks);
}

async function* feed(pictures: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  for (const picture of pictures) yield picture;
}
