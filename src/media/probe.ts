import { basename } from 'node:path';
import type { FrameTable } from '../domain/frame-time.ts';
import { MediaError } from './error.ts';
import { readAt, sizeOfSource, withFile } from './file.ts';
import { isImageEnd, readImageHeader, type ImageHeader } from './image-header.ts';
import { findDamage } from './completeness.ts';
import type { GopInfo } from './packets.ts';
import { probeWithFfprobe } from './probe-ffprobe.ts';
import { countWholeFrames, probeWithMediabunny } from './probe-mediabunny.ts';
import type { MediaTools } from './tools.ts';

export type VideoProbe = {
  readonly kind: 'video';
  /** Bytes. */
  readonly size: number;
  /** `mp4`, `mov`, `matroska`, `webm`, `mpegts`, `avi`, or ffprobe's name of another. */
  readonly container: string;
  /** As ffmpeg names it: `h264`, `hevc`, `vp9`, `av1`, `prores`. */
  readonly codec: string;
  /** For `VideoDecoder` and MIME types, such as `avc1.640028`; null where not known. */
  readonly codecString: string | null;
  /** Pixels as shown: square, after rotation. */
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise by which the coded picture is turned for showing. */
  readonly rotation: 0 | 90 | 180 | 270;
  readonly hasAudio: boolean;
  /** Null without audio, or where not known. */
  readonly audioCodec: string | null;
  readonly frameTable: FrameTable;
  readonly gop: GopInfo;
};

export type ImageProbe = {
  readonly kind: 'image';
  readonly size: number;
  readonly format: ImageHeader['format'];
  readonly width: number;
  readonly height: number;
};

export type MediaProbe = VideoProbe | ImageProbe;

export type ProbeOptions = {
  /** For containers that cannot be read without ffprobe (AVI, WMV, MPEG program streams). */
  readonly tools?: MediaTools | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Enough for the header of any image but a JPEG with a huge EXIF block. */
const imageHead = 512 * 1024;

/**
 * What a file is, with the times of all its frames if it is a video. Reads headers and indexes, never the
 * whole file. Throws `MediaError` for everything that cannot be annotated as it is; see its codes.
 */
export async function probeMedia(path: string, { tools, signal }: ProbeOptions = {}): Promise<MediaProbe> {
  signal?.throwIfAborted();
  const size = await sizeOfSource(path);
  const image = await withFile(path, async (file) => {
    const header = readImageHeader(await readAt(file, 0, imageHead));
    if (header === null || header === 'damaged') return header;
    return isImageEnd(header.format, await readAt(file, Math.max(0, size - 64), 64)) ? header : 'damaged';
  });
  if (image === 'damaged')
    throw new MediaError('damaged', `The image ${basename(path)} is incomplete or broken.`);
  if (image !== null) return { kind: 'image', size, ...image };
  return await probeVideo(path, { size, tools, signal });
}

async function probeVideo(
  path: string,
  { size, tools, signal }: ProbeOptions & { readonly size: number },
): Promise<VideoProbe> {
  const name = basename(path);
  const damage = await findDamage(path, size);
  if (damage?.kind === 'no-index') {
    throw new MediaError(
      'damaged',
      `${name} has no index: the recording or the copy was cut off before its end. Nothing of it can be shown; copy it again from the camera or repair it.`,
      { salvage: { frames: 0, ofFrames: null, seconds: 0 } },
    );
  }
  if (damage?.kind === 'broken-index') {
    const message = `${name} is damaged: its index contradicts itself. Copy it again from its source or repair it.`;
    throw new MediaError('damaged', message);
  }
  if (damage?.kind === 'cut-off') {
    const salvage = await countWholeFrames(path, { signal });
    const of = salvage.ofFrames === null ? '' : ` of ${salvage.ofFrames}`;
    throw new MediaError(
      'damaged',
      `${name} is cut off: ${damage.missingBytes} bytes are missing at its end. About ${salvage.frames}${of} frames (${salvage.seconds.toFixed(1)} s) are whole. Copy it again from its source.`,
      { salvage },
    );
  }
  const native = await probeWithMediabunny(path, { size, signal });
  if (native !== null) return native;
  const foreign = await probeWithFfprobe(path, { size, tools, signal });
  if (foreign !== null) return foreign;
  throw new MediaError('not-media', `${name} is neither a video nor an image.`);
}

const chromiumContainers = new Set(['mp4', 'mov', 'webm', 'matroska']);
const chromiumCodecs = new Set(['h264', 'vp8', 'vp9', 'av1']);

/** Seeking decodes from the key frame before: up to these, a seek stays below the time that a person notices. */
const shortGop = { frames: 60, seconds: 2 };

export type Playability =
  | { readonly kind: 'plays' }
  | {
      readonly kind: 'needs-proxy';
      readonly why: 'container' | 'codec' | 'pixel-format' | 'key-frames-far-apart';
    };

/** Whether Chromium plays the file as it is, with seeks that feel instant; else a proxy is to be made. */
export function playableInChromium(probe: VideoProbe): Playability {
  if (!chromiumContainers.has(probe.container)) return { kind: 'needs-proxy', why: 'container' };
  if (!chromiumCodecs.has(probe.codec)) return { kind: 'needs-proxy', why: 'codec' };
  if (isDeepH264(probe)) return { kind: 'needs-proxy', why: 'pixel-format' };
  const { longestFrames, longestSeconds } = probe.gop;
  if (longestFrames > shortGop.frames && longestSeconds > shortGop.seconds) {
    return { kind: 'needs-proxy', why: 'key-frames-far-apart' };
  }
  return { kind: 'plays' };
}

/** H.264 with 10 bits, 4:2:2 or 4:4:4 (profiles 110, 122, 244, 44) does not decode everywhere. */
function isDeepH264({ codec, codecString }: VideoProbe): boolean {
  return codec === 'h264' && codecString !== null && /^avc[13]\.(6e|7a|f4|2c)/i.test(codecString);
}
