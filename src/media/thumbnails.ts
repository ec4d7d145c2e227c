import { basename, dirname } from 'node:path';
import { durationOf, nominalFps } from '../domain/frame-time.ts';
import { MediaError } from './error.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { writeThenRename } from './file.ts';
import { probeMedia, type MediaProbe, type VideoProbe } from './probe.ts';
import type { FoundTools } from './tools.ts';

const thumbnailWidth = 256;

export type ThumbnailFile = {
  readonly path: string;
  readonly mime: 'image/jpeg' | 'image/gif';
  readonly size: number;
  readonly width: number;
  readonly height: number;
};

export type ThumbnailOptions<P extends MediaProbe> = {
  readonly tools: FoundTools;
  readonly probe: P;
  readonly signal?: AbortSignal | undefined;
};

/** A JPEG: of a video its first frame, 256 wide; of an image the whole of it, at most 256 by 256. */
export async function makeThumbnail(
  input: string,
  output: string,
  { tools, probe, signal }: ThumbnailOptions<MediaProbe>,
): Promise<ThumbnailFile> {
  const scale =
    probe.kind === 'video'
      ? `scale=${thumbnailWidth}:${proportionalHeight(probe)}`
      : `scale='min(${thumbnailWidth},iw)':'min(${thumbnailWidth},ih)':force_original_aspect_ratio=decrease`;
  const args = ['-i', input, '-map', '0:V:0', '-frames:v', '1', '-vf', `${scale},setsar=1,format=yuvj420p`];
  return await make({
    input,
    output,
    tools,
    signal,
    mime: 'image/jpeg',
    args: [...args, '-q:v', '3', '-f', 'mjpeg'],
  });
}

/** An animated GIF of the whole video, 256 wide and at least four times as fast; see `gifPlan`. */
export async function makeAnimatedThumbnail(
  input: string,
  output: string,
  { tools, probe, signal }: ThumbnailOptions<VideoProbe>,
): Promise<ThumbnailFile> {
  const { everyFrames, speed } = gifPlan(probe);
  const filters = [
    `select=not(mod(n\\,${everyFrames}))`,
    `setpts=(PTS-STARTPTS)/${speed}`,
    `scale=${thumbnailWidth}:${proportionalHeight(probe)},setsar=1`,
    'split[a][b];[a]palettegen[p];[b][p]paletteuse',
  ];
  const args = [
    '-i',
    input,
    '-map',
    '0:V:0',
    '-an',
    '-vf',
    filters.join(','),
    ...tools.passthrough,
    '-f',
    'gif',
  ];
  return await make({ input, output, tools, signal, mime: 'image/gif', args });
}

/**
 * Which frames the animation takes, and how much faster it runs: one a second of video, of long videos only so
 * many that about sixty remain. Source: video-format.md 10.7.
 */
export function gifPlan(probe: VideoProbe): { readonly everyFrames: number; readonly speed: number } {
  const minutes = Math.max(1, Math.round(durationOf(probe.frameTable) / 60));
  const perSecond = Math.max(1, Math.round(nominalFps(probe.frameTable)));
  return { everyFrames: perSecond * minutes, speed: 4 * minutes };
}

function proportionalHeight({ width, height }: MediaProbe): number {
  return Math.max(1, Math.round((thumbnailWidth * height) / width));
}

type Making = {
  readonly input: string;
  readonly output: string;
  readonly tools: FoundTools;
  readonly signal: AbortSignal | undefined;
  readonly mime: ThumbnailFile['mime'];
  readonly args: readonly string[];
};

async function make({ input, output, tools, signal, mime, args }: Making): Promise<ThumbnailFile> {
  return await writeThenRename([output], async ([path = '']) => {
    const purpose = `Making the thumbnail of ${basename(input)}`;
    await runFfmpeg({ tools, args: [...args, path], purpose, folder: dirname(output), signal });
    const made = await probeMedia(path, { signal });
    if (made.kind !== 'image') throw new MediaError('tool-failed', `${purpose} gave no image.`);
    return { path: output, mime, size: made.size, width: made.width, height: made.height };
  });
}
