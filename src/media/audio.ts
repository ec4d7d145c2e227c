import { basename, dirname } from 'node:path';
import { stat } from 'node:fs/promises';
import { durationOf, intervalOf } from '../domain/frame-time.ts';
import { audioArguments, inputClock } from './encode.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { writeThenRename } from './file.ts';
import type { VideoProbe } from './probe.ts';
import type { FoundTools } from './tools.ts';

export type AudioFile = {
  readonly path: string;
  readonly codec: 'aac';
  readonly codecDescription: string;
  readonly size: number;
  /** Bits a second. */
  readonly bitRate: number;
};

export type AudioOptions = {
  readonly tools: FoundTools;
  readonly probe: VideoProbe;
  readonly signal?: AbortSignal | undefined;
};

/**
 * The sound of a video as AAC stereo, beginning with its first picture as the streaming files do (the player
 * keeps them in step by time). Null if the source has none.
 */
export async function extractAudio(
  input: string,
  output: string,
  options: AudioOptions,
): Promise<AudioFile | null> {
  const { tools, probe, signal } = options;
  if (!probe.hasAudio) return null;
  return await writeThenRename([output], async ([path = '']) => {
    await runFfmpeg({
      tools,
      args: [
        ...[...inputClock, '-i', input, '-map', '0:a:0', '-vn', '-sn', '-dn', '-map_metadata', '-1'],
        ...audioArguments(intervalOf(probe.frameTable, 0).start),
        ...['-movflags', '+faststart', '-f', 'ipod', path],
      ],
      purpose: `Taking the sound of ${basename(input)}`,
      folder: dirname(output),
      signal,
    });
    const { size } = await stat(path);
    const bitRate = Math.round((size * 8) / durationOf(probe.frameTable));
    return { path: output, codec: 'aac', codecDescription: 'AAC (Advanced Audio Coding)', size, bitRate };
  });
}
