import type { Clock } from '../../src/base/clock.ts';
import { seededRandom, type MakeId } from '../../src/base/random.ts';
import { entityKey, type EntityRef, type MediaKey } from '../../src/domain/identity.ts';
import { Loop } from '../../src/sync/engine.ts';
import type { EntityState, ServerPort, SyncStorage } from '../../src/sync/ports.ts';
import type { SimulatedDevice } from './device.ts';
import { calm, Life } from './faults.ts';
import { brokenByPermission, noAcknowledgedEditLost, rowsWhileHidden } from './invariants.ts';
import { Ledger } from './ledger.ts';
import { Memberships, type Membership } from './memberships.ts';
import { MemoryDevice } from './memory-device.ts';
import { changeAgainst, foreignAct } from './rest-user.ts';
import { firstMedia, nothingKnown, type Scene, type Station } from './scene.ts';
import type { Script, Step } from './script.ts';
import { SimulatedTator } from './simulated-tator.ts';
import { FaultyPort, type Traffic } from './tator-port.ts';
import { userAct } from './user.ts';
import { VirtualTime } from './virtual-time.ts';
import { isLeftToTheUser } from './waiting.ts';

/** Switches that plant a known bug around the engine, to see that the checkers catch it. */
export interface Planted {
  wrapServer?: (server: ServerPort) => ServerPort;
  wrapStorage?: (storage: SyncStorage, device: SimulatedDevice) => SyncStorage;
  wrapDevice?: (device: SimulatedDevice) => SimulatedDevice;
  /** Restores show in the feed, whatever the script says: nothing else would find them. */
  tellsRestores?: true;
  /** Runs instead of `Loop.round`. */
  round?: (loop: Loop) => Promise<unknown>;
}

export interface WorldOptions {
  planted?: Planted;
  frozen?: boolean;
  /** Another storage than the one in memory. */
  makeDevice?: (user: number, time: VirtualTime, makeId: MakeId) => SimulatedDevice;
  /** Resolves when all that goes on waits for time to pass. */
  atRest?: () => Promise<void>;
}

/** Requests that one round may need: a fixed share, and one for each element and each way to ask about it. */
const requestsOfRound = { fixed: 24, each: 12 };

/** ms; a device that follows a feed which has missed something needs its audits, and those come seldom. */
const usualPause = 15_000;
const pauseForNets = 65_000;

/** ms; no request runs for longer. */
const outlasted = 22 * 60_000;

/** Annotators on their devices and people at plain REST, on a few medias; all follows from the script. */
export class World implements Scene {
  readonly time: VirtualTime;
  readonly tator: SimulatedTator;
  readonly tracks: boolean;
  readonly waits: boolean;
  readonly stations: Station[] = [];
  readonly memberships = new Memberships();
  readonly refs: EntityRef[] = [];
  readonly medias: MediaKey[] = [];
  /** What went wrong while it ran. */
  readonly problems: string[] = [];
  readonly traffic: Traffic = { requests: 0, trace: 0 };
  crashes = 0;
  /** Values that were ever written; no two are the same. */
  #token = 0;
  #ids = 0;
  readonly #script: Script;
  readonly #options: WorldOptions;
  /** Between the rounds at the end; ms. */
  readonly #pause: number;

