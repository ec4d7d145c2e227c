import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom, type Random } from '../../src/base/random.ts';
import { mediaOfKey, type EntityKey } from '../../src/domain/identity.ts';
import { mostLanes } from '../../src/host/uploads/lanes.ts';
import { eventually } from '../support/host.ts';
import { sampleIds, type SampleIds } from '../support/hub-sample.ts';
import { Annotator } from './annotator.ts';
import type { Phase } from './gate.ts';
import { Importer } from './importer.ts';
import { contentsOnHub, judge } from './judge.ts';
import type { KillLaptop, Victim } from './laptop.ts';
import { Ledger, type Contents, type Fault } from './ledger.ts';
import type { KillPage, Standing } from './page/entry.ts';

declare const killPage: KillPage;

/** What a kill is to fall into. */
export type Moment = Phase | 'edit' | 'import';

export interface KillOutcome {
  kills: Record<Victim, number>;
  /** How many kills fell into each. */
  moments: Record<Moment, number>;
  /** Commands that were acknowledged as saved. */
  edits: number;
  uploads: number;
  /** Parts that were sent again, over all kills, and of one file after one kill at most. */
  resent: { parts: number; most: number };
  /** How often the browser had lost its database with the kill. */
  databases: number;
  /** Choices of the user that the recovery needed: retries of uploads and medias. */
  clicks: string[];
  faults: Fault[];
}

export interface KillPlan {
  times: number;
  seed: number;
  /** Told of the faults that no kill before this one had shown. */
  onKill?: (kill: number, victim: Victim, found: readonly Fault[]) => void;
}

/** ms that a moment is waited for. */
const momentPatience = 5000;
/** ms until everything is on the hub after the last kill. */
const drainPatience = 300_000;
/** ms until the files of the host are on a device again that has lost its database. */
const listPatience = 5_000;
/** ms until what the hub has is on a device again that has lost its database. */
const refillPatience = 120_000;
const moments: readonly (Moment | null)[] = ['edit', 'push', 'pull', 'part', 'completion', 'import', null];

/** Kills browser, host and hub `times` times at work, and holds what is left against what was acknowledged. */
export async function killRun(laptop: KillLaptop, plan: KillPlan): Promise<KillOutcome> {
  const ids = await sampleIds(laptop.hub.client());
  const run = new KillRun(laptop, ids, seededRandom(plan.seed));
  await run.begin();
  for (let kill = 1; kill <= plan.times; kill += 1) {
    const known = new Set(run.faults.map(({ text }) => text));
    const victim = await run.killOnce();
    plan.onKill?.(
      kill,
      victim,
      run.faults.filter(({ text }) => !known.has(text)),
    );
  }
  return run.end();
}

