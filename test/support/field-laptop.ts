import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { createTatorClient, type TatorClient } from '../../src/api/client.ts';
import { systemClock } from '../../src/base/clock.ts';
import { stopLeftover } from '../../src/hub/postgres/cluster.ts';
import { newProfile, startBrowser, type TestBrowser } from './browser.ts';
import { type BrowserApp, connectToApp, eventually, startBrowserApp } from './host.ts';

/**
 * One machine at sea: the built app, its hub and its browser, over one data folder and one browser
 * profile that outlive every kill.
 */
export class FieldLaptop {
  readonly data: string;
  readonly profile: { path: string; remove(): Promise<void> };
  app!: BrowserApp;
  browser!: TestBrowser;
  page!: Page;
  /** Uncaught errors of all pages so far: none is acceptable. */
  readonly pageErrors: string[] = [];

  private constructor(data: string, profile: FieldLaptop['profile']) {
    this.data = data;
    this.profile = profile;
  }

  /** With its data in a new folder, below `parent` where one is given. */
  static async new(parent = tmpdir()): Promise<FieldLaptop> {
    const laptop = new FieldLaptop(await mkdtemp(join(parent, 'tidemark-laptop-')), await newProfile());
    await laptop.start();
    return laptop;
  }

  async start(): Promise<void> {
    this.app = await startBrowserApp({ dataDir: this.data, withHub: true });
    await this.openBrowser();
  }

  async openBrowser(
    options: { width?: number; height?: number; colorScheme?: 'dark' | 'light' } = {},
  ): Promise<void> {
    this.browser = await startBrowser({ profile: this.profile.path, ...options });
    this.page = await this.browser.page();
    this.page.on('pageerror', (error) => this.pageErrors.push(error.stack ?? error.message));
    await this.page.goto(this.app.url);
  }

  /** A power cut: browser, app, hub and database die at once. */
  async killAll(): Promise<void> {
    const family = descendants(this.app.pid);
    for (const pid of family) killNow(pid);
    await Promise.all([this.browser.kill(), this.app.kill()]);
  }

  /** Pids of the running hub (not of its database). */
  hubPids(): number[] {
    return descendants(this.app.pid).filter((pid) => commandOf(pid).includes('hub.js'));
  }

  /** Kills the hub and its database; the app goes on. */
  killHub(): void {
    for (const hub of this.hubPids()) for (const pid of [hub, ...descendants(hub)]) killNow(pid);
  }

  async hubUrl(): Promise<string> {
    const host = await connectToApp(this.app);
    try {
      return await eventually(
        async () => {
          const { hub } = await host.call('app.info', {});
          return hub.kind === 'running' ? hub.url : undefined;
        },
        { what: 'the start of the hub', patience: 60_000 },
      );
    } finally {
      host.close();
    }
  }

  /** Plain REST as another person: what a script on the ship's network does. */
  async rest(username: 'admin' | 'annotator'): Promise<TatorClient> {
    const options = { host: await this.hubUrl(), fetch, clock: systemClock(), random: Math.random };
    const password = (await readFile(join(this.data, 'hub', `${username}-password.txt`), 'utf8')).trim();
    const { token } = (await createTatorClient(options).call('create_obtain_auth_token', {
      body: { username, password },
    })) as { token: string };
    return createTatorClient({ ...options, token });
  }

  async remove(): Promise<void> {
    await this.browser.close().catch(() => undefined);
    await this.app.stop();
    await stopLeftover(join(this.data, 'hub')).catch(() => undefined);
    await this.profile.remove();
    await rm(this.data, { recursive: true, force: true, maxRetries: 5 });
  }
}

function processes(): { pid: number; parent: number; command: string }[] {
  const text = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 8 << 20 });
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return match === null
      ? []
      : [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3] ?? '' }];
  });
}

function descendants(root: number): number[] {
  const all = processes();
  const below = (parent: number): number[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one.pid, ...below(one.pid)]);
  return below(root);
}

function commandOf(pid: number): string {
  return processes().find((one) => one.pid === pid)?.command ?? '';
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}
