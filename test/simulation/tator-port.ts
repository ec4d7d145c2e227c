import { addPrints, digestOf, sumOfPrints } from '../../src/base/row-prints.ts';
import { printOfMembers } from '../../src/engine/annotation-wire.ts';
import { printsOfList } from '../../src/host/list-prints.ts';
import type { Project, StateType } from '../../src/domain/entity-types.ts';
import type { Fields } from '../../src/domain/fields.ts';
import { entityKey, type EntityKey, type EntityRef } from '../../src/domain/identity.ts';
import type { Need } from '../../src/domain/permission.ts';
import {
  stockTraits,
  type Answer,
  type ChangePage,
  type CreateSpec,
  type DigestedMarks,
  type Failure,
  type MarkQuery,
  type MediaSpec,
  type ServerMedia,
  type ServerPort,
  type ServerRow,
  type ServerTraits,
} from '../../src/sync/ports.ts';
import type { Life } from './faults.ts';
import { denied, member, type Membership } from './memberships.ts';
import type { ServerKind } from './script.ts';
import { poison, type Asker, type Reply, type SimulatedTator } from './simulated-tator.ts';
import type { VirtualTime } from './virtual-time.ts';

export const project: Project = { id: 1, name: 'Dive', summary: '', permission: 'Full Control' };

const catalog = {
  project,
  mediaTypes: [],
  localizationTypes: [],
  stateTypes: [] as StateType[],
  leafTypes: [],
  versions: [],
  sections: [],
  leaves: [],
  bookmarks: [],
  favorites: [],
  users: {},
};

function trackType(cascades: boolean): StateType {
  const type = { id: 7, project: 1, name: 'Track', description: '', attribute_types: [], media: [] };
  const state = { dtype: 'state', association: 'Localization', interpolation: 'none' } as const;
  return { ...type, ...state, visible: true, delete_child_localizations: cascades };
}

/** ms */
const timeout = 120_000;
const latest = 20 * 60_000;
/** ms between what a request reads and what it writes, where others come between. */
const longestRace = 3000;
/** Few, so that the feed comes in several pages. */
const changesOfPage = 6;
/** ms that a request without an answer may run on; the traits of the exact server promise it. */
const latestOf: Record<ServerKind, number> = { stock: latest, exact: longestRace, hub: latest };

export interface Traffic {
  requests: number;
  /** Digest of all requests and answers, in their order. */
  trace: number;
}

const printOf = new WeakMap<ServerRow, number>();
const asListed = new WeakMap<ServerRow, ServerRow>();

/** The print of the row's JSON, as if the server had sent that. */
export function printed(row: ServerRow): number {
  const known = printOf.get(row);
  if (known !== undefined) return known;
  const { print: _before, ...told } = row;
  const [print] = printsOfList(new TextEncoder().encode(JSON.stringify([told]))) ?? [];
  if (print === undefined) throw new Error('a row without a print');
  printOf.set(row, print);
  return print;
}

/** The row as a list tells it. */
export function listed(row: ServerRow): ServerRow {
  const known = asListed.get(row) ?? { ...row, print: addPrints(printed(row), printOfMembers(row)) };
  asListed.set(row, known);
  return known;
}

/** `readMarksUnless` over a `readMarks`. */
export function digesting(readMarks: ServerPort['readMarks']): ServerPort['readMarksUnless'] {
  return async (query, known) => {
    const answer = await readMarks(query);
    if (!answer.ok) return answer;
    const digest = digestOf(answer.value.length, sumOfPrints(answer.value.map(printed)) ?? 0);
    return { ok: true, value: { digest, rows: digest === known ? null : answer.value.map(listed) } };
  };
}

/** The simulated server through a link and out of a process that may fail at any point. */
export class FaultyPort implements ServerPort {
  readonly #tator: SimulatedTator;
  readonly #life: Life;
  readonly #time: VirtualTime;
  readonly #user: number;
  readonly #traffic: Traffic;
  readonly #kind: ServerKind;
  readonly #membership: () => Membership;
  readonly #meanwhile: (ref: EntityRef) => void;

