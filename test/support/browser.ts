import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';

const CANDIDATES = [
  process.env.TIDEMARK_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

function chromiumPath(): string {
  const found = CANDIDATES.find((path) => path !== undefined && existsSync(path));
  return found ?? chromium.executablePath();
}

export interface TestBrowser {
  context: BrowserContext;
  page(): Promise<Page>;
  /** SIGKILL to the browser and all its processes: what a power cut does. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface BrowserOptions {
  /** Keeps IndexedDB between starts; made by the caller, see `newProfile`. */
  profile: string;
  width?: number;
  height?: number;
  colorScheme?: 'dark' | 'light';
}

export async function newProfile(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'tidemark-profile-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * Starts a real Chromium on a profile folder that outlives it. It is a process of our own, reached
 * over the debugging protocol, so that a test can kill it as hard as a power cut would.
 */
export async function startBrowser(options: BrowserOptions): Promise<TestBrowser> {
  const { width = 1280, height = 800 } = options;
  const child = spawn(
    chromiumPath(),
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
      '--autoplay-policy=no-user-gesture-required',
      '--remote-debugging-port=0',
      `--user-data-dir=${options.profile}`,
      `--window-size=${width},${height}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  const endpoint = await debuggingEndpoint(child);
  const browser = await chromium.connectOverCDP(endpoint);
  const context = browser.contexts()[0]!;
  return {
    context,
    page: async () => {
      const page = context.pages()[0] ?? (await context.newPage());
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: options.colorScheme ?? 'dark' });
      return page;
    },
    kill: () => endProcess(child, 'SIGKILL', browser),
    close: () => endProcess(child, 'SIGTERM', browser),
  };
}

function debuggingEndpoint(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const match = /DevTools listening on (ws:\S+)/.exec(text);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`Chromium ended at start (${code}): ${text.slice(-2000)}`)),
    );
  });
}

async function endProcess(
  child: ChildProcess,
  signal: 'SIGKILL' | 'SIGTERM',
  browser: Browser,
): Promise<void> {
  const exited = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
  try {
    // The group: the renderer and GPU processes go with their parent.
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It is gone already.
  }
  await exited;
  await browser.close().catch(() => undefined);
}
