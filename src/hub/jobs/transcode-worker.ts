import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaError } from '../../media/error.ts';
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
export function transcodeWorker(deps: HubDeps): Worker {
  return async (job, context) => {
    const workFolder = join(deps.workFolder, job.uid);
    await rm(workFolder, { recursive: true, force: true });
    await mkdir(workFolder, { recursive: true, mode: 0o700 });
    try {
      const tools = await deps.tools.require('Converting a video', context.signal);
      await makeMediaFiles(deps, { job, tools, workFolder, ...context });
    } catch (error) {
      if (error instanceof MediaError && hopeless.has(error.code)) throw new HopelessJob(error.message);
      throw error;
    } finally {
      await rm(workFolder, { recursive: true, force: true });
    }
  };
}
