import { copyFile, mkdir, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { frameAt, frameCount, intervalOf, middleOf, nominalFps } from '../../../src/domain/frame-time.ts';
import { mediaMd5 } from '../../../src/media/md5.ts';
import { playableInChromium, probeMedia } from '../../../src/media/probe.ts';
import { findMediaTools } from '../../../src/media/tools.ts';
import { diveClip, sampleClip } from '../../support/shared-data.ts';
import { failure, ffmpeg, probeVideo, timesByFfprobe, tools, useFolder } from './support.ts';

const at = useFolder();
const real = diveClip();
if (real === null) console.log('skipped: the real dive clip is not beside the repository');

/** Readers differ by a fraction of a frame in where an edit list puts time 0; what counts is the step from frame 0. */
async function expectFfprobesTimes(
  path: string,
  from: 'start of file' | 'frame 0' = 'start of file',
): Promise<void> {
  const { frameTable } = await probeVideo(path);
  const times = await timesByFfprobe(path);
  expect(times.length).toBeGreaterThan(0);
  expect(frameCount(frameTable)).toBe(times.length);
  for (const [frame, time] of times.entries()) {
    const shift = from === 'frame 0' ? intervalOf(frameTable, 0).start - (times[0] ?? 0) : 0;
    expect(intervalOf(frameTable, frame).start - shift).toBeCloseTo(time, 5);
  }
}

describe.skipIf(real === null)('the real dive clip', () => {
  it('has 32 frames at 59.94, the first picture at 0.5 s being frame 0', async () => {
    const probe = await probeVideo(real ?? '');
    expect(probe).toMatchObject({
      codec: 'hevc',
      container: 'mp4',
      width: 1920,
      height: 1080,
      hasAudio: true,
    });
    expect(frameCount(probe.frameTable)).toBe(32);
    expect(intervalOf(probe.frameTable, 0).start).toBe(0.5);
    expect(frameAt(probe.frameTable, middleOf(probe.frameTable, 0))).toBe(0);
    expect(nominalFps(probe.frameTable)).toBeCloseTo(60000 / 1001, 6);
    expect(playableInChromium(probe)).toEqual({ kind: 'needs-proxy', why: 'codec' });
  });

  it('has the times that ffprobe sees', async () => {
    await expectFfprobesTimes(real ?? '');
  });
});

describe('a video', () => {
  it('of our own starts late, runs unevenly, and needs a proxy for its long way between key frames', async () => {
    const probe = await probeVideo(sampleClip());
    expect(frameCount(probe.frameTable)).toBe(270);
    expect(intervalOf(probe.frameTable, 0).start).toBe(0.5);
    expect(probe.gop.longestFrames).toBe(180);
    expect(playableInChromium(probe)).toEqual({ kind: 'needs-proxy', why: 'key-frames-far-apart' });
    await expectFfprobesTimes(sampleClip());
  });

  it.each([
    ['matroska', ['-c', 'copy', 'copy.mkv'], 'copy.mkv'],
    ['mov', ['-c', 'copy', 'copy.mov'], 'copy.mov'],
    ['webm', ['-an', '-c:v', 'libvpx', '-t', '1', '-deadline', 'realtime', 'small.webm'], 'small.webm'],
    ['mpegts', ['-c', 'copy', 'copy.ts'], 'copy.ts'],
    ['avi', ['-an', '-c:v', 'mpeg4', '-t', '2', 'old.avi'], 'old.avi'],
  ])('in %s has the times that ffprobe sees', async (container, args, name) => {
    await ffmpeg('-i', sampleClip(), ...args.slice(0, -1), at(name));
    expect((await probeVideo(at(name))).container).toBe(container);
    await expectFfprobesTimes(at(name));
  });

  it('cut by an edit list counts only the frames that are shown', async () => {
    await ffmpeg('-ss', '2', '-i', sampleClip(), '-c', 'copy', at('edited.mp4'));
    const { frameTable } = await probeVideo(at('edited.mp4'));
    expect(frameCount(frameTable)).toBeLessThan(270);
    await expectFfprobesTimes(at('edited.mp4'), 'frame 0');
  });

  it('that is turned has the size as it is shown', async () => {
    await ffmpeg(
      '-i',
      sampleClip(),
      '-t',
      '1',
      '-c',
      'copy',
      '-metadata:s:v:0',
      'rotate=90',
      at('turned.mp4'),
    );
    const probe = await probeVideo(at('turned.mp4'));
    expect([probe.width, probe.height, probe.rotation % 180]).toEqual([360, 640, 90]);
  });

  it('in AVI asks for the ffmpeg program where there is none', async () => {
    await ffmpeg('-i', sampleClip(), '-an', '-c:v', 'mpeg4', '-t', '1', at('needs.avi'));
    const missing = await findMediaTools({ env: {}, platform: 'linux', arch: 'none' });
    expect(missing.kind).toBe('missing');
    const error = await failure(probeMedia(at('needs.avi'), { tools: missing }), 'tools-missing');
    expect(error.message).toMatch(/needs\.avi is an AVI file.*FFMPEG_PATH/);
  });
});

describe('an image', () => {
  it('of our own is read from its header', async () => {
    const still = sampleClip().replace('dive.mp4', 'jellyfish.jpg');
    expect(await probeMedia(still)).toMatchObject({ kind: 'image', format: 'jpeg', width: 640, height: 360 });
  });

  it.each(['png', 'gif', 'bmp', 'jpg'])('in %s has its size', async (extension) => {
    await ffmpeg('-i', sampleClip(), '-frames:v', '1', '-vf', 'scale=123:77', at(`still.${extension}`));
    expect(await probeMedia(at(`still.${extension}`))).toMatchObject({
      kind: 'image',
      width: 123,
      height: 77,
    });
  });

  it('that is cut off is damaged', async () => {
    for (const extension of ['png', 'jpg']) {
      await ffmpeg('-i', sampleClip(), '-frames:v', '1', at(`cut.${extension}`));
      await truncate(at(`cut.${extension}`), 3000);
      await failure(probeMedia(at(`cut.${extension}`)), 'damaged');
    }
  });
});

describe('a file that is none of these', () => {
  it('is called gone, empty, no media or a folder, as it is', async () => {
    await failure(probeMedia(at('nowhere.mp4'), { tools }), 'file-gone');
    await writeFile(at('empty.mp4'), '');
    expect((await failure(probeMedia(at('empty.mp4'), { tools }), 'empty-file')).message).toMatch(/0 bytes/);
    await mkdir(at('folder.mp4'));
    await failure(probeMedia(at('folder.mp4'), { tools }), 'not-media');
  });

  it('is no media when it is text or noise under any name, with and without the tools', async () => {
    const noise = Buffer.concat(
      Array.from({ length: 5000 }, (_, i) => createHash('sha256').update(`${i}`).digest()),
    );
    for (const name of ['note.txt', 'note.mp4', 'note.avi']) {
      await writeFile(at(name), 'Dive 4361, 16:26, a jellyfish.\n'.repeat(400));
      await failure(probeMedia(at(name), { tools }), 'not-media');
      await failure(probeMedia(at(name)), 'not-media');
    }
    for (const size of [1, 8, 11]) {
      await writeFile(at('short.mp4'), 'no video at all'.slice(0, size));
      await failure(probeMedia(at('short.mp4'), { tools }), 'not-media');
    }
    for (const name of ['noise.mp4', 'noise.mkv', 'noise.bin']) {
      await writeFile(at(name), noise);
      await failure(probeMedia(at(name), { tools }), 'not-media');
    }
  });

  it('is unsupported when it has sound alone', async () => {
    await ffmpeg('-i', sampleClip(), '-vn', '-c', 'copy', at('sound.m4a'));
    await failure(probeMedia(at('sound.m4a'), { tools }), 'unsupported');
  });
});

describe('a damaged video', () => {
  it('that lost its end says how many frames are whole', async () => {
    await copyFile(sampleClip(), at('half.mp4'));
    await truncate(at('half.mp4'), 150_000);
    const error = await failure(probeMedia(at('half.mp4'), { tools }), 'damaged');
    expect(error.message).toMatch(/bytes are missing at its end/);
    expect(error.salvage?.ofFrames).toBe(270);
    expect(error.salvage?.frames).toBeGreaterThan(100);
    expect(error.salvage?.frames).toBeLessThan(220);
  });

  it('whose index was to come at the end, and never came, says so', async () => {
    await ffmpeg('-i', sampleClip(), '-c', 'copy', '-movflags', '-faststart', at('tail.mp4'));
    await truncate(at('tail.mp4'), 200_000);
    const error = await failure(probeMedia(at('tail.mp4'), { tools }), 'damaged');
    expect(error.message).toMatch(/no index/);
    expect(error.salvage?.frames).toBe(0);
  });

  it('is noticed in Matroska and AVI too', async () => {
    await ffmpeg('-i', sampleClip(), '-c', 'copy', at('half.mkv'));
    await ffmpeg('-i', sampleClip(), '-an', '-c:v', 'mpeg4', at('half.avi'));
    for (const name of ['half.mkv', 'half.avi']) {
      await truncate(at(name), 120_000);
      await failure(probeMedia(at(name), { tools }), 'damaged');
    }
  });

  it('never ends in anything but a clear error or a probe, wherever its head is overwritten', async () => {
    for (let position = 0; position < 4000; position += 97) {
      await copyFile(sampleClip(), at('broken.mp4'));
      const file = await open(at('broken.mp4'), 'r+');
      await file.write(Buffer.alloc(24, 0xa5), 0, 24, position);
      await file.close();
      const outcome: unknown = await probeMedia(at('broken.mp4')).catch((error: unknown) => error);
      expect(outcome).toSatisfy(
        (o: { kind?: string; name?: string }) => o.kind === 'video' || o.name === 'MediaError',
        `bytes ${position} overwritten`,
      );
    }
  });
});

describe("the server's md5 field", () => {
  it('is the digest of the digest of the head and the size, in both clients alike for a small file', async () => {
    const bytes = await readFile(sampleClip());
    const hex = (data: string | Buffer): string => createHash('md5').update(data).digest('hex');
    const expected = hex(`${hex(bytes)}${bytes.length}`);
    expect(await mediaMd5(sampleClip())).toEqual({ python: expected, web: expected });
  });

  it('reads 100 MiB in one client and 10 MiB in the other', async () => {
    const mebibyte = 2 ** 20;
    const file = await open(at('large.bin'), 'w');
    await file.write(Buffer.from('x'), 0, 1, 101 * mebibyte);
    await file.close();
    const head = (size: number): string =>
      createHash('md5')
        .update(Buffer.alloc(size * mebibyte))
        .digest('hex');
    const field = (size: number): string =>
      createHash('md5')
        .update(`${head(size)}${101 * mebibyte + 1}`)
        .digest('hex');
    expect(await mediaMd5(at('large.bin'))).toEqual({ python: field(100), web: field(10) });
  });
});
