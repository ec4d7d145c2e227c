import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/base/clock.ts';
import type { Host } from '../../src/contract/host-rpc.ts';
import { createSocketChannel } from '../../src/contract/rpc-channels.ts';
import { createRpcClient } from '../../src/contract/rpc.ts';

const repository = resolve(import.meta.dirname, '..', '..');

export interface BrowserApp {
  /** To be opened in a browser: it carries the key of this run. */
  url: string;
  /** `http://127.0.0.1:PORT` */
  origin: string;
  pid: number;
  /** What it wrote to its error output so far. */
  log(): string;
  /** SIGKILL; resolves when the process is gone. The hub ends by itself then. */
  kill(): Promise<void>;
  /** Ends it in order; resolves when the process, and its hub, are gone. */
  stop(): Promise<void>;
}

export interface BrowserAppOptions {
  dataDir: string;
  withHub: boolean;
  /** Bytes of an upload's part; the product's own unless given. */
  partBytes?: number;
  env?: NodeJS.ProcessEnv;
  args?: readonly string[];
}

/** Thrown when the program says that it cannot start. */
export class AppDidNotStart extends Error {
  override name = 'AppDidNotStart';
  readonly line: string;

  constructor(line: string, log: string) {
    super(`the app did not start: ${line}\n${log}`);
    this.line = line;
  }
}

/** Starts the built program of browser mode (`out/main/browser.js`) as a process of its own. */
export async function startBrowserApp(options: BrowserAppOptions): Promise<BrowserApp> {
  const { dataDir, withHub, partBytes, env = {}, args = [] } = options;
  const script = resolve(repository, 'out/main/browser.js');
  const all = [script, '--data', dataDir, ...(withHub ? [] : ['--no-hub']), ...args];
  if (partBytes !== undefined) all.push('--part-bytes', String(partBytes));
  const child = spawn(process.execPath, all, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let log = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => (log += text));
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const first = await new Promise<string>((done) => {
    createInterface({ input: child.stdout }).once('line', done);
    void gone.then(() => setTimeout(done, 200, ''));
  });
  const ready = parseReady(first);
  if (ready === null) {
    child.kill('SIGKILL');
    throw new AppDidNotStart(first, log);
  }
  return {
    ...ready,
    pid: child.pid ?? 0,
    log: () => log,
    kill: () => {
      child.kill('SIGKILL');
      return gone;
    },
    stop: () => {
      child.kill('SIGTERM');
      return gone;
    },
  };
}

function parseReady(line: string): { url: string; origin: string } | null {
  try {
    const { event, url, origin } = JSON.parse(line) as Record<string, unknown>;
    return event === 'ready' && typeof url === 'string' && typeof origin === 'string'
      ? { url, origin }
      : null;
  } catch {
    return null;
  }
}

/** The cookie that opening the app's address gives. */
export async function signInToApp(app: Pick<BrowserApp, 'url'>): Promise<string> {
  const response = await fetch(app.url, { redirect: 'manual' });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

/** A page's view of the running app, without a page. */
export async function connectToApp(
  app: Pick<BrowserApp, 'url' | 'origin'>,
): Promise<Host & { close(): void }> {
  const cookie = await signInToApp(app);
  const address = `${app.origin.replace('http', 'ws')}/rpc`;
  const channel = createSocketChannel({
    connect: () => {
      const socket = new WebSocket(address, { headers: { cookie, origin: app.origin } });
      socket.on('error', () => {}); // the channel sees the close that follows
      return socket;
    },
    clock: systemClock(),
    random: Math.random,
  });
  return { ...createRpcClient(channel), close: () => channel.close() };
}

/** Resolves with the first answer of `look` that is not undefined; fails after `patience` ms. */
export async function eventually<T>(
  look: () => Promise<T | undefined>,
  { patience = 30_000, what = 'what was awaited' }: { patience?: number; what?: string } = {},
): Promise<T> {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${patience} ms`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
