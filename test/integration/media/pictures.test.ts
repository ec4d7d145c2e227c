import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { animatePictures, tilePictures } from '../../../src/media/compose.ts';
import { extractFrame, extractImage } from '../../../src/media/frames.ts';
import { probeMedia } from '../../../src/media/probe.ts';
import { sampleClip } from '../../support/shared-data.ts';
import { ffmpeg, patternsOf, probeVideo, tools, useFolder } from './support.ts';

const at = useFolder();

async function still(frame: number, more: object = {}): Promise<Buffer> {
  const { frameTable } = await probeVideo(sampleClip());
  return extractFrame(sampleClip(), frameTable, frame, { tools, format: 'png', ...more });
}

async function sizeOf(name: string, bytes: Buffer): Promise<[number, number]> {
  await writeFile(at(name), bytes);
  const { width, height } = await probeMedia(at(name));
  return [width, height];
}

/** Colour of the only pixel of a picture that is scaled to one. */
async function meanColour(name: string): Promise<number[]> {
  await ffmpeg(
    '-i',
    at(name),
    '-vf',
    'scale=1:1:flags=area',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    at('one.raw'),
  );
  const { readFile } = await import('node:fs/promises');
  return [...(await readFile(at('one.raw')))];
}

describe('a cut of a frame', () => {
  it('has exactly the pixels of that part', async () => {
    // left half red, right half blue, with the border on an odd column
    await ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'color=blue:s=41x30',
      '-vf',
      'drawbox=0:0:21:30:red:fill',
      '-frames:v',
      '1',
      at('halves.png'),
    );
    const cut = { x: 21 / 41, y: 0.5, width: 20 / 41, height: 0.5 };
    const picture = await extractImage(at('halves.png'), { tools, format: 'png', crop: cut });
    expect(await sizeOf('cut.png', picture)).toEqual([20, 15]);
    const [red = 255, , blue = 0] = await meanColour('cut.png');
    expect([red < 10, blue > 240]).toEqual([true, true]);
  });

  it('may be as small as a pixel, and is scaled where asked', async () => {
    const crop = { x: 0.999, y: 0.999, width: 0, height: 0 };
    expect(await sizeOf('dot.png', await still(3, { crop }))).toEqual([1, 1]);
    expect(await sizeOf('big.png', await still(3, { crop, size: { width: 31, height: 17 } }))).toEqual([
      31, 17,
    ]);
  });
});

describe('several frames', () => {
  it('are tiled row by row', async () => {
    const pictures = [await still(5), await still(60), await still(200)];
    const tiled = await tilePictures(pictures, { columns: 2, rows: 2, format: 'png', tools });
    expect(await sizeOf('tiled.png', tiled)).toEqual([1280, 720]);
    const numbers: (number | null)[] = [];
    for (const [x, y] of [
      [0, 0],
      [0.5, 0],
      [0, 0.5],
    ] as const) {
      const part = await extractImage(at('tiled.png'), {
        tools,
        format: 'png',
        crop: { x, y, width: 0.5, height: 0.5 },
      });
      await writeFile(at('part.png'), part);
      numbers.push(...(await patternsOf(at('part.png'), { width: 640, height: 360 })));
    }
    expect(numbers).toEqual([5, 60, 200]);
  });

  it.each(['gif', 'mp4'] as const)('are shown one after the other as %s', async (format) => {
    const pictures = [await still(5), await still(60), await still(200)];
    const film = await animatePictures(pictures, { framesPerSecond: 2, format, tools });
    expect(await sizeOf(`film.${format}`, film)).toEqual([640, 360]);
    expect(await patternsOf(at(`film.${format}`), { width: 640, height: 360 })).toEqual([5, 60, 200]);
  });
});
