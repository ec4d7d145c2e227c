import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MediaError } from './error.ts';

/** How much of a tool's complaints is kept for `MediaError.detail`. */
const stderrKept = 4_000;

export type RunOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Receives what the tool prints, as it comes. Without it the output is dropped. */
  readonly onOutput?: ((chunk: Buffer) => void) | undefined;
  /** Bytes for the tool's standard input, drawn as fast as it takes them. */
  readonly input?: AsyncIterable<Uint8Array> | undefined;
};

export type RunResult = { readonly exitCode: number | null; readonly stderr: string };

/**
 * Runs a program, without a shell, at low priority so that the user's own work stays fluid. Resolves when it
 * has ended, whatever its exit code. An abort kills it, waits until it is gone, and throws the signal's
 * reason. A program that cannot be started throws `MediaError` `tools-missing`.
 */
export async function runTool(
  program: string,
  args: readonly string[],
  { signal, onOutput, input }: RunOptions = {},
): Promise<RunResult> {
  signal?.throwIfAborted();
  const child = spawn(program, args, {
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => onOutput?.(chunk));
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrKept);
  });
  // SIGKILL: everything a tool writes is a temporary file that the caller removes, so there is nothing to save.
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new MediaError('tools-missing', `The program ${program} could not be started.`, { cause }));
    });
    child.once('close', (code) => resolve(code));
  });
  try {
    if (child.pid !== undefined) lowerPriority(child.pid);
    const fed = input && child.stdin ? feed(child.stdin, input) : Promise.resolve();
    const exitCode = await ended;
    await fed;
    signal?.throwIfAborted();
    return { exitCode, stderr };
  } finally {
    signal?.removeEventListener('abort', kill);
  }
}

/** Like `runTool`, and gives what the program printed, as text. */
export async function runForText(
  program: string,
  args: readonly string[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<RunResult & { readonly stdout: string }> {
  const chunks: Buffer[] = [];
  const result = await runTool(program, args, { ...options, onOutput: (chunk) => void chunks.push(chunk) });
  return { ...result, stdout: Buffer.concat(chunks).toString('utf8') };
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has already ended, or the system does not let us; then it runs at normal priority.
  }
}

/** A tool that ends early closes its input; its exit code then tells why, so that is no failure here. */
async function feed(stdin: Writable, input: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await pipeline(Readable.from(input), stdin);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
