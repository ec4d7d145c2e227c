import { describe, expect, it } from 'vitest';
import { makeFrameTable } from '../../../src/domain/frame-time.ts';
import { checkCopy } from '../../../src/media/encode.ts';
import { MediaError } from '../../../src/media/error.ts';
import { progressReader } from '../../../src/media/ffmpeg.ts';
import { isImageEnd, readImageHeader } from '../../../src/media/image-header.ts';
import { ladderFor } from '../../../src/media/ladder.ts';
import { frameTableOf, gopInfoOf } from '../../../src/media/packets.ts';
import { playableInChromium, type VideoProbe } from '../../../src/media/probe.ts';
import { gifPlan } from '../../../src/media/thumbnails.ts';
import { passthroughArguments } from '../../../src/media/tools.ts';

const evenTable = (frames: number, fps: number) =>
  makeFrameTable({ timescale: fps * 100, ticks: Array.from({ length: frames }, (_, i) => i * 100) });

const video = (over: Partial<VideoProbe>): VideoProbe => ({
  kind: 'video',
  size: 1,
  container: 'mp4',
  codec: 'h264',
  codecString: 'avc1.640028',
  width: 1920,
  height: 1080,
  rotation: 0,
  hasAudio: false,
  audioCodec: null,
  frameTable: evenTable(300, 30),
  gop: { keyFrames: 10, longestFrames: 30, longestSeconds: 1 },
  ...over,
});

describe('the ladder of streaming sizes', () => {
  const heights = (width: number, height: number): number[] =>
    ladderFor({ width, height }).map((r) => r.height);

  it('takes every configured height up to the source, and none above', () => {
    expect(heights(1920, 1080)).toEqual([144, 360, 480, 720, 1080]);
    expect(heights(3840, 2160)).toEqual([144, 360, 480, 720, 1080]);
  });

  it('adds the own height of a source between two steps or below all', () => {
    expect(heights(960, 540)).toEqual([144, 360, 480, 540]);
    expect(heights(160, 120)).toEqual([120]);
  });

  it('has even sides only', () => {
    for (const { width, height } of ladderFor({ width: 853, height: 481 })) {
      expect([width % 2, height % 2]).toEqual([0, 0]);
    }
    expect(ladderFor({ width: 1, height: 1 })).toEqual([{ width: 2, height: 2, crf: 23 }]);
  });

  it('takes the quality of the next height for an added one', () => {
    const settings = [
      { height: 720, crf: 20 },
      { height: 144, crf: 30 },
    ];
    expect(ladderFor({ width: 640, height: 360 }, settings).map(({ crf }) => crf)).toEqual([30, 20]);
  });
});

describe('what Chromium plays as it is', () => {
  it('is a known codec in a known container with key frames close together', () => {
    expect(playableInChromium(video({}))).toEqual({ kind: 'plays' });
    expect(playableInChromium(video({ codec: 'vp9', container: 'webm' }))).toEqual({ kind: 'plays' });
  });

  it.each([
    ['codec', { codec: 'hevc' }],
    ['container', { container: 'avi' }],
    ['pixel-format', { codecString: 'avc1.6e0028' }],
    ['key-frames-far-apart', { gop: { keyFrames: 1, longestFrames: 250, longestSeconds: 8.3 } }],
  ] as const)('is not when the %s is in the way', (why, over) => {
    expect(playableInChromium(video(over))).toEqual({ kind: 'needs-proxy', why });
  });

  it('includes a time lapse with few frames in many seconds between key frames', () => {
    const gop = { keyFrames: 4, longestFrames: 25, longestSeconds: 25 };
    expect(playableInChromium(video({ gop }))).toEqual({ kind: 'plays' });
  });
});

describe('packets', () => {
  const packet = (tick: number, isKey = false) => ({ tick, duration: 10, isKey });

  it('become frames in the order of showing, without those before the edit list', () => {
    const table = frameTableOf([packet(20), packet(-10, true), packet(0), packet(10)], 100);
    expect([...(table?.ticks ?? [])]).toEqual([0, 10, 20]);
    expect(table?.endTick).toBe(30);
  });

  it('make no table when none of them is shown', () => {
    expect(frameTableOf([packet(-10)], 100)).toBeNull();
  });

  it('tell the longest way from key frame to key frame, the end of the file included', () => {
    const packets = [packet(0, true), packet(10), packet(20, true), packet(30), packet(40), packet(50)];
    expect(gopInfoOf(packets, 100)).toEqual({ keyFrames: 2, longestFrames: 4, longestSeconds: 0.4 });
  });
});

