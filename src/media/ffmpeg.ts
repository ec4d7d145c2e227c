import { MediaError } from './error.ts';
import { isDiskFull } from './file.ts';
import { runTool } from './run-tool.ts';
import type { FoundTools } from './tools.ts';

export type FfmpegRun = {
  readonly tools: FoundTools;
  /** Everything after the global options. */
  readonly args: readonly string[];
  /** For messages: what is being done, such as "Converting dive.mp4". */
  readonly purpose: string;
  /** Where the results go; asked for free space when the run fails. */
  readonly folder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of frames written so far. Standard output is then taken by the reports. */
  readonly onFrames?: ((frames: number) => void) | undefined;
  /** Called with standard output; excludes `onFrames`. */
  readonly onOutput?: ((chunk: Buffer) => void) | undefined;
  readonly input?: AsyncIterable<Uint8Array> | undefined;
  /** `info` where the caller reads what filters say; else only errors are printed. */
  readonly logLevel?: 'error' | 'info';
};

/** Runs ffmpeg to its end and gives what it said; any failure is a `MediaError`. */
export async function runFfmpeg(run: FfmpegRun): Promise<string> {
  const reports = run.onFrames ? ['-progress', 'pipe:1', '-stats_period', '0.25'] : [];
  const stdin = run.input ? [] : ['-nostdin'];
  const { exitCode, stderr } = await runTool(
    run.tools.ffmpeg,
    [
      '-hide_banner',
      '-nostats',
      ...stdin,
      '-v',
      run.logLevel ?? 'error',
      '-y',
      ...supported(run.tools, reports),
      ...run.args,
    ],
    {
      signal: run.signal,
      onOutput: run.onFrames ? progressReader(run.onFrames) : run.onOutput,
      input: run.input,
    },
  );
  if (exitCode === 0) return stderr;
  if (run.folder !== undefined && (await isDiskFull(run.folder))) {
    throw new MediaError('disk-full', `${run.purpose} stopped because the disk is full.`, { detail: stderr });
  }
  throw new MediaError('tool-failed', `${run.purpose} failed.`, {
    detail: `ffmpeg exit ${exitCode}: ${stderr}`,
  });
}

/** Turns the lines of `-progress` into counts of frames. */
export function progressReader(onFrames: (frames: number) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const frames = /^frame=\s*(\d+)/.exec(line)?.[1];
      if (frames !== undefined) onFrames(Number(frames));
    }
  };
}

/** `-stats_period` is younger than `-fps_mode`'s predecessor. */
function supported(tools: FoundTools, reports: readonly string[]): readonly string[] {
  return tools.passthrough.includes('-vsync') ? reports.slice(0, 2) : reports;
}
