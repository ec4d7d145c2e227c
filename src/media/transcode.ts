import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { durationOf, frameCount, intervalOf } from '../domain/frame-time.ts';
import type { FrameTable } from '../domain/frame-time.ts';
import { checkCopy, inputClock, videoArguments } from './encode.ts';
import { MediaError } from './error.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { writeThenRename } from './file.ts';
import { ladderFor, type Rung, type RungSetting } from './ladder.ts';
import { probeMedia, type VideoProbe } from './probe.ts';
import { buildSegmentIndex, framesInIndex, type SegmentIndex } from './segments.ts';
import type { FoundTools } from './tools.ts';

/** The player downloads whole fragments; video-format.md 10.5 and 10.11 ask for at most 25 frames each. */
const streamingGop = 25;

export type TranscodeProgress = {
  readonly stage: 'encoding' | 'checking';
  /** 0 to 1, of the stage. */
  readonly fraction: number;
};

export type TranscodeOptions = {
  readonly tools: FoundTools;
  /** What `probeMedia` said of the input. */
  readonly probe: VideoProbe;
  readonly ladder?: readonly RungSetting[] | undefined;
  readonly onProgress?: ((progress: TranscodeProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type StreamingFile = {
  readonly path: string;
  readonly segmentsPath: string;
  readonly segments: SegmentIndex;
  readonly height: number;
  readonly width: number;
  readonly codec: 'h264';
  readonly codecDescription: string;
  /** Such as `video/mp4; codecs="avc1.640028"`. */
  readonly codecMime: string;
  readonly size: number;
  /** Bits a second. */
  readonly bitRate: number;
  /** Times in this file; its frame `n` is the source's frame `n`. */
  readonly frameTable: FrameTable;
};

/**
 * Makes the streaming files of video-format.md 10.2 to 10.4 in `outDir`: `<height>.mp4` and `<height>.json`,
 * ascending by height. All appear together or none does. They hold the source's frames, each at its own time
 * since the first, or `MediaError` `transcode-mismatch` is thrown.
 *
 * Tator's own transcoder appends 0.08 s of black, because its player stops a little before the end, and counts
 * those frames into `num_frames`. Here nothing is appended: a frame number must mean the same picture in the
 * source, in every copy and on the server, and `num_frames` must equal the source's count.
 */
export async function transcodeStreaming(
  input: string,
  outDir: string,
  { tools, probe, ladder, onProgress, signal }: TranscodeOptions,
): Promise<readonly StreamingFile[]> {
  const rungs = ladderFor(probe, ladder);
  const purpose = `Converting ${basename(input)}`;
  const total = frameCount(probe.frameTable);
  await mkdir(outDir, { recursive: true });
  const videos = rungs.map(({ height }) => join(outDir, `${height}.mp4`));
  const indexes = rungs.map(({ height }) => join(outDir, `${height}.json`));
  return await writeThenRename([...videos, ...indexes], async (temporary) => {
    const parts = temporary.slice(0, rungs.length);
    const outputs = rungs.flatMap((rung, i) => outputArguments(rung, { tools, probe, path: parts[i] ?? '' }));
    await runFfmpeg({
      tools,
      args: [...inputClock, '-i', input, ...outputs],
      purpose,
      folder: outDir,
      signal,
      onFrames: (frames) => onProgress?.({ stage: 'encoding', fraction: Math.min(1, frames / total) }),
    });
    const files: StreamingFile[] = [];
    for (const [i, rung] of rungs.entries()) {
      onProgress?.({ stage: 'checking', fraction: i / rungs.length });
      const file = await checkStreaming(parts[i] ?? '', { rung, source: probe.frameTable, signal });
      await writeFile(temporary[rungs.length + i] ?? '', JSON.stringify(file.segments));
      files.push({ ...file, path: videos[i] ?? '', segmentsPath: indexes[i] ?? '' });
    }
    onProgress?.({ stage: 'checking', fraction: 1 });
    return files;
  });
}

function outputArguments(
  { height, width, crf }: Rung,
  { tools, probe, path }: { readonly tools: FoundTools; readonly probe: VideoProbe; readonly path: string },
): readonly string[] {
  const { timescale } = probe.frameTable;
  return [
    ...['-map', '0:V:0', '-an', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1'],
    ...videoArguments({ tools, width, height, crf, gop: streamingGop, preset: 'fast', timescale }),
    ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4', path],
  ];
}

type Check = { readonly rung: Rung; readonly source: FrameTable; readonly signal: AbortSignal | undefined };

async function checkStreaming(
  path: string,
  { rung, source, signal }: Check,
): Promise<Omit<StreamingFile, 'path' | 'segmentsPath'>> {
  const what = `The ${rung.height} line copy`;
  const copy = await probeMedia(path, { signal });
  if (copy.kind !== 'video') throw new MediaError('transcode-mismatch', `${what} is no video.`);
  checkCopy(source, copy.frameTable, what);
  const segments = await buildSegmentIndex(path, { start: intervalOf(copy.frameTable, 0).start });
  if (framesInIndex(segments) !== frameCount(source) || copy.gop.longestFrames > streamingGop) {
    throw new MediaError(
      'transcode-mismatch',
      `The fragments of the ${rung.height} line copy are not as planned.`,
    );
  }
  const { size } = await stat(path);
  return {
    segments,
    height: rung.height,
    width: rung.width,
    codec: 'h264',
    codecDescription: 'H.264 / AVC / MPEG-4 AVC / MPEG-4 part 10',
    codecMime: `video/mp4; codecs="${copy.codecString ?? 'avc1'}"`,
    size,
    bitRate: Math.round((size * 8) / durationOf(copy.frameTable)),
    frameTable: copy.frameTable,
  };
}
