import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  durationOf,
  encodeFrameTable,
  frameCount,
  frameTableDigest,
  nominalFps,
} from '../../domain/frame-time.ts';
import type { LocalMedia } from '../../contract/host-rpc.ts';
import { mediaMd5 } from '../../media/md5.ts';
import { playableInChromium, probeMedia, type MediaProbe, type VideoProbe } from '../../media/probe.ts';
import { makeProxy } from '../../media/proxy.ts';
import { makeThumbnail } from '../../media/thumbnails.ts';
import { requireTools, type MediaTools } from '../../media/tools.ts';
import { writeDurably } from '../files.ts';
import {
  mediaFolder,
  playFramesName,
  proxyName,
  sourceFramesName,
  sourcePath,
  thumbnailName,
  type MediaRecord,
} from './record.ts';

export interface PrepareContext {
  root: string;
  tools: MediaTools;
  signal: AbortSignal;
  onFraction: (fraction: number) => void;
}

/** Reads what the file is and stores the times of its frames. Throws what the media room throws. */
export async function probeSource(
  record: MediaRecord,
  { root, tools, signal }: PrepareContext,
): Promise<{ probe: MediaProbe; told: NonNullable<LocalMedia['probe']> }> {
  const path = sourcePath(root, record);
  const probe = await probeMedia(path, { tools, signal });
  const md5 = (await mediaMd5(path, { signal })).python;
  if (probe.kind === 'image') {
    const { width, height, format } = probe;
    const told = {
      kind: 'image' as const,
      width,
      height,
      codec: format,
      frameCount: 1,
      duration: 0,
      fps: 0,
      hasAudio: false,
      frameTableDigest: null,
      md5,
    };
    return { probe, told };
  }
  const { frameTable: table, width, height, codec, hasAudio } = probe;
  const folder = mediaFolder(root, record.media.key);
  await mkdir(folder, { recursive: true });
  await writeDurably(join(folder, sourceFramesName), encodeFrameTable(table));
  const told = {
    kind: 'video' as const,
    width,
    height,
    codec,
    frameCount: frameCount(table),
    duration: durationOf(table),
    fps: nominalFps(table),
    hasAudio,
    frameTableDigest: frameTableDigest(table),
    md5,
  };
  return { probe, told };
}

/** Makes the small picture; false where it cannot be made: a media without one is still of use. */
export async function prepareThumbnail(
  record: MediaRecord,
  probe: MediaProbe,
  { root, tools, signal }: PrepareContext,
): Promise<boolean> {
  if (tools.kind === 'missing') return false;
  const output = join(mediaFolder(root, record.media.key), thumbnailName);
  try {
    await makeThumbnail(sourcePath(root, record), output, { tools, probe, signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return false;
    throw error;
  }
}

/** Sees to it that there is a file which Chromium plays: the source itself, or a proxy made from it. */
export async function preparePlayable(
  record: MediaRecord,
  probe: VideoProbe,
  context: PrepareContext,
): Promise<'source' | 'proxy'> {
  const playability = playableInChromium(probe);
  if (playability.kind === 'plays') return 'source';
  // It decodes, only seeking is slow: without the tool that is better than nothing.
  const slowButPlays = playability.why === 'key-frames-far-apart';
  if (slowButPlays && context.tools.kind === 'missing') return 'source';
  const tools = requireTools(context.tools, `A video of the kind ${probe.codec}`);
  const folder = mediaFolder(context.root, record.media.key);
  try {
    const proxy = await makeProxy(sourcePath(context.root, record), join(folder, proxyName), {
      tools,
      probe,
      onProgress: context.onFraction,
      signal: context.signal,
    });
    await writeDurably(join(folder, playFramesName), encodeFrameTable(proxy.frameTable));
    return 'proxy';
  } catch (error) {
    context.signal.throwIfAborted();
    if (slowButPlays) return 'source';
    throw error;
  }
}
