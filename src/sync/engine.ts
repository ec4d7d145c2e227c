import type { Stop } from '../base/disposable.ts';
import type { Random } from '../base/random.ts';
import type { Project } from '../domain/entity-types.ts';
import { needOf } from '../domain/permission.ts';
import { pushCatalog } from './catalog-push.ts';
import { pullCatalog, pullMedia } from './catalog-pull.ts';
import {
  initialConnection,
  nextConnection,
  restFor,
  type ConnectionEvent,
  type ConnectionState,
} from './connection.ts';
import { pullProjects } from './contact.ts';
import { done, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { nameVersions } from './local-versions.ts';
import { pushMedia } from './media-push.ts';
import { stockTraits, type SyncStatus } from './ports.ts';
import { KnownAnswers } from './known-answers.ts';
import { beginFeed, follow, settleFeed, type Followed } from './feed.ts';
import { annotationKinds, audit, fewestAuditRows, isRead, nextAuditRows, pull } from './pull.ts';
import { push } from './push.ts';
import { renewTracks } from './tracks.ts';
import { Permissions } from './permissions.ts';
import { Refusals } from './refusals.ts';
import { problemOf, showSame } from './status.ts';

/*
 * The loop:
 *
 *          +--------------------------- wake (local edit, switch, sign-in) ------------+
 *          v                                                                           |
 *   round: contact -> catalog -> medias up -> push -> pull -> tracks -> audit -> save status -> rest
 *             |          |           |         |       |        |                      ^
 *             +----------+-----------+---------+-------+--------+-- any failure -------+
 *
 * With a server that tells what changes, the pull is that (`feed.ts`), and of the rest only a net.
 *
 * A failure ends the round, never the loop; what was done stays done, and the next round begins
 * with what is in doubt. Rest is the poll interval online, a jittered backoff offline, and endless
 * where only a person can help (offline by choice, sign-in needed).
 */

export interface EngineOptions extends Omit<SyncDeps, 'traits' | 'refusals' | 'permissions'> {
  random: Random;
  /** After the medias of a project were exchanged: where uploads are ordered. May throw; the round goes on. */
  afterMedia?: (projectId: number) => Promise<void>;
}

export interface SyncEngine {
  /** Something may be there to do: do not wait for the poll. */
  wake(): void;
  /** The server, the sign-in or the "work offline" switch has changed: try afresh. */
  restart(): void;
  stop: Stop;
  /** Resolves when the loop has ended after `stop`. */
  ended: Promise<void>;
}

/** ms */
const pollEvery = 2000;
const catalogEvery = 60_000;
const mediaEvery = 5000;
/** How often it is asked for a permission that work waits for. */
const permissionEvery = 10_000;
const auditEvery = 10_000;
/** Whole lists of what a server tells the changes of, in case that it has missed some. */
const netEvery = 60_000;
/** After so many audits of everything, nothing is wrong any more that nobody tells of. */
const turnsToSettle = 2;
const releaseEvery = 30_000;
const silence = 1000;

export function startSyncEngine(options: EngineOptions): SyncEngine {
  const loop = new Loop(options);
  const unsubscribe = options.storage.onLocalEdit(() => loop.wake());
  const ended = loop.run();
  return {
    wake: () => loop.wake(),
    restart: () => loop.restart(),
    stop: () => {
      unsubscribe();
      loop.stop();
    },
    ended,
  };
}

/** One engine at work. `round` alone is what the simulation drives. */
export class Loop {
  readonly #options: EngineOptions;
  #state: ConnectionState = initialConnection;
  #status: SyncStatus = {
    connection: { kind: 'starting' },
    activity: 'idle',
    lastSyncedAt: null,
    problem: null,
  };
  #projects: Project[] = [];
  readonly #answers = new KnownAnswers();
  readonly #permissions = new Permissions();
  #deps: SyncDeps;
  /** Something waits for a permission. */
  #waits = false;
  /** When the server last answered a question; ms. */
  #heardAt = -Infinity;
  /** When each thing was last done, by its name; ms. */
  readonly #lastDone = new Map<string, number>();
  /** Rows of the next audit at most, but for a media that has more. */
  #auditRows = fewestAuditRows;
  /** Where in the medias of each project the next audit begins. */
  readonly #auditAt = new Map<number, number>();
  /** How often the audits have gone round each project since its feed is unsettled. */
  readonly #auditTurns = new Map<number, number>();
  /** How each project is followed. */
  readonly #followed = new Map<number, Followed>();
  /** Requests that nobody waits for any more are known to be in doubt. */
  #doubted = false;
  #stopped = false;
  #awake = false;
  /** How often it was told that all is different now. */
  #restarts = 0;
  #wakeUp: () => void = () => undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#deps = {
      ...options,
      traits: stockTraits,
      refusals: new Refusals(),
      permissions: this.#permissions,
    };
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      this.#awake = false;
      await this.round();
      await this.#rest();
    }
  }

  wake(): void {
    this.#awake = true;
    if (this.#state.connection.kind === 'online') this.#wakeUp();
  }

  restart(): void {
    this.#state = initialConnection;
    this.#lastDone.delete('projects');
    this.#awake = true;
    this.#restarts += 1;
    this.#wakeUp();
  }

  stop(): void {
    this.#stopped = true;
    this.#wakeUp();
  }

  /** One round; never throws. */
  async round(): Promise<PartOutcome> {
    let outcome: PartOutcome;
    const restarts = this.#restarts;
    try {
      outcome = await this.#exchange();
    } catch (error) {
      // What became of a request may not have been written down (a full disk).
      this.#doubted = false;
      outcome = stopped({
        kind: 'unknown-outcome',
        message: error instanceof Error ? error.message : String(error),
      });
    }
    if (outcome.kind === 'done') this.#on({ kind: 'answered' });
    // What failed before the restart tells nothing of what is now, and nobody would tell of it a second time.
    else
      this.#on(
        restarts === this.#restarts ? { kind: 'failed', failure: outcome.failure } : { kind: 'restarted' },
      );
    const now = this.#options.clock.now();
    await this.#report({
      connection: this.#state.connection,
      activity: 'idle',
      lastSyncedAt: outcome.kind === 'done' ? now : this.#status.lastSyncedAt,
      problem: outcome.kind === 'done' ? null : problemOf(outcome.failure),
    });
    return outcome;
  }

  async #exchange(): Promise<PartOutcome> {
    const { storage } = this.#options;
    if (!this.#doubted) {
      await storage.doubtSentAttempts();
      this.#doubted = true;
    }
    const contactEvery = this.#waits ? permissionEvery : catalogEvery;
    if (this.#state.connection.kind !== 'online' || this.#isDue('projects', contactEvery)) {
      const projects = await pullProjects(this.#deps);
      if (!projects.ok) return stopped(projects.failure);
      this.#projects = projects.value;
      const traits = await this.#options.server.readTraits();
      if (!traits.ok) return stopped(traits.failure);
      this.#deps = { ...this.#deps, traits: traits.value };
      this.#did('projects');
      this.#on({ kind: 'answered' });
    }
    let forbidden: PartOutcome = done;
    for (const project of this.#projects) {
      const outcome = await this.#exchangeProject(project);
      if (outcome.kind !== 'stopped') continue;
      if (outcome.failure.kind !== 'forbidden') return outcome;
      this.#lastDone.delete('projects');
      if (this.#permissions.permits(project.id, 'edit')) forbidden = outcome;
    }
    this.#waits = await this.#isWaiting();
    if (this.#isDue('release', releaseEvery)) {
      await storage.releaseRecorder();
      this.#did('release');
    }
    return forbidden;
  }

  /** Whether there is work in a project that the user may not see, or not change, at present. */
  async #isWaiting(): Promise<boolean> {
    const { storage } = this.#options;
    for (const id of await storage.projectIds()) {
      const outbox = this.#permissions.permits(id, 'transfer') ? [] : await storage.outbox(id);
      if (outbox.some(({ edit }) => edit !== null && !this.#permissions.permits(id, needOf(edit))))
        return true;
    }
    return false;
  }

  async #exchangeProject(project: Project): Promise<PartOutcome> {
    const { id } = project;
    const parts: (() => Promise<PartOutcome>)[] = [
      () => beginFeed(this.#deps, id),
      () => this.#every(`catalog/${id}`, catalogEvery, () => pullCatalog(this.#deps, project)),
      () => pushCatalog(this.#deps, project),
      () => this.#pushMedia(id),
      () => this.#every(`media/${id}`, this.#orNet(id, mediaEvery), () => pullMedia(this.#deps, id)),
      () => this.#orderUploads(id),
      () => this.#push(id),
      () => this.#pull(project),
      () => this.#renewTracks(id),
      () => this.#every(`audit/${id}`, this.#orNet(id, auditEvery), () => this.#auditNext(id)),
    ];
    // What is forbidden leaves the rest of the project, to be read at least, as it is.
    let forbidden: PartOutcome = done;
    for (const part of parts) {
      const outcome = await part();
      if (outcome.kind !== 'stopped') continue;
      if (outcome.failure.kind !== 'forbidden') return outcome;
      forbidden = outcome;
    }
    return forbidden;
  }

  /**
   * A write into a link that is gone leaves everything in doubt; a question first costs a round trip,
   * and only after a silence. Nothing to write: nothing to ask.
   */
  async #afterContact(projectId: number, write: () => Promise<PartOutcome>): Promise<PartOutcome> {
    const { storage, server, clock } = this.#options;
    if (clock.now() - this.#heardAt > silence && (await storage.outbox(projectId)).length > 0) {
      const answer = await server.readProjects();
      if (!answer.ok) return stopped(answer.failure);
      this.#heardAt = clock.now();
    }
    const outcome = await write();
    if (outcome.kind === 'done') this.#heardAt = clock.now();
    return outcome;
  }

  async #orderUploads(projectId: number): Promise<PartOutcome> {
    try {
      await this.#options.afterMedia?.(projectId);
    } catch {
      // The uploads report their own failures; the next round orders them again.
    }
    return done;
  }

  async #pull(project: Project): Promise<PartOutcome> {
    const { id } = project;
    const { outcome, followed, isAnew } = await follow(this.#deps, project);
    if (isAnew || followed !== this.#followed.get(id)) {
      this.#followed.set(id, followed);
      this.#auditTurns.set(id, 0);
      this.#auditAt.set(id, 0);
    }
    if (outcome.kind === 'stopped') return outcome;
    for (const kind of annotationKinds) {
      if (followed === 'settled' && (await isRead(this.#deps, id, kind))) continue;
      const pulled = await pull(this.#deps, id, kind);
      if (pulled.kind === 'stopped') return pulled;
    }
    return done;
  }

  /** How often something is done that a settled feed makes unnecessary but for a net. */
  #orNet(projectId: number, usual: number): number {
    return this.#followed.get(projectId) === 'settled' ? netEvery : usual;
  }

  /** The medias take turns, small ones several at a time. */
  async #auditNext(projectId: number): Promise<PartOutcome> {
    const all = [...(await this.#options.storage.mediaIds(projectId))];
    if (all.length === 0) {
      await this.#noteTurn(projectId);
      return done;
    }
    const from = (this.#auditAt.get(projectId) ?? 0) % all.length;
    let taken = 1;
    const { clock } = this.#options;
    const begun = clock.now();
    for (const kind of annotationKinds) {
      const medias = kind === 'state' ? all.slice(from, from + taken) : all.slice(from);
      const what = { projectId, kind, medias, rows: this.#auditRows };
      const audited = await audit(this.#deps, what, this.#answers);
      taken = audited.taken;
      // What cannot be read does not keep the others from their turn.
      this.#auditAt.set(projectId, from + taken);
      if (audited.outcome.kind === 'stopped') return audited.outcome;
    }
    this.#auditRows = nextAuditRows(this.#auditRows, clock.now() - begun);
    if (from + taken >= all.length) await this.#noteTurn(projectId);
    return done;
  }

  async #noteTurn(projectId: number): Promise<void> {
    if (this.#followed.get(projectId) !== 'unsettled') return;
    const turns = (this.#auditTurns.get(projectId) ?? 0) + 1;
    this.#auditTurns.set(projectId, turns);
    if (turns >= turnsToSettle) await settleFeed(this.#deps, projectId);
  }

  #pushMedia(projectId: number): Promise<PartOutcome> {
    if (!this.#permissions.permits(projectId, 'edit')) return Promise.resolve(done);
    return this.#afterContact(projectId, () => pushMedia(this.#deps, projectId));
  }

  async #push(projectId: number): Promise<PartOutcome> {
    const { storage } = this.#options;
    const outbox = await storage.outbox(projectId);
    if (outbox.length === 0) return done;
    await nameVersions(this.#deps, projectId, outbox);
    if (!this.#permissions.permits(projectId, 'edit')) return done;
    await this.#report({ ...this.#status, connection: this.#state.connection, activity: 'pushing' });
    return this.#afterContact(projectId, () => push(this.#deps, projectId));
  }

  #renewTracks(projectId: number): Promise<PartOutcome> {
    if (!this.#permissions.permits(projectId, 'edit')) return Promise.resolve(done);
    return renewTracks(this.#deps, projectId);
  }

  async #every(name: string, interval: number, part: () => Promise<PartOutcome>): Promise<PartOutcome> {
    if (!this.#isDue(name, interval)) return done;
    const outcome = await part();
    if (outcome.kind === 'done') this.#did(name);
    return outcome;
  }

  #isDue(name: string, interval: number): boolean {
    const last = this.#lastDone.get(name);
    // A clock that was set back must not put things off for as long as it went back.
    return last === undefined || Math.abs(this.#options.clock.now() - last) >= interval;
  }

  #did(name: string): void {
    this.#lastDone.set(name, this.#options.clock.now());
  }

  #on(event: ConnectionEvent): void {
    const { clock, random } = this.#options;
    this.#state = nextConnection(this.#state, event, { now: clock.now(), random });
  }

  /** Saves the status where it has changed; a storage that refuses it does not end the loop. */
  async #report(status: SyncStatus): Promise<void> {
    const before = this.#status;
    this.#status = status;
    if (showSame(before, status) && !this.#isDue('status', 10_000)) return;
    this.#did('status');
    try {
      await this.#options.storage.saveStatus(status);
    } catch {
      // Told again with the next round.
    }
  }

  #rest(): Promise<void> {
    const { clock, random } = this.#options;
    const ms = restFor(this.#state, { now: clock.now(), random, poll: pollEvery });
    const online = this.#state.connection.kind === 'online' && this.#state.failures === 0;
    const fresh = this.#state.connection.kind === 'starting';
    if (this.#stopped || fresh || (this.#awake && online)) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = ms === null ? () => undefined : clock.after(ms, resolve);
      this.#wakeUp = () => {
        cancel();
        this.#wakeUp = () => undefined;
        resolve();
      };
    });
  }
}
