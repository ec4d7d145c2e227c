import type { FfmpegState } from '../contract/host-rpc.ts';
import { findMediaTools, type MediaTools } from '../media/tools.ts';

/** Where ffmpeg is; looked for again for as long as it is missing, since the user may install it meanwhile. */
export interface ToolFinder {
  find: () => Promise<MediaTools>;
  state(): Promise<FfmpegState>;
}

export function createToolFinder(env: NodeJS.ProcessEnv): ToolFinder {
  let known: Promise<MediaTools> | null = null;
  const find = async (): Promise<MediaTools> => {
    known ??= findMediaTools({ env, platform: process.platform, arch: process.arch });
    const found = await known;
    if (found.kind === 'missing') known = null;
    return found;
  };
  return {
    find,
    state: async () => {
      const tools = await find();
      return tools.kind === 'missing' ? tools : { kind: 'found', path: tools.ffmpeg, version: tools.version };
    },
  };
}
