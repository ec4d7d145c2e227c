import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaError } from '../../media/error.ts';
import type { HubDeps } from '../deps.ts';
import type { MakeFiles } from '../files/make-media-files.ts';
import { sendLetter, type Letter } from '../mail/letters.ts';
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

/** Does jobs that make the files of a media, in a folder that is removed afterwards. */
export function mediaWorker(
  deps: HubDeps,
  make: (deps: HubDeps, options: MakeFiles) => Promise<void>,
): Worker {
  return async (job, context) => {
    const workFolder = join(deps.workFolder, job.uid);
    await rm(workFolder, { recursive: true, force: true });
    await mkdir(workFolder, { recursive: true, mode: 0o700 });
    try {
      const tools = await deps.tools.require('Converting media', context.signal);
      await make(deps, { job, tools, workFolder, ...context });
      await sendLetter(deps, letterIn(job.spec));
    } catch (error) {
      if (error instanceof MediaError && hopeless.has(error.code)) throw new HopelessJob(error.message);
      throw error;
    } finally {
      await rm(workFolder, { recursive: true, force: true });
    }
  };
}

/** The mail that was asked for when the files are made; checked when the job was. */
function letterIn(spec: Record<string, unknown>): Letter | undefined {
  return spec['letter'] as Letter | undefined;
}
