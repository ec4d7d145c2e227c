import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface HubCommand {
  /** The program that runs the script: this one. */
  execPath: string;
  script: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
}

export interface HubProcess {
  /** Resolves with the hub's address; rejects when it ends, or says nothing, before it is ready. */
  ready: Promise<string>;
  /** Resolves when it has ended, with what it said last on its error output. */
  ended: Promise<{ code: number | null; lastWords: string }>;
  /** Asks it to end, and kills it when it does not within the patience, ms. */
  stop(patienceMs: number): Promise<void>;
}

const lastWordsKept = 2_000;

/** Starts the built-in server as a child of this process. It ends by itself when this process is gone. */
export function startHubProcess({ execPath, script, args, env }: HubCommand): HubProcess {
  // A process group of its own: Ctrl-C in our terminal is for us, and we end the hub in order.
  const child = spawn(execPath, [script, ...args], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  let lastWords = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => (lastWords = (lastWords + text).slice(-lastWordsKept)));
  // It reads nothing; an end of ours must not become an error of the pipe.
  child.stdin.on('error', () => {});
  const ended = new Promise<{ code: number | null; lastWords: string }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, lastWords: error.message }));
    child.once('close', (code) => resolve({ code, lastWords: lastWords.trim() }));
  });
  return { ready: readyAddress(child, ended), ended, stop: (patience) => stopChild(child, ended, patience) };
}

function readyAddress(child: ChildProcess, ended: HubProcess['ended']): Promise<string> {
  const ready = new Promise<string>((resolve, reject) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = parseReadyLine(line);
      if (address !== null) resolve(address);
    });
    void ended.then(({ code, lastWords }) => reject(new HubEnded(code, lastWords)));
  });
  ready.catch(() => {}); // whoever waits sees it; nobody has to
  return ready;
}

/** The hub ended before it was ready. */
export class HubEnded extends Error {
  override name = 'HubEnded';
  readonly lastWords: string;

  constructor(code: number | null, lastWords: string) {
    super(`the hub ended with code ${code ?? 'none'}`);
    this.lastWords = lastWords;
  }
}

/** `{"event":"ready","url":"http://127.0.0.1:..."}`; null for every other line. */
export function parseReadyLine(line: string): string | null {
  try {
    const { event, url } = JSON.parse(line) as Record<string, unknown>;
    return event === 'ready' && typeof url === 'string' ? url.replace(/\/+$/, '') : null;
  } catch {
    return null;
  }
}

async function stopChild(child: ChildProcess, ended: HubProcess['ended'], patience: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  // The end of its input asks it to end, on every system; a signal besides would end it at once.
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  await ended;
  clearTimeout(timer);
}
