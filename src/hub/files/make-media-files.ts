import { join } from 'node:path';
import { frameCount, nominalFps } from '../../domain/frame-time.ts';
import { extractAudio } from '../../media/audio.ts';
import { probeMedia, type VideoProbe } from '../../media/probe.ts';
import { makeAnimatedThumbnail, makeThumbnail, type ThumbnailFile } from '../../media/thumbnails.ts';
import type { FoundTools } from '../../media/tools.ts';
import { transcodeStreaming, type StreamingFile } from '../../media/transcode.ts';
import type { HubDeps } from '../deps.ts';
import type { JobRow } from '../jobs/queue.ts';
import { HopelessJob } from '../jobs/queue.ts';
import { openSource } from './open-source.ts';

export interface MakeFiles {
  job: JobRow;
  tools: FoundTools;
  /** Empty folder for what is being made. */
  workFolder: string;
  signal: AbortSignal;
  /** 0 to 1. */
  progress: (done: number) => void;
}

/** Shares of the whole work, by where it ends. */
const endOf = { probe: 0.02, thumbnail: 0.05, streaming: 0.9, audio: 0.95 } as const;

/**
 * Makes and stores every file of a video media from its source: thumbnail, streaming files with their
 * segment indexes, sound, animated thumbnail, and the original as the archival file. The media learns
 * of them all at once, at the end; repeating it after a crash writes the same keys again.
 */
export async function makeMediaFiles(deps: HubDeps, options: MakeFiles): Promise<void> {
  const { job, tools, workFolder, signal, progress } = options;
  const { objects, db } = deps;
  const source = String(job.spec['url']);
  const media = await db
    .selectFrom('media')
    .innerJoin('projects', 'projects.id', 'media.project')
    .select(['media.id', 'media.project', 'media.media_files', 'projects.organization', 'media.name'])
    .where('media.id', '=', Number(job.spec['media_id']))
    .where('media.deleted', '=', false)
    .executeTakeFirst();
  if (!media) throw new HopelessJob('The media was deleted.');
  const prefix = `${media.organization ?? 0}/${media.project}/${media.id}/`;
  const original = await openSource(deps, source, { folder: workFolder, signal });
  try {
    const probe = await probeMedia(original.path, { tools, signal });
    if (probe.kind !== 'video') throw new HopelessJob('The file is an image, not a video.');
    progress(endOf.probe);
    const shared = { tools, probe, signal };
    const thumbnail = await makeThumbnail(original.path, join(workFolder, 'thumb.jpg'), shared);
    progress(endOf.thumbnail);
    const streaming = await transcodeStreaming(original.path, workFolder, {
      ...shared,
      onProgress: ({ stage, fraction }) => {
        const share = stage === 'encoding' ? fraction * 0.95 : 0.95 + fraction * 0.05;
        progress(endOf.thumbnail + share * (endOf.streaming - endOf.thumbnail));
      },
    });
    const audio = await extractAudio(original.path, join(workFolder, 'audio.m4a'), shared);
    progress(endOf.audio);
    const gif = await animate(streaming, { tools, workFolder, signal });
    const archivalKey = `${prefix}archival_${safeEnding(media.name)}`;
    await objects.adopt(archivalKey, original.path);
    const store = async (path: string, name: string): Promise<string> => {
      const key = prefix + name;
      await objects.adopt(key, path);
      return key;
    };
    const files: Record<string, unknown> = {
      ...media.media_files,
      thumbnail: [imageEntry(await store(thumbnail.path, 'thumb.jpg'), thumbnail)],
      thumbnail_gif: gif ? [imageEntry(await store(gif.path, 'thumb.gif'), gif)] : [],
      streaming: await Promise.all(streaming.map((file) => streamingEntry(file, store))),
      archival: [archivalEntry(archivalKey, probe)],
      audio: audio
        ? [
            {
              path: await store(audio.path, 'audio.m4a'),
              codec: audio.codec,
              codec_description: audio.codecDescription,
              size: audio.size,
              bit_rate: audio.bitRate,
            },
          ]
        : [],
    };
    signal.throwIfAborted();
    await saveToMedia(deps, { job, media: media.id, files, probe, tallest: streaming.at(-1) });
  } finally {
    await original.release();
  }
}

interface Save {
  job: JobRow;
  media: number;
  files: Record<string, unknown>;
  probe: VideoProbe;
  tallest: StreamingFile | undefined;
}

async function saveToMedia(
  { db, clock }: HubDeps,
  { job, media, files, probe, tallest }: Save,
): Promise<void> {
  await db
    .updateTable('media')
    .set({
      media_files: JSON.stringify(files),
      num_frames: frameCount(probe.frameTable),
      fps: nominalFps(probe.frameTable),
      width: tallest?.width ?? probe.width,
      height: tallest?.height ?? probe.height,
      codec: tallest?.codec ?? probe.codec,
      modified_by: job.user_id,
      modified_datetime: new Date(clock.now()),
    })
    .where('id', '=', media)
    .execute();
}

/** From the smallest streaming file taller than 256, else the smallest. */
async function animate(
  streaming: readonly StreamingFile[],
  { tools, workFolder, signal }: Pick<MakeFiles, 'tools' | 'workFolder' | 'signal'>,
): Promise<ThumbnailFile | undefined> {
  const file = streaming.find(({ height }) => height > 256) ?? streaming[0];
  if (!file) return undefined;
  const probe = await probeMedia(file.path, { tools, signal });
  if (probe.kind !== 'video') return undefined;
  return makeAnimatedThumbnail(file.path, join(workFolder, 'thumb.gif'), { tools, probe, signal });
}

function imageEntry(path: string, { size, width, height, mime }: ThumbnailFile): Record<string, unknown> {
  return { path, size, resolution: [height, width], mime };
}

async function streamingEntry(
  file: StreamingFile,
  store: (path: string, name: string) => Promise<string>,
): Promise<Record<string, unknown>> {
  return {
    path: await store(file.path, `${file.height}.mp4`),
    segment_info: await store(file.segmentsPath, `${file.height}.json`),
    resolution: [file.height, file.width],
    codec: file.codec,
    codec_description: file.codecDescription,
    codec_mime: file.codecMime,
    size: file.size,
    bit_rate: file.bitRate,
  };
}

function archivalEntry(path: string, probe: VideoProbe): Record<string, unknown> {
  return {
    path,
    resolution: [probe.height, probe.width],
    codec: probe.codec,
    codec_mime: `video/${probe.container === 'mov' ? 'quicktime' : probe.container}`,
    size: probe.size,
  };
}

/** The original's name, as far as it is harmless in a key. */
function safeEnding(name: string): string {
  return name.replace(/[^\w.-]/g, '_').slice(-80) || 'original';
}