  constructor(options: {
    tator: SimulatedTator;
    life: Life;
    time: VirtualTime;
    user: number;
    traffic: Traffic;
    kind: ServerKind;
    /** What the user may do now; everything where it is not told. */
    membership?: () => Membership;
    /** What happens between the reading and the writing of a PATCH that is raced. */
    meanwhile?: (ref: EntityRef) => void;
  }) {
    this.#tator = options.tator;
    this.#life = options.life;
    this.#time = options.time;
    this.#user = options.user;
    this.#traffic = options.traffic;
    this.#kind = options.kind;
    this.#membership = options.membership ?? (() => member);
    this.#meanwhile = options.meanwhile ?? (() => undefined);
  }

  readMarks(query: MarkQuery): Promise<Answer<ServerRow[]>> {
    return this.#read(() => this.#tator.list(query).map(listed));
  }

  readMarksUnless(query: MarkQuery, known: string | null): Promise<Answer<DigestedMarks>> {
    return digesting((each) => this.readMarks(each))(query, known);
  }

  createAnnotations(_projectId: number, specs: CreateSpec[], key?: string): Promise<Answer<number[]>> {
    return this.#write(
      () => specs.map(({ ref }) => this.#tator.current(entityKey(ref))),
      this.#once(key, JSON.stringify(specs), (seen, asker): Reply<number[]> => {
        // Names that no type has are left out without a word.
        if (specs.some(({ fields }) => poison in fields)) return { ok: false, refusal: 'rejected' };
        const medias = specs.map(({ mediaIds: [id] }) =>
          this.#tator.media.find((one) => one.serverId === id),
        );
        if (medias.includes(undefined)) return { ok: false, refusal: 'rejected' };
        const begun = new Set<EntityKey>();
        const value = specs.map((spec, i) => {
          const key = entityKey(spec.ref);
          // Named again, it follows the first of this very request.
          const before = begun.has(key) ? this.#tator.current(key) : seen[i];
          begun.add(key);
          return this.#tator.create({ ...spec, media: medias[i]?.key ?? '' }, asker, before).rowId;
        });
        return { ok: true, value };
      }),
    );
  }

  patchAnnotation(ref: EntityRef, baseMark: number, changes: Fields): Promise<Answer<ServerRow>> {
    return this.#write(
      () => this.#tator.current(entityKey(ref)),
      (base, asker): Reply<ServerRow> => {
        if (base === null) return { ok: false, refusal: 'not-found' };
        if (!this.#tator.hasMark(entityKey(ref), baseMark)) return { ok: false, refusal: 'not-found' };
        if (base.mark !== baseMark) return { ok: false, refusal: 'stale-mark' };
        if (this.#isRefused(changes)) return { ok: false, refusal: 'rejected' };
        return { ok: true, value: this.#tator.patch(base, changes, asker) };
      },
      { raced: ref },
    );
  }

  deleteAnnotation(ref: EntityRef): Promise<Answer<null>> {
    return this.#write(
      () => null,
      (_, asker): Reply<null> =>
        this.#tator.tombstone(entityKey(ref), asker) === null
          ? { ok: false, refusal: 'not-found' }
          : { ok: true, value: null },
    );
  }

  /** There are no tracks here. */
  renewMembers(): Promise<Answer<null>> {
    return this.#read(() => null);
  }

  readProjects(): Promise<Answer<Project[]>> {
    return this.#ask(() => {
      const { label } = this.#membership();
      return label === null ? [] : [{ ...project, permission: label }];
    });
  }

  /** Catalogs stay as they are here. */
  readCatalogLists(): ReturnType<ServerPort['readCatalogLists']> {
    return this.#read(() => ({}));
  }

  createInCatalog(): Promise<Answer<number>> {
    return Promise.resolve({ ok: false, failure: { kind: 'not-found' } });
  }

  patchInCatalog(): Promise<Answer<null>> {
    return Promise.resolve({ ok: false, failure: { kind: 'not-found' } });
  }

  deleteInCatalog(): Promise<Answer<null>> {
    return Promise.resolve({ ok: false, failure: { kind: 'not-found' } });
  }

  readCatalog(): ReturnType<ServerPort['readCatalog']> {
    return this.#read(() => ({ ...catalog, stateTypes: [trackType(this.#tator.cascades)] }));
  }

  readMedia({ after, limit }: { after: number; limit: number }): Promise<Answer<ServerMedia[]>> {
    return this.#read(() => this.#tator.media.filter(({ serverId }) => serverId > after).slice(0, limit));
  }

  findMedia(_projectId: number, elementalId: string): Promise<Answer<ServerMedia[]>> {
    return this.#read(() => this.#tator.media.filter(({ key }) => key === elementalId));
  }

  readMediaByIds(_projectId: number, serverIds: number[]): Promise<Answer<ServerMedia[]>> {
    return this.#read(() => this.#tator.media.filter(({ serverId }) => serverIds.includes(serverId)));
  }

  patchMedia(serverId: number, changes: Fields): Promise<Answer<null>> {
    return this.#write(
      () => null,
      (): Reply<null> => {
        const isThere = this.#tator.media.some((media) => media.serverId === serverId);
        if (!isThere) return { ok: false, refusal: 'not-found' };
        if (poison in changes) return { ok: false, refusal: 'rejected' };
        this.#tator.patchMedia(serverId, changes);
        return { ok: true, value: null };
      },
    );
  }

  readTraits(): Promise<Answer<ServerTraits>> {
    return this.#ask(() => traitsOf[this.#kind]);
  }

  /** As the engine is answered by a hub: null where the user may not see the project. */
  readChanges(_projectId: number, cursor: string | null): Promise<Answer<ChangePage | null>> {
    return this.#ask(() =>
      this.#kind === 'hub' && this.#may('read') ? this.#tator.changes(cursor, changesOfPage) : null,
    );
  }

  createMedia(_projectId: number, spec: MediaSpec, key?: string): Promise<Answer<number>> {
    return this.#write(
      () => null,
      this.#once(key, JSON.stringify(spec), (_, { ghost }): Reply<number> =>
        // A second media of the same elemental id is a fault of the network that no client can heal.
        poison in spec.fields || (ghost && this.#tator.media.some((media) => media.key === spec.elementalId))
          ? { ok: false, refusal: 'rejected' }
          : { ok: true, value: this.#tator.addMedia(spec) },
      ),
      { need: 'transfer' },
    );
  }

  /** A hub answers a key that it has seen succeed from its record. */
  #once<Seen, T>(
    key: string | undefined,
    request: string,
    write: (seen: Seen, asker: Asker) => Reply<T>,
  ): (seen: Seen, asker: Asker) => Reply<T> {
    if (key === undefined) return write;
    return (seen, asker) => {
      const known = this.#tator.answers.get(key);
      if (known !== undefined && known.request !== request) return { ok: false, refusal: 'rejected' };
      if (known !== undefined) return { ok: true, value: known.value as T };
      const reply = write(seen, asker);
      if (reply.ok) this.#tator.answers.set(key, { request, value: reply.value });
      return reply;
    };
  }

  #isRefused(fields: Fields): boolean {
    for (const field in fields) if (this.#tator.refuses(field)) return true;
    return false;
  }

  /** Something of the project. */
  #read<T>(run: () => T): Promise<Answer<T>> {
    return this.#ask(run, 'read');
  }

  async #ask<T>(run: () => T, need?: 'read'): Promise<Answer<T>> {
    await this.#leave();
    const refused = this.#turnedAway();
    if (refused !== null) return this.#answer(refused);
    if (this.#life.happens('lostBefore')) return this.#answer(failed({ kind: 'offline', byChoice: false }));
    if (need !== undefined && !this.#may(need)) return this.#answer(forbidden);
    const value = run();
    await this.#arrive();
    if (this.#life.happens('cut'))
      return this.#answer(failed({ kind: 'unknown-outcome', message: 'cut off' }));
    return this.#answer({ ok: true, value });
  }

  /** A write looks (what is there?) and then writes; with a race, others come between. */
  async #write<Seen, T>(
    look: () => Seen,
    write: (seen: Seen, asker: Asker) => Reply<T>,
    { need = 'edit', raced }: { need?: Need; raced?: EntityRef } = {},
  ): Promise<Answer<T>> {
    const ghost = (asker: Omit<Asker, 'user'>): void => {
      if (this.#may(need)) write(look(), { user: this.#user, ...asker });
    };
    await this.#leave();
    const refused = this.#turnedAway();
    if (refused !== null) return this.#answer(refused);
    if (this.#life.happens('lostBefore')) return this.#answer(noAnswer);
    if (this.#life.happens('late')) {
      const delay = latestOf[this.#kind] * this.#life.random() ** 6;
      this.#time.at(this.#time.now() + delay, () => ghost({ ghost: true, late: true }));
      await this.#time.sleep(timeout * this.#life.random());
      this.#life.check();
      return this.#answer(noAnswer);
    }
    if (!this.#may(need)) return this.#answer(forbidden);
    const seen = look();
    // A hub reads and writes under one lock.
    if (this.#life.happens('race') && this.#kind !== 'hub') {
      if (raced !== undefined) this.#time.at(this.#time.now() + 10, () => this.#meanwhile(raced));
      await this.#time.sleep(20 + longestRace * this.#life.random());
    }
    const reply = write(seen, { user: this.#user, ghost: false });
    if (this.#life.happens('doubled')) {
      const delay = 5000 * this.#life.random();
      this.#time.at(this.#time.now() + delay, () => ghost({ ghost: true }));
    }
    await this.#arrive();
    if (this.#life.happens('lostAfter') || this.#life.happens('cut')) return this.#answer(noAnswer);
    if (!reply.ok) return this.#answer(failed(failureOf(reply.refusal)));
    // Where refusals are exact, a request is refused whole, or carried out.
    if (this.#life.happens('refusedAfter') && this.#kind === 'stock')
      return this.#answer(failed({ kind: 'rejected', message: 'change log failed' }));
    return this.#answer(reply);
  }

  #may(need: 'read' | Need): boolean {
    return this.#membership().may[need];
  }

  /** The request leaves a living process and takes its time to the server. */
  async #leave(): Promise<void> {
    this.#life.step();
    this.#traffic.requests += 1;
    await this.#time.sleep(10 + 400 * this.#life.random() ** 3);
    // A process that died meanwhile does not take back what it has sent.
  }

  async #arrive(): Promise<void> {
    await this.#time.sleep(5 + 400 * this.#life.random() ** 3);
    this.#life.step();
  }

  /** Refusals before anything is carried out. */
  #turnedAway(): Answer<never> | null {
    if (this.#life.signedOut || this.#life.happens('expired')) {
      this.#life.signedOut = true;
      return failed({ kind: 'sign-in' });
    }
    if (this.#life.happens('throttled')) return failed({ kind: 'throttled' });
    if (this.#life.happens('catchAll'))
      return this.#kind === 'hub'
        ? failed({ kind: 'offline', byChoice: false })
        : failed({ kind: 'rejected', message: 'deadlock detected' });
    return null;
  }

  #answer<T>(answer: Answer<T>): Answer<T> {
    const what = answer.ok ? (Array.isArray(answer.value) ? answer.value.length : 1) : 7;
    const { trace } = this.#traffic;
    this.#traffic.trace = (Math.imul(trace, 31) + what + this.#time.now() + this.#user) | 0;
    return answer;
  }
}

const exact: ServerTraits = { ...stockTraits, exactRefusals: true, lateFor: longestRace + 500 };
const traitsOf: Record<ServerKind, ServerTraits> = {
  stock: stockTraits,
  exact,
  hub: { ...exact, lateFor: 0, keyed: true, feed: true },
};

const forbidden = failed({ kind: 'forbidden', message: denied });
const noAnswer = failed({ kind: 'unknown-outcome', message: 'no answer' });

function failed(failure: Failure): { ok: false; failure: Failure } {
  return { ok: false, failure };
}

function failureOf(refusal: 'not-found' | 'stale-mark' | 'rejected'): Failure {
  return refusal === 'rejected' ? { kind: 'rejected', message: 'no such attribute' } : { kind: refusal };
}