  constructor(script: Script, options: WorldOptions = {}) {
    this.#script = script;
    this.#options = options;
    this.tracks = script.tracks === true;
    this.waits = script.server !== 'exact' && !script.steps.some(({ act }) => act === 'clock');
    this.time = new VirtualTime(1_700_000_000_000, options.atRest);
    const { cascades = false, feedLag = 0 } = script;
    const secretRestores = script.secretRestores === true && options.planted?.tellsRestores !== true;
    this.#pause = secretRestores ? pauseForNets : usualPause;
    this.tator = new SimulatedTator(() => this.time.now(), {
      ...{ cascades, feedLag, tellsRestores: !secretRestores },
    });
    this.tator.addMedia({ elementalId: firstMedia, type: 3, fields: {} });
    for (let user = 1; user <= script.devices; user += 1) this.stations.push(this.#station(user));
  }

  makeId: MakeId = () => `00000000-0000-4000-8000-${String((this.#ids += 1)).padStart(12, '0')}`;

  makeValue(): string {
    return `v${(this.#token += 1)}`;
  }

  async run(): Promise<void> {
    const start = this.time.now();
    for (const step of this.#script.steps)
      this.time.at(start + step.at, () => this.time.start(() => this.#perform(step)));
    await this.time.drain();
    await this.#comeToRest();
  }

  async stateOf({ device }: Station, ref: EntityRef): Promise<EntityState> {
    return (await device.states()).get(entityKey(ref)) ?? nothingKnown;
  }

  /** The device's own clock. */
  nowOf({ ahead }: Station): number {
    return this.time.now() + ahead;
  }

  async #perform(step: Step): Promise<void> {
    const station = this.stations[step.device % this.stations.length]!;
    const random = seededRandom(step.seed);
    switch (step.act) {
      case 'round':
        return this.#round(station, step);
      case 'kill':
        station.life.kill();
        return;
      case 'clock':
        station.ahead += (random() - 0.5) * 4 * 3_600_000;
        return;
      case 'sign-in':
        this.#signIn(station);
        return;
      case 'permission':
        this.memberships.change(station.user, random);
        return;
      case 'bulk':
      case 'attribute':
      case 'rest':
      case 'sly':
      case 'rename':
      case 'backup':
      case 'restore':
        foreignAct(this, step.act, random);
        return;
      default:
        if (!station.life.dead) await userAct(this, station, step.act, random);
    }
  }

  #signIn({ life, loop }: Station): void {
    if (!life.signedOut) return;
    life.signedOut = false;
    loop.restart();
  }

  async #round(station: Station, step: Step | null): Promise<void> {
    const { life, loop } = station;
    if (life.dead) return;
    if (station.exchanging) {
      station.again = step;
      return;
    }
    station.exchanging = true;
    life.weather = step === null ? calm : this.#script.weather;
    life.random = seededRandom(step === null ? 1 : step.seed);
    const before = this.traffic.requests;
    const kept = await rowsWhileHidden(this, station);
    await (this.#options.planted?.round ?? ((one: Loop) => one.round()))(loop);
    // The process may have died and another begun meanwhile.
    if (this.stations[station.user - 1]?.life !== life) return;
    station.exchanging = false;
    this.problems.push(...(await brokenByPermission(this, station, kept)));
    this.#checkRequests(station, this.traffic.requests - before, step === null);
    const { again } = station;
    station.again = null;
    if (again !== null) await this.#round(station, again);
  }

  #checkRequests({ user }: Station, requests: number, isAlone: boolean): void {
    const limit = requestsOfRound.fixed + requestsOfRound.each * (this.refs.length + 2);
    if (isAlone && requests > limit) this.problems.push(`bounded requests: user ${user}: ${requests}`);
  }

  #station(user: number): Station {
    const make = this.#options.makeDevice ?? this.#inMemory;
    const raw = make(user, this.time, this.makeId);
    const device = this.#options.planted?.wrapDevice?.(raw) ?? raw;
    const station = { user, device, ledger: new Ledger(), ahead: 0, exchanging: false, again: null };
    return Object.assign(station, this.#begin(station));
  }

  readonly #inMemory = (_user: number, time: VirtualTime, makeId: MakeId): SimulatedDevice =>
    new MemoryDevice({ time, makeId, frozen: this.#options.frozen === true });

  /** A new process. */
  #begin(station: Pick<Station, 'user' | 'device'>): Pick<Station, 'life' | 'loop'> {
    const { user, device } = station;
    const life: Life = new Life(() => this.#died(user));
    const { time, tator, traffic } = this;
    const membership = (): Membership => this.memberships.of(user);
    const meanwhile = (ref: EntityRef): void => {
      if (this.#script.crowded === true) changeAgainst(this, ref);
    };
    const { server: kind } = this.#script;
    const server = new FaultyPort({ tator, life, time, user, traffic, kind, membership, meanwhile });
    const storage = device.storage(life);
    const { wrapServer, wrapStorage } = this.#options.planted ?? {};
    const clock: Clock = {
      now: () => this.nowOf(this.stations[user - 1]!),
      after: (ms, callback) => time.after(ms, callback),
    };
    const loop = new Loop({
      storage: wrapStorage?.(storage, device) ?? storage,
      server: wrapServer?.(server) ?? server,
      clock,
      random: seededRandom(this.#script.seed + user),
      makeId: this.makeId,
    });
    return { life, loop };
  }

  #died(user: number): void {
    this.crashes += 1;
    const station = this.stations[user - 1]!;
    const dice = station.life.random();
    this.time.at(this.time.now() + 20, () =>
      this.time.start(async () => {
        await station.device.restart({ losingDatabase: dice < 0.15, now: this.nowOf(station) });
        Object.assign(station, this.#begin(station), { exchanging: false, again: null });
        this.problems.push(...(await noAcknowledgedEditLost(this)));
      }),
    );
  }

  /** The faults stop, all questions are answered, and every device exchanges until nothing is left. */
  async #comeToRest(): Promise<void> {
    this.memberships.restoreAll();
    const { media } = this.tator;
    let quiet = 0;
    // Each media is audited twice, in turn.
    for (let i = 0; quiet < 2 * media.length; i += 1) {
      if (i > 40 + 4 * media.length) {
        this.problems.push('progress: it does not come to rest');
        return;
      }
      const before = this.tator.lastId;
      let work = false;
      for (const station of this.stations) {
        // What a request may still do on a stock server is waited for once.
        await this.#alone(() => this.#round(station, null), i === 1 ? outlasted : this.#pause);
        work = (await this.#settleQuestions(station, i)) || work;
      }
      quiet = work || this.tator.lastId !== before ? 0 : quiet + 1;
    }
  }

  /** Answers what is asked; whether there was anything left to do. */
  async #settleQuestions(station: Station, round: number): Promise<boolean> {
    this.#signIn(station);
    const random = seededRandom(this.#script.seed + round);
    // What came late had come before the second round.
    let work = round < 1;
    const states = await station.device.states();
    for (const { edit, conflicts } of states.values()) {
      work ||= conflicts.length > 0 || (edit !== null && !isLeftToTheUser({ edit }, states));
      work ||= round < 3 && edit?.status.kind === 'parked';
    }
    await this.#alone(async () => {
      await userAct(this, station, 'decide', random);
      // Some refusals were not about the edit: once nothing goes wrong any more, it is tried again.
      if (round === 1 || round === 2) await userAct(this, station, 'retry', random);
    }, 0);
    return work;
  }

  async #alone(activity: () => Promise<void>, pause: number): Promise<void> {
    this.time.at(this.time.now() + pause, () => this.time.start(activity));
    await this.time.drain();
  }
}
