import { basename, dirname } from 'node:path';
import { frameCount, intervalOf } from '../domain/frame-time.ts';
import type { FrameTable } from '../domain/frame-time.ts';
import { audioArguments, checkCopy, inputClock, videoArguments } from './encode.ts';
import { MediaError } from './error.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { writeThenRename } from './file.ts';
import { even } from './ladder.ts';
import { probeMedia, type VideoProbe } from './probe.ts';
import type { FoundTools } from './tools.ts';

/** A seek decodes at most this many frames: about 25 ms at 1080 lines. */
const proxyGop = 12;

export type ProxyOptions = {
  readonly tools: FoundTools;
  /** What `probeMedia` said of the input. */
  readonly probe: VideoProbe;
  /** Higher sources are scaled down to it; 1080 unless given. */
  readonly maxHeight?: number | undefined;
  /** 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type Proxy = {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly size: number;
  /** The proxy's own times: its frame `n` is the source's frame `n`, but never use the source's table on it. */
  readonly frameTable: FrameTable;
};

/**
 * Makes one MP4 that Chromium plays and seeks well, with every frame of the source, and its sound. `output`
 * appears only when it is whole and its frames match the source's.
 */
export async function makeProxy(input: string, output: string, options: ProxyOptions): Promise<Proxy> {
  const { tools, probe, maxHeight = 1080, onProgress, signal } = options;
  const height = even(Math.min(probe.height, maxHeight));
  const width = even((probe.width * height) / probe.height);
  const { timescale } = probe.frameTable;
  const total = frameCount(probe.frameTable);
  return await writeThenRename([output], async ([path = '']) => {
    await runFfmpeg({
      tools,
      args: [
        ...[
          ...inputClock,
          '-i',
          input,
          '-map',
          '0:V:0',
          '-sn',
          '-dn',
          '-map_metadata',
          '-1',
          '-map_chapters',
          '-1',
        ],
        ...videoArguments({ tools, width, height, crf: 20, gop: proxyGop, preset: 'veryfast', timescale }),
        ...(probe.hasAudio
          ? ['-map', '0:a:0', ...audioArguments(intervalOf(probe.frameTable, 0).start)]
          : ['-an']),
        ...['-movflags', '+faststart', '-f', 'mp4', path],
      ],
      purpose: `Preparing ${basename(input)} for playing`,
      folder: dirname(output),
      signal,
      onFrames: (frames) => onProgress?.(Math.min(1, frames / total)),
    });
    const copy = await probeMedia(path, { signal });
    if (copy.kind !== 'video') throw new MediaError('transcode-mismatch', 'The playable copy is no video.');
    checkCopy(probe.frameTable, copy.frameTable, 'The playable copy');
    onProgress?.(1);
    return { path: output, width, height, size: copy.size, frameTable: copy.frameTable };
  });
}
