import { availableParallelism } from 'node:os';
import { MediaError } from './error.ts';
import type { FrameTable } from '../domain/frame-time.ts';
import { sameTiming } from '../domain/frame-time.ts';
import type { FoundTools } from './tools.ts';

export type VideoEncoding = {
  readonly tools: FoundTools;
  readonly width: number;
  readonly height: number;
  readonly crf: number;
  /** Frames from key frame to key frame. */
  readonly gop: number;
  readonly preset: 'veryfast' | 'fast';
  readonly timescale: number;
};

/**
 * Arguments that encode every source frame as H.264 at its own time. No frame rate appears: `passthrough` keeps
 * the frames, the encoder's time base is the source's, and without B-frames the order of storage is that of
 * showing. The picture starts at time 0, whenever the source's did.
 */
export function videoArguments(encoding: VideoEncoding): readonly string[] {
  const { tools, width, height, gop } = encoding;
  const timescale = String(encodingTimescale(encoding.timescale));
  const filters = [
    'setpts=PTS-STARTPTS',
    'yadif=mode=send_frame:deint=interlaced', // one frame out for each in; progressive ones stay as they are
    `scale=${width}:${height}`,
    'setsar=1',
    'format=yuv420p',
  ];
  return [
    ...['-vf', filters.join(',')],
    ...encoderArguments(encoding),
    ...['-bf', '0', '-g', String(gop), '-threads', String(encoderThreads())],
    ...tools.passthrough,
    ...['-enc_time_base', `1:${timescale}`, '-video_track_timescale', timescale, '-write_tmcd', '0'],
  ];
}

/** Audio as AAC stereo, beginning with the first picture, for a file whose picture starts at time 0. */
export function audioArguments(firstFrameSeconds: number): readonly string[] {
  const start = firstFrameSeconds.toFixed(6);
  const filters = [`atrim=start=${start}`, `asetpts=PTS-${start}/TB`, 'aresample=async=1:first_pts=0'];
  return ['-af', filters.join(','), '-c:a', 'aac', '-ac', '2', '-b:a', '128k'];
}

/** Times before `-i` that keep the file's own clock, the one of the frame table. */
export const inputClock: readonly string[] = ['-copyts'];

/**
 * Refuses a copy that lost or moved frames: a source that is cut off makes ffmpeg stop early and still report
 * success. The copy may round to its own ticks, so half a millisecond is allowed.
 */
export function checkCopy(source: FrameTable, copy: FrameTable, what: string): void {
  const result = sameTiming(source, copy, 0.0005 + 1 / source.timescale);
  if (result.kind === 'same') return;
  const detail = JSON.stringify(result);
  throw new MediaError(
    'transcode-mismatch',
    result.kind === 'count-differs'
      ? `${what} has ${result.actual} frames where the source has ${result.expected}. The source may be damaged.`
      : `${what} shows frame ${result.frame} at another time than the source.`,
    { detail },
  );
}

/** MP4 and x264 want moderate clocks; a source that counts nanoseconds is rounded to 1/90000 s. */
function encodingTimescale(source: number): number {
  return source >= 1_000 && source <= 1_000_000 ? source : source < 1_000 ? source * 1_000 : 90_000;
}

function encoderArguments({ tools, crf, preset, width, height, gop }: VideoEncoding): readonly string[] {
  switch (tools.h264Encoder) {
    case 'libx264':
      // sc_threshold 0: no key frames at cuts, so that they fall on the same frames at every height
      return [
        ...['-c:v', 'libx264', '-preset', preset, '-tune', 'fastdecode', '-crf', String(crf)],
        ...['-sc_threshold', '0', '-keyint_min', String(gop), '-flags', '+cgop'],
      ];
    case 'h264_videotoolbox':
    case 'libopenh264':
    case 'h264_mf':
      // these know no constant quality: about 0.1 bit a pixel at 30 frames a second
      return ['-c:v', tools.h264Encoder, '-b:v', String(Math.max(200_000, width * height * 3))];
    case null:
      throw new MediaError(
        'tools-missing',
        `The ffmpeg program that was found (${tools.version}) cannot make H.264 video. Install one with libx264.`,
      );
  }
}

/** One core is left to the user. */
function encoderThreads(): number {
  return Math.max(1, availableParallelism() - 1);
}
