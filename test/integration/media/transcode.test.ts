import { copyFile, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { frameCount, intervalOf, sameTiming } from '../../../src/domain/frame-time.ts';
import { extractAudio } from '../../../src/media/audio.ts';
import { extractClip, extractFrame } from '../../../src/media/frames.ts';
import { playableInChromium, probeMedia } from '../../../src/media/probe.ts';
import { makeProxy } from '../../../src/media/proxy.ts';
import { runTool } from '../../../src/media/run-tool.ts';
import { buildSegmentIndex } from '../../../src/media/segments.ts';
import { makeAnimatedThumbnail, makeThumbnail } from '../../../src/media/thumbnails.ts';
import { transcodeStreaming, type TranscodeProgress } from '../../../src/media/transcode.ts';
import { diveClip, sampleClip } from '../../support/shared-data.ts';
import { failure, ffmpeg, patternsOf, probeVideo, tools, useFolder } from './support.ts';

const at = useFolder();
const real = diveClip();
if (real === null) console.log('skipped: the real dive clip is not beside the repository');
const inOrder = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('a streaming transcode', () => {
  it('of our clip has every frame at every height, and an index that covers every byte', async () => {
    const probe = await probeVideo(sampleClip());
    const seen: TranscodeProgress[] = [];
    const options = { tools, probe, onProgress: (progress: TranscodeProgress) => void seen.push(progress) };
    const files = await transcodeStreaming(sampleClip(), at('ours'), options);
    expect(files.map(({ height, width }) => [height, width])).toEqual([
      [144, 256],
      [360, 640],
    ]);
    for (const file of files) {
      expect(await patternsOf(file.path, file)).toEqual(inOrder(270));
      expect(sameTiming(probe.frameTable, file.frameTable, 1e-9)).toEqual({ kind: 'same' });
      expect(JSON.parse(await readFile(file.segmentsPath, 'utf8'))).toEqual(file.segments);
      let end = 0;
      for (const { offset, size } of file.segments.segments) {
        expect(offset).toBe(end);
        end += size;
      }
      expect(end).toBe((await stat(file.path)).size);
      const moofs = file.segments.segments.filter(({ name }) => name === 'moof');
      expect(moofs.map((moof) => moof.frame_start)).toEqual(moofs.map((_, i) => i * 25));
    }
    expect(seen.filter(({ stage }) => stage === 'encoding').at(-1)?.fraction).toBe(1);
    expect((await readdir(at('ours'))).sort()).toEqual(['144.json', '144.mp4', '360.json', '360.mp4']);
  });

  it.skipIf(real === null)('of the real clip keeps its 32 frames and starts at 0', async () => {
    const probe = await probeVideo(real ?? '');
    const ladder = [144, 720].map((height) => ({ height, crf: 23 }));
    const files = await transcodeStreaming(real ?? '', at('real'), { tools, probe, ladder });
    expect(files.map(({ height }) => height)).toEqual([144, 720]);
    for (const { frameTable, segments } of files) {
      expect(frameCount(frameTable)).toBe(32);
      expect(intervalOf(frameTable, 0).start).toBe(0);
      expect(segments.file).toEqual({ start: 0, version: 2 });
    }
  });

  it('of a video whose frames come irregularly keeps all of them in place', async () => {
    const uneven = "setpts='(N*N*7+N*90)/3000/TB'";
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=30:d=4', '-vf', `settb=1/3000,${uneven}`];
    await ffmpeg(...source, ...tools.passthrough, '-enc_time_base', '1:3000', at('uneven.mkv'));
    const probe = await probeVideo(at('uneven.mkv'));
    expect(frameCount(probe.frameTable)).toBe(120);
    const [file] = await transcodeStreaming(at('uneven.mkv'), at('uneven'), { tools, probe });
    expect(frameCount(file?.frameTable ?? probe.frameTable)).toBe(120);
  });

  it('of a single frame is possible', async () => {
    await ffmpeg('-i', sampleClip(), '-frames:v', '1', '-an', at('one.mp4'));
    const probe = await probeVideo(at('one.mp4'));
    const files = await transcodeStreaming(at('one.mp4'), at('one'), { tools, probe });
    expect(files.map(({ frameTable }) => frameCount(frameTable))).toEqual([1, 1]);
  });

  it('is refused when the source lost frames since it was probed, and leaves nothing behind', async () => {
    await copyFile(sampleClip(), at('shrinks.mp4'));
    const probe = await probeVideo(at('shrinks.mp4'));
    await truncate(at('shrinks.mp4'), 150_000);
    const ladder = [{ height: 144, crf: 30 }];
    const work = transcodeStreaming(at('shrinks.mp4'), at('shrunk'), { tools, probe, ladder });
    const error = await failure(work, 'transcode-mismatch');
    expect(error.message).toMatch(/where the source has 270/);
    expect(await readdir(at('shrunk'))).toEqual([]);
  });

  it('of a file that vanished fails clearly', async () => {
    const probe = await probeVideo(sampleClip());
    await failure(transcodeStreaming(at('gone.mp4'), at('gone'), { tools, probe }), 'tool-failed');
  });

  it('ends in its middle when it is aborted, kills its program and leaves nothing behind', async () => {
    await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=30:d=60', '-c:v', 'mpeg4', at('long.mp4'));
    const probe = await probeVideo(at('long.mp4'));
    const abort = new AbortController();
    const reason = new Error('the user cancelled');
    const told: TranscodeProgress[] = [];
    const onProgress = (progress: TranscodeProgress): void => {
      told.push(progress);
      abort.abort(reason);
    };
    const work = transcodeStreaming(at('long.mp4'), at('aborted'), {
      tools,
      probe,
      onProgress,
      signal: abort.signal,
    });
    await expect(work).rejects.toBe(reason);
    // It ended where it was, not at its own end.
    expect(told.length).toBeGreaterThan(0);
    for (const { stage, fraction } of told) {
      expect(stage).toBe('encoding');
      expect(fraction).toBeLessThan(0.9);
    }
    expect(await readdir(at('aborted'))).toEqual([]);
  });
});

describe('running a program', () => {
  it('is over only when an aborted child is really gone', async () => {
    const abort = new AbortController();
    let pid = 0;
    const script = 'process.stdout.write(String(process.pid)); setInterval(() => {}, 1000)';
    const onOutput = (chunk: Buffer): void => {
      pid = Number(chunk.toString());
      abort.abort(new Error('enough'));
    };
    const work = runTool(process.execPath, ['-e', script], { signal: abort.signal, onOutput });
    await expect(work).rejects.toThrow('enough');
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  it('that is not there fails with a code', async () => {
    await failure(runTool(at('no-such-program'), []), 'tools-missing');
  });
});

describe('a proxy', () => {
  it('of our clip plays in Chromium, and every picture carries the number of its frame', async () => {
    const probe = await probeVideo(sampleClip());
    const proxy = await makeProxy(sampleClip(), at('proxy.mp4'), { tools, probe });
    expect(await patternsOf(proxy.path, proxy)).toEqual(inOrder(270));
    const made = await probeVideo(proxy.path);
    expect(playableInChromium(made)).toEqual({ kind: 'plays' });
    expect(made.gop.longestFrames).toBeLessThanOrEqual(12);
    expect(made.hasAudio).toBe(true);
    expect(made.frameTable).toEqual(proxy.frameTable);
  });

  it.skipIf(real === null)('of the real clip is scaled down to the height asked for', async () => {
    const probe = await probeVideo(real ?? '');
    const proxy = await makeProxy(real ?? '', at('real-proxy.mp4'), { tools, probe, maxHeight: 360 });
    expect([proxy.width, proxy.height, frameCount(proxy.frameTable)]).toEqual([640, 360, 32]);
  });

  it('of a video turned on its side stands upright', async () => {
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
    const proxy = await makeProxy(at('turned.mp4'), at('upright.mp4'), { tools, probe });
    expect(await probeVideo(proxy.path)).toMatchObject({ width: 360, height: 640, rotation: 0 });
  });
});

describe('a still', () => {
  it.each([0, 1, 47, 49, 119, 120, 179, 180, 181, 269])('of frame %i shows that frame', async (frame) => {
    const { frameTable } = await probeVideo(sampleClip());
    const png = await extractFrame(sampleClip(), frameTable, frame, { tools, format: 'png' });
    await writeFile(at('still.png'), png);
    expect(await patternsOf(at('still.png'), { width: 640, height: 360 })).toEqual([frame]);
  });

  it('of a frame that is not there is refused', async () => {
    const { frameTable } = await probeVideo(sampleClip());
    for (const frame of [-1, 270, 1.5]) {
      await failure(extractFrame(sampleClip(), frameTable, frame, { tools, format: 'png' }), 'no-such-frame');
    }
  });
});

describe('a clip', () => {
  it('holds exactly the frames asked for, both ends included', async () => {
    const probe = await probeVideo(sampleClip());
    await extractClip(sampleClip(), at('clip.mp4'), { tools, probe, first: 115, last: 125 });
    const numbers = await patternsOf(at('clip.mp4'), { width: 640, height: 360 });
    expect(numbers).toEqual(inOrder(11).map((i) => i + 115));
  });
});

describe('thumbnails and sound', () => {
  it('of a video are a JPEG of frame 0, 256 wide, and an animation', async () => {
    const probe = await probeVideo(sampleClip());
    const jpeg = await makeThumbnail(sampleClip(), at('thumb.jpg'), { tools, probe });
    expect(jpeg).toMatchObject({ mime: 'image/jpeg', width: 256, height: 144 });
    expect(await patternsOf(at('thumb.jpg'), jpeg)).toEqual([0]);
    const gif = await makeAnimatedThumbnail(sampleClip(), at('thumb.gif'), { tools, probe });
    expect(gif).toMatchObject({ mime: 'image/gif', width: 256, height: 144 });
    expect(await patternsOf(at('thumb.gif'), gif)).toEqual(inOrder(9).map((second) => second * 30));
  });

  it('of an image fit into 256 by 256 and never grow', async () => {
    for (const [size, fitted] of [
      ['300x600', [128, 256]],
      ['40x30', [40, 30]],
    ] as const) {
      await ffmpeg('-f', 'lavfi', '-i', `testsrc2=s=${size}`, '-frames:v', '1', at(`i${size}.png`));
      const probe = await probeMedia(at(`i${size}.png`));
      const thumb = await makeThumbnail(at(`i${size}.png`), at(`t${size}.jpg`), { tools, probe });
      expect([thumb.width, thumb.height]).toEqual(fitted);
    }
  });

  it('of a video with sound is AAC that begins with the first picture; without, there is none', async () => {
    const probe = await probeVideo(sampleClip());
    const audio = await extractAudio(sampleClip(), at('audio.m4a'), { tools, probe });
    expect(audio).toMatchObject({ codec: 'aac' });
    expect((await stat(at('audio.m4a'))).size).toBe(audio?.size);
    expect(
      await extractAudio(sampleClip(), at('none.m4a'), { tools, probe: { ...probe, hasAudio: false } }),
    ).toBeNull();
  });

  it('that cannot be made leave no file', async () => {
    const probe = await probeVideo(sampleClip());
    await mkdir(at('clean'));
    await failure(makeThumbnail(at('gone.mp4'), at('clean/thumb.jpg'), { tools, probe }), 'tool-failed');
    expect(await readdir(dirname(at('clean/thumb.jpg')))).toEqual([]);
  });
});

describe('the segment index', () => {
  it('refuses a file that is cut off, and one that is not fragmented', async () => {
    const [file] = await transcodeStreaming(sampleClip(), at('index'), {
      tools,
      probe: await probeVideo(sampleClip()),
      ladder: [{ height: 144, crf: 30 }],
    });
    await truncate(file?.path ?? '', (file?.size ?? 0) - 2000);
    await failure(buildSegmentIndex(file?.path ?? '', { start: 0 }), 'damaged');
    await failure(buildSegmentIndex(sampleClip(), { start: 0 }), 'unsupported');
    await failure(
      buildSegmentIndex(sampleClip().replace('dive.mp4', 'jellyfish.jpg'), { start: 0 }),
      'damaged',
    );
  });
});