describe('the animated thumbnail', () => {
  it('takes a frame a second at fourfold speed of a short video', () => {
    expect(gifPlan(video({ frameTable: evenTable(300, 30) }))).toEqual({ everyFrames: 30, speed: 4 });
  });

  it('takes about sixty frames of a long one', () => {
    const { everyFrames, speed } = gifPlan(video({ frameTable: evenTable(25 * 600, 25) }));
    expect((25 * 600) / everyFrames).toBe(60);
    expect(speed).toBe(40);
  });
});

describe('a copy', () => {
  it('is refused when a frame is missing', () => {
    const check = (): void => checkCopy(evenTable(300, 30), evenTable(299, 30), 'The copy');
    expect(check).toThrow(expect.objectContaining({ code: 'transcode-mismatch' }));
    expect(check).toThrow(MediaError);
  });

  it('is refused when a frame is at another time, even with the right count', () => {
    const ticks = Array.from(evenTable(300, 30).ticks, (tick, i) => tick + (i === 200 ? 30 : 0));
    const copy = makeFrameTable({ timescale: 3000, ticks });
    expect(() => checkCopy(evenTable(300, 30), copy, 'The copy')).toThrow(/frame 200/);
  });
});

describe('the spelling of passthrough', () => {
  it.each([
    ['ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026', '-fps_mode'],
    ['ffmpeg version n8.0 Copyright (c) 2000-2025', '-fps_mode'],
    ['ffmpeg version 5.0.1 Copyright (c) 2000-2022', '-vsync'],
    ['ffmpeg version 4.4.2 Copyright (c) 2000-2021', '-vsync'],
    ['ffmpeg version N-47683-g0e8eb07980-static Copyright (c) 2000-2018', '-vsync'],
    ['ffmpeg version N-118000-gabc-2025 Copyright (c) 2000-2025', '-fps_mode'],
  ])('of %s is %s', (line, flag) => {
    expect(passthroughArguments(line)).toEqual([flag, 'passthrough']);
  });
});

describe('the reports of ffmpeg', () => {
  it('are counted even when they arrive in torn pieces', () => {
    const seen: number[] = [];
    const read = progressReader((frames) => seen.push(frames));
    for (const piece of ['fra', 'me=12\nfps=3', '0\nframe=', ' 99\nprogress=end\n']) read(Buffer.from(piece));
    expect(seen).toEqual([12, 99]);
  });
});

describe('the header of an image', () => {
  const jpeg = (orientation: number): Buffer => {
    const exif = Buffer.from(
      '457869660000' + '4d4d002a00000008' + '0001' + '0112000300000001' + '00060000',
      'hex',
    );
    exif.writeUInt16BE(orientation, 6 + 8 + 2 + 8);
    const app1 = Buffer.concat([Buffer.from([0xff, 0xe1, 0, exif.length + 2]), exif]);
    const frame = Buffer.from('ffc0000b08' + '0168' + '0280' + '0101110000', 'hex');
    return Buffer.concat([Buffer.from([0xff, 0xd8]), app1, frame]);
  };

  it('gives the size of a JPEG as shown: EXIF can lay it on its side', () => {
    expect(readImageHeader(jpeg(1))).toEqual({ format: 'jpeg', width: 640, height: 360 });
    expect(readImageHeader(jpeg(6))).toEqual({ format: 'jpeg', width: 360, height: 640 });
  });

  it('is damaged when it breaks off, at every length after the signature', () => {
    const whole = jpeg(1);
    for (let length = 3; length < whole.length - 7; length++) {
      expect(readImageHeader(whole.subarray(0, length))).toBe('damaged');
    }
  });

  it('is none for other bytes, be they few or many', () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('BM'),
      Buffer.from('hello world, this is text'),
      Buffer.alloc(99),
    ]) {
      expect(readImageHeader(bytes)).toBeNull();
    }
  });

  it('of a PNG that lacks its end shows when the tail is looked at', () => {
    expect(isImageEnd('png', Buffer.from('....IEND\xae\x42\x60\x82', 'latin1'))).toBe(true);
    expect(isImageEnd('png', Buffer.alloc(64))).toBe(false);
  });
});