class KillRun {
  readonly faults: Fault[] = [];
  readonly #laptop: KillLaptop;
  readonly #ids: SampleIds;
  readonly #random: Random;
  readonly #ledger = new Ledger();
  readonly #annotator: Annotator;
  readonly #importer: Importer;
  readonly #kills: Record<Victim, number> = {
    ...{ browser: 0, 'browser and its data': 0, host: 0, 'browser and host': 0 },
    ...{ hub: 0, 'hub and database': 0 },
  };
  readonly #moments = { edit: 0, import: 0, push: 0, pull: 0, part: 0, completion: 0 };
  readonly #clicks: string[] = [];
  #databases = 0;

  constructor(laptop: KillLaptop, ids: SampleIds, random: Random) {
    this.#laptop = laptop;
    this.#ids = ids;
    this.#random = random;
    const parts = { laptop, random, project: ids.project };
    this.#annotator = new Annotator({ ...parts, ledger: this.#ledger, ids });
    this.#importer = new Importer(parts);
  }

  /** The first file, without which there is nothing to annotate. */
  async begin(): Promise<void> {
    await this.#importer.addOne(new AbortController().signal);
    await eventually(
      async () => {
        await this.#lookForMedias();
        return this.#annotator.medias[0];
      },
      { what: 'the first media on the device', patience: 60_000 },
    );
  }

  /** Work, a kill in the middle of it, a restart, and a look at what the app shows then. */
  async killOnce(): Promise<Victim> {
    const moment = this.#pick(moments);
    const victim = this.#victim();
    if (this.#random() < 0.2) await this.#workOffline();
    const stop = new AbortController();
    const { signal } = stop;
    const needsFile = moment === 'part' || moment === 'completion' || moment === 'import';
    const work = Promise.all([
      this.#annotator.work({ signal, pause: moment === 'pull' ? 400 : 60 }),
      ...(needsFile || this.#importer.isUnderway ? [this.#importer.addOne(signal)] : []),
    ]);
    // Work that fails before anything is killed ends the run with its error.
    await Promise.race([this.#waitFor(moment), work]);
    this.#count(victim);
    stop.abort();
    await this.#laptop.kill(victim);
    await work;
    if (await this.#laptop.restart(victim)) await this.#lookWithoutDatabase();
    await this.#look();
    return victim;
  }

  async end(): Promise<KillOutcome> {
    if (this.#importer.isUnderway) await this.#importer.addOne(new AbortController().signal);
    await this.#drained();
    const rest = this.#laptop.hub.client();
    const judged = { ledger: this.#ledger, files: this.#importer.files };
    // Tracks follow the new rows of their members after everything else.
    let found: Fault[] = [];
    await eventually(
      async () => {
        found = await judge(rest, this.#ids, judged);
        return found.length === 0 ? true : undefined;
      },
      { patience: 30_000 },
    ).catch(() => undefined);
    this.faults.push(...found);
    await this.#laptop.openPage();
    await this.#look();
    const resent = this.#laptop.gate.resent();
    if (resent.most > mostLanes)
      this.faults.push({
        kind: 'wrong',
        text: `after one kill ${resent.most} parts of a file were sent again`,
      });
    for (const error of this.#laptop.pageErrors)
      this.faults.push({ kind: 'wrong', text: `an error on a page: ${error}` });
    return {
      ...{ kills: this.#kills, moments: this.#moments, clicks: this.#clicks, resent, faults: this.faults },
      databases: this.#databases,
      edits: this.#ledger.acknowledged,
      uploads: this.#importer.files.size,
    };
  }

  /** Some edits that the push then finds all at once. */
  async #workOffline(): Promise<void> {
    await this.#laptop.setOffline(true);
    const edits = 5 + Math.floor(this.#random() * 20);
    for (let edit = 0; edit < edits; edit += 1) await this.#annotator.once();
    await this.#laptop.setOffline(false);
  }

  /** Resolves at a random instant within, or soon after the beginning of, what was asked for. */
  async #waitFor(moment: Moment | null): Promise<void> {
    const short = this.#random() * 30;
    if (moment === null) return wait(this.#random() * 2500);
    if (moment === 'edit' || moment === 'import') {
      await wait(this.#random() * 600);
      const isOn = (): boolean => (moment === 'edit' ? this.#ledger.isUnderway : this.#importer.isUnderway);
      const end = Date.now() + momentPatience;
      while (!isOn() && Date.now() < end) await wait(1);
      return;
    }
    await this.#laptop.gate.next(moment, momentPatience);
    return wait(short);
  }

  #count(victim: Victim): void {
    this.#kills[victim] += 1;
    for (const phase of this.#laptop.gate.underway()) this.#moments[phase] += 1;
    if (this.#ledger.isUnderway) this.#moments.edit += 1;
    if (this.#importer.isUnderway) this.#moments.import += 1;
  }

  /** What the app shows after a restart: nothing that was acknowledged is missing, before any server is asked. */
  async #look(): Promise<void> {
    const shown = await this.#shown();
    this.#importer.settle(await this.#standing());
    this.faults.push(...this.#ledger.settle(shown), ...this.#ledger.faults(shown, 'on the device'));
    await this.#lookForMedias();
  }

  /**
   * What the app shows where the browser has lost the whole database: at once all that no server has, from
   * the flight recorder, and the rest as soon as the hub has told it again.
   */
  async #lookWithoutDatabase(): Promise<void> {
    this.#databases += 1;
    this.#ledger.forgetHistory();
    const missing = this.#ledger.missing(await this.#shown());
    const nowhere = new Set(this.#ledger.missing(await contentsOnHub(this.#laptop.hub.client(), this.#ids)));
    const absent = missing.filter((key) => nowhere.has(key));
    const late = await this.#entered(absent.filter((key) => mediaOfKey(key) !== null));
    for (const key of absent)
      if (mediaOfKey(key) === null || late.has(key))
        this.faults.push({ kind: 'lost', text: `${key} is neither on the hub nor on the device` });
    // What is still missing then is found by the look that follows.
    await eventually(
      async () => {
        await this.#lookForMedias();
        return this.#ledger.missing(await this.#shown()).length === 0 ? true : undefined;
      },
      { patience: refillPatience },
    ).catch(() => undefined);
  }

  /** Those of the medias that do not come: which files it has, the host tells a moment after the start. */
  async #entered(medias: EntityKey[]): Promise<ReadonlySet<EntityKey>> {
    let left = new Set(medias);
    await eventually(
      async () => {
        if (left.size === 0) return true;
        const missing = new Set(this.#ledger.missing(await this.#shown()));
        left = new Set(medias.filter((key) => missing.has(key)));
        return left.size === 0 ? true : undefined;
      },
      { patience: listPatience },
    ).catch(() => undefined);
    return left;
  }

  async #lookForMedias(): Promise<void> {
    const { page } = this.#laptop;
    this.#annotator.medias = await page.evaluate((id) => killPage.mediaKeys(id), this.#ids.project);
  }

  async #shown(): Promise<Contents> {
    const { page } = this.#laptop;
    return new Map(await page.evaluate((keys) => killPage.shown(keys), this.#annotator.medias));
  }

  #standing(): Promise<Standing> {
    return this.#laptop.page.evaluate(() => killPage.standing());
  }

  /** Waits until nothing is open any more; retries what the app asks its user to retry. */
  async #drained(): Promise<void> {
    const names = [...this.#importer.files.keys()];
    let open = '';
    await eventually(
      async () => {
        const standing = await this.#standing();
        open = openOf(standing, names);
        if (open === '') return true;
        await this.#retry(standing);
        await wait(500);
        return undefined;
      },
      { patience: drainPatience },
    ).catch(() => this.faults.push({ kind: 'lost', text: `still open at the end: ${open}` }));
  }

  async #retry({ uploads, medias }: Standing): Promise<void> {
    const { page } = this.#laptop;
    for (const { name, mediaKey, state } of uploads) {
      if (state.kind !== 'failed') continue;
      this.#clicks.push(`the upload of ${name}: ${JSON.stringify(state.fault)}`);
      await page.evaluate((key) => killPage.host.call('uploads.resume', { mediaKey: key }), mediaKey);
    }
    for (const { name, key: mediaKey, stage } of medias) {
      if (stage.kind !== 'failed') continue;
      this.#clicks.push(`media ${name}: ${JSON.stringify(stage.fault)}`);
      await page.evaluate((key) => killPage.host.call('media.retry', { mediaKey: key }), mediaKey);
    }
  }

  #victim(): Victim {
    const dice = this.#random();
    if (dice < 0.34) return 'browser';
    if (dice < 0.4) return 'browser and its data';
    if (dice < 0.65) return 'host';
    if (dice < 0.85) return 'browser and host';
    return dice < 0.93 ? 'hub' : 'hub and database';
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!;
  }
}

/** What keeps the device from being at rest; empty when nothing does. */
function openOf(standing: Standing, names: readonly string[]): string {
  const { unsynced, inDoubt, outbox, conflicts, uploads, medias } = standing;
  const done = new Set(uploads.flatMap(({ name, state }) => (state.kind === 'done' ? [name] : [])));
  const missing = names.filter((name) => !done.has(name));
  const told = [
    unsynced + inDoubt > 0 ? `${unsynced} unsynced, ${inDoubt} in doubt` : '',
    ...outbox.map(({ key, op, status }) => `${op} ${key}: ${JSON.stringify(status)}`),
    conflicts > 0 ? `${conflicts} conflicts` : '',
    ...missing.map((name) => `${name} (${stateOf(name, standing)})`),
    ...medias.flatMap(({ name, stage }) => (stage.kind === 'ready' ? [] : [`${name} is ${stage.kind}`])),
  ];
  const open = told.filter((text) => text !== '');
  return open.length === 0 ? '' : [...open, `the engine: ${JSON.stringify(standing.engine)}`].join('; ');
}

function stateOf(name: string, { uploads }: Standing): string {
  return JSON.stringify(uploads.find((upload) => upload.name === name)?.state ?? 'no upload');
}
