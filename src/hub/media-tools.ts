import { MediaError } from '../media/error.ts';
import { findMediaTools, requireTools, type FoundTools } from '../media/tools.ts';
import { HubError } from './errors.ts';

/** Finds the ffmpeg program when it is first needed, and again each time until it is there. */
export class ToolFinder {
  readonly #setting: string | undefined;
  #found: FoundTools | undefined;

  /** `setting`: the program; absent: found on the machine. */
  constructor(setting: string | undefined) {
    this.#setting = setting;
  }

  /** @throws MediaError `tools-missing` with what to do about it. */
  async require(purpose: string, signal?: AbortSignal): Promise<FoundTools> {
    const { env, platform, arch } = process;
    this.#found ??= requireTools(
      await findMediaTools({ setting: this.#setting, env, platform, arch, signal }),
      purpose,
    );
    return this.#found;
  }
}

/** What a request is answered when the media tools fail at what it asks for; other errors unchanged. */
export function asAnswer(error: unknown): unknown {
  if (!(error instanceof MediaError)) return error;
  if (error.code === 'tools-missing') return new HubError(503, error.message);
  return error.code === 'disk-full' ? error : new HubError(400, error.message, error.code);
}
