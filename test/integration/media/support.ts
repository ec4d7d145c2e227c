import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { MediaError, MediaErrorCode } from '../../../src/media/error.ts';
import { runFfmpeg } from '../../../src/media/ffmpeg.ts';
import { probeMedia, type VideoProbe } from '../../../src/media/probe.ts';
import { runForText } from '../../../src/media/run-tool.ts';
import { findMediaTools, requireTools, type FoundTools } from '../../../src/media/tools.ts';
import { readFramePattern } from '../../support/frame-pattern.ts';

export const tools: FoundTools = requireTools(
  await findMediaTools({ env: process.env, platform: process.platform, arch: process.arch }),
  'This test',
);

/** A folder for the tests of a file, gone afterwards. */
export function useFolder(): (name: string) => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-media-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return (name) => join(folder, name);
}

export async function ffmpeg(...args: readonly string[]): Promise<void> {
  await runFfmpeg({ tools, args, purpose: 'Making a test input' });
}

export async function probeVideo(path: string): Promise<VideoProbe> {
  const probe = await probeMedia(path, { tools });
  if (probe.kind !== 'video') throw new Error(`${path} is not a video`);
  return probe;
}

/** The presentation times that ffprobe sees, in seconds, ascending; without those before the edit list. */
export async function timesByFfprobe(path: string): Promise<readonly number[]> {
  const args = [
    '-v',
    'error',
    '-select_streams',
    'V:0',
    '-show_entries',
    'packet=pts_time,flags',
    '-of',
    'csv=p=0',
    path,
  ];
  const { stdout } = await runForText(tools.ffprobe ?? 'ffprobe', args);
  return (
    stdout
      .trim()
      .split('\n')
      // side data of a packet makes a line without a time
      .filter((line) => /^-?\d/.test(line) && line.split(',')[1]?.[1] !== 'D')
      .map((line) => Number(line.split(',')[0]))
      .sort((a, b) => a - b)
  );
}

/** The numbers that the decoded pictures of a copy of our sample carry, in order of showing. */
export async function patternsOf(
  path: string,
  { width, height }: { width: number; height: number },
): Promise<(number | null)[]> {
  const chunks: Buffer[] = [];
  await runFfmpeg({
    tools,
    purpose: 'Decoding',
    args: [
      '-i',
      path,
      '-map',
      '0:V:0',
      ...tools.passthrough,
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      'pipe:1',
    ],
    onOutput: (chunk) => void chunks.push(chunk),
  });
  const all = Buffer.concat(chunks);
  const size = width * height * 3;
  expect(all.length % size).toBe(0);
  return Array.from({ length: all.length / size }, (_, i) =>
    readFramePattern(all.subarray(i * size, (i + 1) * size), width, height),
  );
}

/** The promise must fail with this code; gives the error for a closer look. */
export async function failure(work: Promise<unknown>, code: MediaErrorCode): Promise<MediaError> {
  const error: unknown = await work.then(
    () => 'it did not fail',
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'MediaError', code });
  return error as MediaError;
}
