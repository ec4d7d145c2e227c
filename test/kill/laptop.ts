import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { newProfile, startBrowser, type TestBrowser } from '../support/browser.ts';
import { type BrowserApp, connectToApp, startBrowserApp } from '../support/host.ts';
import { bundlePage } from '../support/in-chromium.ts';
import { killDatabase, startTestHub, type TestHub } from '../support/hub.ts';
import { Gate } from './gate.ts';
import type { KillPage } from './page/entry.ts';

declare const killPage: KillPage;

/**
 * What one kill takes down. A hub's database is left, or killed with it. A browser may lose its databases with
 * the kill: Chromium deletes them all at a start that finds their log torn, which happens too seldom to wait for.
 */
export type Victim =
  'browser' | 'browser and its data' | 'host' | 'browser and host' | 'hub' | 'hub and database';

type Profile = Awaited<ReturnType<typeof newProfile>>;

/** Bytes: a file is some ten parts. */
const partBytes = 64 * 1024;
/** ms: after a kill its database has to replay its log, on a disk that everything else uses too. */
const startLimit = 180_000;

/** A device (host and browser) and its hub, all real processes over folders that outlive every kill. */
export class KillLaptop {
  readonly hub: TestHub;
  readonly gate: Gate;
  /** Uncaught errors of the app's pages so far: none is acceptable. */
  readonly pageErrors: string[] = [];
  account = '';
  page!: Page;
  readonly #data: string;
  readonly #profile: Profile;
  readonly #code: string;
  #app!: BrowserApp;
  #browser!: TestBrowser;

  private constructor(parts: { hub: TestHub; gate: Gate; data: string; profile: Profile; code: string }) {
    this.hub = parts.hub;
    this.gate = parts.gate;
    this.#data = parts.data;
    this.#profile = parts.profile;
    this.#code = parts.code;
  }

  /** With a hub of its own, signed in as the sample's annotator. */
  static async start(): Promise<KillLaptop> {
    const hub = await startTestHub({ sample: true, startLimit });
    const gate = await Gate.to(() => hub.url);
    const code = await bundlePage(new URL('page/entry.ts', import.meta.url), 'iife');
    const data = await mkdtemp(join(tmpdir(), 'tidemark-kill-'));
    const laptop = new KillLaptop({ hub, gate, data, profile: await newProfile(), code });
    await laptop.#startApp();
    const host = await connectToApp(laptop.#app);
    const password = (await readFile(join(hub.data, 'annotator-password.txt'), 'utf8')).trim();
    const signIn = { host: gate.url, username: 'annotator', password };
    laptop.account = (await host.call('accounts.signIn', signIn)).id;
    await host.call('accounts.activate', { account: laptop.account });
    host.close();
    await laptop.#startBrowser();
    await laptop.openPage();
    return laptop;
  }

  /** The app's page, with the driver's own hands in it. True where the database is a new one. */
  async openPage(): Promise<boolean> {
    await this.page.goto(this.#app.url);
    await this.page.evaluate(this.#code);
    return this.page.evaluate((account) => killPage.open(account), this.account);
  }

  async setOffline(offline: boolean): Promise<void> {
    await this.page.evaluate((off) => killPage.host.call('network.setOffline', { offline: off }), offline);
  }

  /** SIGKILL, at once. */
  async kill(victim: Victim): Promise<void> {
    this.gate.killed();
    const ends: Promise<void>[] = [];
    if (victim.includes('browser')) ends.push(this.#browser.kill());
    if (victim.includes('host')) ends.push(this.#app.kill());
    if (victim.startsWith('hub')) ends.push(this.hub.kill());
    if (victim === 'hub and database') ends.push(killDatabase(this.hub.data));
    await Promise.all(ends);
    if (victim === 'browser and its data')
      await rm(join(this.#profile.path, 'Default', 'IndexedDB'), { recursive: true });
  }

  /** Starts what was killed again, over the same folders. True where the browser has lost its database. */
  async restart(victim: Victim): Promise<boolean> {
    if (victim.startsWith('hub')) {
      await this.hub.restart();
      return false;
    }
    if (victim.includes('host')) await this.#startApp();
    if (victim.includes('browser')) await this.#startBrowser();
    return this.openPage();
  }

  /** What the programs wrote to their error output, for a look after a fault. */
  logs(): string {
    return `host: ${this.#app.log().slice(-4000)}\nhub: ${this.hub.stderr().slice(-4000)}`;
  }

  async remove(): Promise<void> {
    await this.#browser.close().catch(() => undefined);
    await this.#app.stop();
    await this.gate.close();
    await this.hub.stop();
    await this.#profile.remove();
    await rm(this.#data, { recursive: true, force: true, maxRetries: 5 });
  }

  async #startApp(): Promise<void> {
    this.#app = await startBrowserApp({ dataDir: this.#data, withHub: false, partBytes });
  }

  async #startBrowser(): Promise<void> {
    this.#browser = await startBrowser({ profile: this.#profile.path });
    this.page = await this.#browser.page();
    this.page.on('pageerror', (error) => this.pageErrors.push(error.stack ?? error.message));
  }
}
