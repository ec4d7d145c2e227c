import { spawn } from 'node:child_process';

export interface CommandOptions {
  /** Where it runs. */
  folder: string;
  env: Readonly<Record<string, string>>;
  signal: AbortSignal;
  /** Whatever it says, as it says it. */
  onOutput: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** A program that is asked to end has so long for it; ms. */
const GRACE = 5_000;

/**
 * Runs one program without a shell, in a process group of its own, with nothing of the hub's own
 * environment but PATH.
 * @returns its exit code; 128 and more when a signal ended it. Rejects when it cannot be started.
 */
export function runCommand(
  command: readonly string[],
  { folder, env, signal, onOutput }: CommandOptions,
): Promise<number> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    const kill = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, name);
        else child.kill(name);
      } catch {
        // It has ended by itself.
      }
    };
    let force: NodeJS.Timeout | undefined;
    const stop = (): void => {
      kill('SIGTERM');
      force = setTimeout(() => kill('SIGKILL'), GRACE);
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => onOutput(text, name));
    }
    child.on('error', (error) => {
      signal.removeEventListener('abort', stop);
      reject(error);
    });
    // What it left behind in its group would hold its output open, and outlive the step.
    child.on('exit', () => kill('SIGKILL'));
    child.on('close', (code) => {
      clearTimeout(force);
      signal.removeEventListener('abort', stop);
      resolve(code ?? 128);
    });
  });
}
