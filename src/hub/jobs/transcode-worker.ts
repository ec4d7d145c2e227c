import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaError } from '../../media/error.ts';
import { findMediaTools, requireTools } from '../../media/tools.ts';
import type { HubDeps } from '../deps.ts';
import { makeMediaFiles } from '../files/make-media-files.ts';
import { HopelessJob, type Worker } from './queue.ts';

/** Errors of the media room that another try cannot cure. */
const hopeless = new Set([
  'empty-file',
  'not-media',
  'damaged',
  'unsupported',
  'tools-missing',
  'transcode-mismatch',
]);

/** Does transcode jobs: the files of a media from its upload, in a folder that is removed afterwards. */
export function transcodeWorker(
  deps: HubDeps,
  { data, ffmpegPath }: { data: string; ffmpegPath: string | undefined },
): Worker {
  return async (job, context) => {
    const workFolder = join(data, 'work', job.uid);
    await rm(workFolder, { recursive: true, force: true });
    await mkdir(workFolder, { recursive: true, mode: 0o700 });
    try {
      const { env, platform, arch } = process;
      const found = await findMediaTools({
        setting: ffmpegPath,
        env,
        platform,
        arch,
        signal: context.signal,
      });
      const tools = requireTools(found, 'Converting a video');
      await makeMediaFiles(deps, { job, tools, workFolder, ...context });
    } catch (error) {
      if (error instanceof MediaError && hopeless.has(error.code)) throw new HopelessJob(error.message);
      throw error;
    } finally {
      await rm(workFolder, { recursive: true, force: true });
    }
  };
}
