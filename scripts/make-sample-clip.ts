/**
 * Makes `resources/sample`: a short dive that is hard on players on purpose, and a still.
 *
 *   npx tsx scripts/make-sample-clip.ts [folder]
 *
 * The clip starts with sound alone: its first picture comes at 0.5 s. Its frames come unevenly, at about
 * 29.97 a second with a pause of two frames; it has B-frames and a key frame only every 180. Every frame
 * carries its number, in digits and as the strip of `frame-pattern.ts`.
 */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { runFfmpeg } from '../src/media/ffmpeg.ts';
import { findMediaTools, requireTools, type FoundTools } from '../src/media/tools.ts';
import { framePattern, patternCells } from './frame-pattern.ts';
import { fillRect, newPicture, paintScene, type Picture } from './underwater-scene.ts';

const width = 640;
const height = 360;
const frames = 270;

/** When frame N is shown, in 1/30000 s: late start, uneven steps, a pause after frame 119. */
const ticks = '15000+N*1001+333*eq(mod(N\\,3)\\,1)+2002*gte(N\\,120)';

/** Rows of five pixels, for the digits 0 to 9. */
const digits = [
  [14, 17, 19, 21, 25, 17, 14],
  [4, 12, 4, 4, 4, 4, 14],
  [14, 17, 1, 2, 4, 8, 31],
  [31, 2, 4, 2, 1, 17, 14],
  [2, 6, 10, 18, 31, 2, 2],
  [31, 16, 30, 1, 1, 17, 14],
  [6, 8, 16, 30, 17, 17, 14],
  [31, 1, 2, 4, 8, 8, 8],
  [14, 17, 17, 14, 17, 17, 14],
  [14, 17, 17, 15, 1, 2, 12],
];

const white = [255, 255, 255] as const;
const black = [0, 0, 0] as const;

function paintNumber(picture: Picture, frame: number): void {
  const cell = { width: framePattern.cellWidth * width, height: framePattern.cellHeight * height };
  const [left, top] = [framePattern.left * width, framePattern.top * height];
  const cells = patternCells(frame);
  const border = { x: left - 3, y: top - 3, width: cells.length * cell.width + 6, height: cell.height + 6 };
  fillRect(picture, border, black);
  for (const [i, isWhite] of cells.entries()) {
    fillRect(picture, { x: left + i * cell.width, y: top, ...cell }, isWhite ? white : black);
  }
  for (const [place, digit] of Array.from(String(frame).padStart(4, '0')).entries()) {
    paintDigit(picture, Number(digit), { x: width - 100 + place * 21, y: top - 2 });
  }
}

function paintDigit(picture: Picture, digit: number, at: { readonly x: number; readonly y: number }): void {
  for (const [row, bits] of (digits[digit] ?? []).entries()) {
    for (let column = 0; column < 5; column++) {
      if (bits & (16 >> column)) {
        fillRect(picture, { x: at.x + column * 3, y: at.y + row * 3, width: 3, height: 3 }, white);
      }
    }
  }
}

async function* paintDive(): AsyncGenerator<Uint8Array> {
  for (let frame = 0; frame < frames; frame++) {
    const picture = newPicture(width, height);
    paintScene(picture, frame / 29.97);
    paintNumber(picture, frame);
    yield picture.pixels;
  }
}

async function* paintStill(): AsyncGenerator<Uint8Array> {
  const picture = newPicture(width, height);
  paintScene(picture, 41);
  yield picture.pixels;
}

const rawInput = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`];
const sameBytes = [
  '-map_metadata',
  '-1',
  '-fflags',
  '+bitexact',
  '-flags:v',
  '+bitexact',
  '-flags:a',
  '+bitexact',
];

/** The hum of a vehicle, from time 0. */
const hum = 'aevalsrc=0.05*sin(2*PI*62*t)+0.03*sin(2*PI*93*t)*sin(2*PI*0.4*t):s=48000:d=9.6';

async function makeClip(tools: FoundTools, path: string): Promise<void> {
  const video = ['-c:v', 'libx264', '-preset', 'veryslow', '-crf', '27', '-bf', '2', '-threads', '1'];
  const longGop = ['-g', '180', '-keyint_min', '180', '-sc_threshold', '0', '-pix_fmt', 'yuv420p'];
  const times = [
    '-vf',
    `settb=1/30000,setpts=${ticks}`,
    '-enc_time_base',
    '1:30000',
    '-video_track_timescale',
    '30000',
  ];
  await runFfmpeg({
    tools,
    purpose: 'Making the sample clip',
    input: paintDive(),
    args: [
      ...[
        ...rawInput,
        '-r',
        '30000/1001',
        '-i',
        'pipe:0',
        '-f',
        'lavfi',
        '-i',
        hum,
        '-map',
        '0:v',
        '-map',
        '1:a',
      ],
      ...[...times, ...tools.passthrough, ...video, ...longGop, '-c:a', 'aac', '-b:a', '48k', ...sameBytes],
      ...['-movflags', '+faststart', '-f', 'mp4', path],
    ],
  });
}

async function makeStill(tools: FoundTools, path: string): Promise<void> {
  const args = [
    ...rawInput,
    '-i',
    'pipe:0',
    '-frames:v',
    '1',
    '-pix_fmt',
    'yuvj420p',
    '-q:v',
    '4',
    ...sameBytes,
    '-f',
    'mjpeg',
    path,
  ];
  await runFfmpeg({ tools, purpose: 'Making the sample still', input: paintStill(), args });
}

const folder = process.argv[2] ?? fileURLToPath(new URL('../resources/sample', import.meta.url));
const found = await findMediaTools({ env: process.env, platform: process.platform, arch: process.arch });
const tools = requireTools(found, 'Making the sample');
await mkdir(folder, { recursive: true });
await makeClip(tools, join(folder, 'dive.mp4'));
await makeStill(tools, join(folder, 'jellyfish.jpg'));
