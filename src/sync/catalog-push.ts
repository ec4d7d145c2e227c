import { isCatalogField } from '../domain/catalog-fields.ts';
import type { Project } from '../domain/entity-types.ts';
import type { Fields } from '../domain/fields.ts';
import {
  catalogKinds,
  entityKey,
  projectHome,
  type CatalogKind,
  type EntityRef,
} from '../domain/identity.ts';
import { needOf } from '../domain/permission.ts';
import { isLocalUri } from '../domain/place-uri.ts';
import {
  catalogContext,
  dirtyOf,
  placeOf,
  readLists,
  type CatalogRef as Ref,
  type Dirty,
} from './catalog-read.ts';
import { settleInCatalog } from './catalog-settle.ts';
import { done, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { isRefusal, neverLeft } from './failure-kinds.ts';
import { deletedField, sendable } from './merge.ts';
import {
  isSentKnown,
  type Attempt,
  type Edit,
  type EntityState,
  type Failure,
  type Place,
  type Revision,
} from './ports.ts';
import { isResting, keepInDoubt, keepWaiting } from './permissions.ts';
import { park } from './settle.ts';

/*
 *   lists -> settle what is open -> { write down -> POST, PATCH or DELETE } one by one -> lists -> settle
 *
 * in the order in which one names the other: a leaf after the leaf above it, a bookmark after its media.
 * A server checks no mark here, so the lists are read just before and just after (`catalog-read.ts`).
 */

/** Sends what the user did to what a project's catalog holds. */
export async function pushCatalog(deps: SyncDeps, { id }: Pick<Project, 'id'>): Promise<PartOutcome> {
  const dirty = await dirtyOf(deps, id);
  if (dirty.length === 0) return done;
  const kinds = catalogKinds.filter((kind) => dirty.some(({ edit }) => edit.ref.kind === kind));
  const before = await readLists(deps, { projectId: id, kinds, answered: false });
  if (before.kind === 'stopped') return before;
  const sent = await new CatalogPush(deps, id, kinds).run();
  if (sent.outcome.kind === 'stopped' || !sent.moved) return sent.outcome;
  return readLists(deps, { projectId: id, kinds, answered: true });
}

/** The next request about an entity. */
type Step = { ref: Ref; fields: Fields } & (
  | { intent: 'create'; again: Attempt | null }
  | { intent: 'patch'; serverId: number; whole: Fields }
  | { intent: 'delete'; serverId: number }
);

class CatalogPush {
  readonly #deps: SyncDeps;
  readonly #projectId: number;
  /** Those whose lists were read just before; what the user does to others meanwhile is for the next push. */
  readonly #kinds: readonly CatalogKind[];
  /** Revisions that this push has tried: what comes back is for the next one. */
  readonly #tried = new Set<string>();

  constructor(deps: SyncDeps, projectId: number, kinds: readonly CatalogKind[]) {
    this.#deps = deps;
    this.#projectId = projectId;
    this.#kinds = kinds;
  }

  async run(): Promise<{ outcome: PartOutcome; moved: boolean }> {
    let moved = false;
    for (;;) {
      const next = await this.#next();
      if (next === null) return { outcome: done, moved };
      moved = true;
      const outcome = await this.#send(next.state, next.step);
      if (outcome.kind === 'stopped') return { outcome, moved };
    }
  }

  /** The first entity that something can be sent of, in the order of the kinds and of the user's work. */
  async #next(): Promise<{ state: Dirty; step: Step } | null> {
    const dirty = await dirtyOf(this.#deps, this.#projectId);
    const byAge = dirty.toSorted((a, b) => a.edit.createdAt - b.edit.createdAt);
    for (const kind of this.#kinds) {
      for (const state of byAge) {
        if (state.edit.ref.kind !== kind || !this.#isDue(state)) continue;
        const step = await this.#stepOf(state);
        if (step === null && (await this.#isOrphan(state, dirty))) await this.#parkOrphan(state);
        if (step === null) continue;
        this.#tried.add(nameOf(state));
        return { state, step };
      }
    }
    return null;
  }

  async #isOrphan({ edit, attempt }: Dirty, dirty: Dirty[]): Promise<boolean> {
    const { parent } = edit.changes;
    if (edit.ref.kind !== 'leaf' || typeof parent !== 'string' || attempt !== null) return false;
    if (edit.status.kind === 'parked') return false;
    const isParent = (ref: EntityRef): boolean => ref.kind === 'leaf' && ref.elementalId === parent;
    if (dirty.some((other) => isParent(other.edit.ref) && other.edit.op === 'create')) return false;
    const rows = await this.#deps.storage.catalogRows(this.#projectId, 'leaf');
    return !rows.some(({ ref }) => isParent(ref));
  }

  #isDue(state: Dirty): boolean {
    const { refusals, clock } = this.#deps;
    const { key, revision } = state.edit;
    return !this.#tried.has(nameOf(state)) && refusals.isDue(key, revision, clock.now());
  }

  async #stepOf(state: Dirty): Promise<Step | null> {
    const { edit, row, attempt, conflicts } = state;
    const { ref, op, status } = edit;
    const { permissions, clock } = this.#deps;
    if (!permissions.permits(this.#projectId, needOf(edit)) || isResting(edit, clock.now())) return null;
    if (status.kind === 'parked' || conflicts.some(({ field }) => field === deletedField)) return null;
    if (attempt !== null) {
      const isAgain = attempt.intent === 'create' && this.#deps.traits.keyed && isSentKnown(state);
      const fields = isAgain ? await this.#resolved(ref, attempt.sent) : null;
      return fields === null ? null : { intent: 'create', ref, fields, again: attempt };
    }
    if (op === 'create') {
      const fields = row === null ? await this.#resolved(ref, edit.changes) : null;
      return fields === null ? null : { intent: 'create', ref, fields, again: null };
    }
    if (row === null) return null;
    if (op === 'delete') return { intent: 'delete', ref, fields: {}, serverId: row.rowId };
    const mine = Object.entries(sendable(edit, conflicts)).filter(([field]) =>
      isCatalogField(ref.kind, field),
    );
    const fields = mine.length === 0 ? null : await this.#resolved(ref, Object.fromEntries(mine));
    if (fields === null) return null;
    return { intent: 'patch', ref, fields, serverId: row.rowId, whole: { ...row.fields, ...fields } };
  }

  /** With the row ids of what is named; null while one of them is not on the server. */
  async #resolved({ kind }: Ref, fields: Fields): Promise<Fields | null> {
    const { storage } = this.#deps;
    if (kind === 'leaf' && typeof fields.parent === 'string') {
      const parent = (await storage.catalogRows(this.#projectId, 'leaf')).find(
        ({ ref }) => ref.elementalId === fields.parent,
      );
      return parent === undefined ? null : { ...fields, parent: parent.rowId };
    }
    return kind === 'bookmark' && isLocalUri(fields.uri) ? null : fields;
  }

  async #send(state: Dirty, step: Step): Promise<PartOutcome> {
    const attempt = await this.#writeDown(state, step);
    if (attempt === null) return done;
    const { server } = this.#deps;
    const { kind } = step.ref;
    switch (step.intent) {
      case 'create': {
        const key = this.#deps.traits.keyed ? attempt.id : undefined;
        const spec = { ref: step.ref, type: state.edit.type, fields: step.fields };
        if (step.again === null) await this.#deps.storage.recordRequest([attempt]);
        const answer = await server.createInCatalog(this.#projectId, spec, key);
        if (!answer.ok)
          return this.#uncreated(state, { attempt, wasOpen: step.again !== null }, answer.failure);
        await this.#enter(state, attempt, answer.value);
        return done;
      }
      case 'patch': {
        const { serverId, fields, whole } = step;
        const answer = await server.patchInCatalog({ kind, serverId }, fields, whole);
        return answer.ok ? done : this.#failed(state, attempt, answer.failure);
      }
      case 'delete': {
        const { serverId } = step;
        const answer = await server.deleteInCatalog({ kind, serverId });
        return answer.ok ? done : this.#failed(state, attempt, answer.failure);
      }
    }
  }

  /** Writes down what is about to be sent; null where the user has changed it in the meantime. */
  async #writeDown({ edit }: Dirty, step: Step): Promise<Attempt | null> {
    const { storage, clock, makeId } = this.#deps;
    const known = step.intent === 'create' ? await storage.catalogRows(this.#projectId, step.ref.kind) : [];
    let written: Attempt | null = null;
    await storage.revise([placeOf(edit)], (states) =>
      states.map((state) => {
        written = null;
        const again = step.intent === 'create' ? step.again : null;
        if (state.edit === null) return {};
        if (again !== null && state.attempt?.id === again.id) written = { ...again, state: 'sent' };
        else if (state.attempt === null && state.edit.revision === edit.revision)
          written = {
            id: makeId(),
            key: entityKey(step.ref),
            revision: edit.revision,
            intent: step.intent,
            baseMark: null,
            sent: sentBy(edit, step),
            state: 'sent',
            at: clock.now(),
            after: known.reduce((most, { rowId }) => Math.max(most, rowId), 0),
          };
        return written === null ? {} : { attempt: written };
      }),
    );
    return written;
  }

  /** The server has made it: its row is known from now on. */
  async #enter({ edit }: Dirty, { sent }: Attempt, rowId: number): Promise<void> {
    const { ref, type } = edit;
    const media = projectHome(this.#projectId);
    await this.#deps.storage.enterCatalogRow(this.#projectId, {
      ...{ ref, rowId, mark: 0, type, media, deleted: false, fields: sent },
      ...{ createdBy: null, modifiedBy: null, modifiedAt: '' },
    });
    const context = catalogContext(this.#deps, { answered: false });
    await this.#deps.storage.revise([placeOf(edit)], (states) =>
      states.map((state) => settleInCatalog(state, context)),
    );
  }

  /** What it lies under is neither on the server nor about to be: the user has to say where it belongs. */
  async #parkOrphan({ edit }: Dirty): Promise<void> {
    const { key, revision } = edit;
    const parked = { reason: orphaned, revision, now: this.#deps.clock.now() };
    this.#tried.add(`${key}@${revision}`);
    await this.#deps.storage.revise([placeOf(edit)], (states) => states.map((state) => park(state, parked)));
  }

  /** A refusal may come after the row was stored, so the list is read; a request that was open before stays so. */
  async #uncreated(
    state: Dirty,
    { attempt, wasOpen }: { attempt: Attempt; wasOpen: boolean },
    failure: Failure,
  ): Promise<PartOutcome> {
    if (wasOpen && failure.kind === 'forbidden') {
      const refusal = { reason: failure.message, now: this.#deps.clock.now() };
      await this.#deps.storage.revise([placeOf(state.edit)], (states) =>
        states.map((one) => keepInDoubt(one, refusal)),
      );
      return done;
    }
    if (isRefusal(failure)) {
      const read = await this.#readAgain(state.edit);
      return read.kind === 'done' ? this.#failed(state, attempt, failure) : read;
    }
    if (!wasOpen) return this.#failed(state, attempt, failure);
    await this.#doubt(placeOf(state.edit));
    return stopped(failure);
  }

  /** After a refusal that may have come after the fact: it is open until the list is read. */
  async #readAgain(edit: Dirty['edit']): Promise<PartOutcome> {
    const kinds = [edit.ref.kind];
    const read = await readLists(this.#deps, { projectId: this.#projectId, kinds, answered: false });
    if (read.kind === 'stopped') await this.#doubt(placeOf(edit));
    return read;
  }

  #doubt(place: Place): Promise<void> {
    return this.#deps.storage.revise([place], (states) =>
      states.map(({ attempt }) => (attempt === null ? {} : { attempt: { ...attempt, state: 'in-doubt' } })),
    );
  }

  async #failed({ edit }: Dirty, attempt: Attempt, failure: Failure): Promise<PartOutcome> {
    const { clock, refusals, traits, storage } = this.#deps;
    const now = clock.now();
    const place = placeOf(edit);
    // What was settled since is not open any more.
    const revise = (change: (state: EntityState) => Revision): Promise<void> =>
      storage.revise([place], (states) =>
        states.map((state) => ((state.attempt?.id ?? attempt.id) === attempt.id ? change(state) : {})),
      );
    if (!isRefusal(failure)) {
      // Only where it certainly never left is it as if it had not been asked.
      await revise((state) => ({
        attempt:
          neverLeft(failure) || state.attempt === null ? null : { ...state.attempt, state: 'in-doubt' },
      }));
      return stopped(failure);
    }
    // The lists that are read next show that it is gone.
    if (failure.kind === 'not-found' && attempt.intent !== 'create') {
      await revise(() => ({ attempt: null }));
      return done;
    }
    const reason = 'message' in failure ? failure.message : failure.kind;
    const { key, revision } = attempt;
    if (attempt.intent === 'delete' && !traits.exactRefusals) {
      const read = await this.#readAgain(edit);
      if (read.kind === 'stopped') return read;
    }
    if (failure.kind === 'forbidden') {
      await revise((state) => keepWaiting(state, { reason, revision, now }));
      return done;
    }
    const isFinal = refusals.note(key, revision, { now, exact: traits.exactRefusals });
    await revise((state) => (isFinal ? park(state, { reason, revision, now }) : { attempt: null }));
    return done;
  }
}

const orphaned = 'What it lies under is gone. Choose another place for it, or give it up.';

/** What the attempt is compared with later: the fields as this device names them. */
function sentBy(edit: Edit, step: Step): Fields {
  if (step.intent === 'delete') return {};
  return step.intent === 'create'
    ? edit.changes
    : Object.fromEntries(Object.keys(step.fields).map((field) => [field, edit.changes[field] ?? null]));
}

function nameOf({ edit: { key, revision } }: Dirty): string {
  return `${key}@${revision}`;
}
