import { must } from '../base/assert.ts';
import type { Json } from '../base/json.ts';
import type { Fields } from '../domain/fields.ts';
import { entityKey } from '../domain/identity.ts';
import { isMediaField, unstorableInMedia } from '../domain/media-fields.ts';
import { done, inBatches, settleContext, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { inLanes } from './lanes.ts';
import { nameSections, withoutLocalSection } from './local-sections.ts';
import { sendable } from './merge.ts';
import { settleMedia } from './media-settle.ts';
import {
  mediaRow,
  type Attempt,
  type Edit,
  type EntityState,
  type Failure,
  type MediaSpec,
  type Place,
  type ServerMedia,
} from './ports.ts';
import { Forbiddances, isResting, keepInDoubt, keepWaiting } from './permissions.ts';
import { park } from './settle.ts';

/*
 *   create   look up by elemental id -> write down -> POST -> look up
 *   edit     read -> merge -> write down -> PATCH -> read -> settle
 *
 * No POST of a media is repeatable, so each is looked up by its elemental id before it is made, every
 * time. A PATCH checks nothing on the server, so the media is read just before and just after it.
 */

const lanes = 8;
const mediasAtOnce = 500;

/** Sends what the user did to medias, made here or pulled, as far as the permission goes. */
export async function pushMedia(deps: SyncDeps, projectId: number): Promise<PartOutcome> {
  let edits = await dirtyMedia(deps, projectId);
  if (await nameSections(deps, projectId, edits)) edits = await dirtyMedia(deps, projectId);
  const forbiddances = new Forbiddances(deps, projectId);
  for (const edit of edits.filter(({ op }) => op === 'create')) {
    if (!deps.permissions.permits(projectId, 'transfer')) break;
    const failure = await pushOne(deps, { projectId, forbiddances }, edit);
    if (failure !== null && failure.kind !== 'forbidden') return stopped(failure);
  }
  const ids = await deps.storage.mediaIds(projectId);
  const known = edits.flatMap(({ op, media }) => (op === 'edit' && ids.has(media) ? [placeOf(media)] : []));
  for (const places of inBatches(known, mediasAtOnce)) {
    const outcome = await new MediaEdits(deps, { projectId, ids }).push(places);
    if (outcome.kind === 'stopped') return outcome;
  }
  return done;
}

async function dirtyMedia({ storage, clock }: SyncDeps, projectId: number): Promise<Edit[]> {
  const now = clock.now();
  return (await storage.outbox(projectId)).flatMap(({ edit }) =>
    edit?.ref.kind === 'media' && edit.status.kind !== 'parked' && !isResting(edit, now) ? [edit] : [],
  );
}

function placeOf(key: string): Place {
  return { ref: { kind: 'media', version: 0, elementalId: key }, media: key };
}

/** Folds the listed medias into the user's work on them. */
export async function settleMedias(
  deps: SyncDeps,
  medias: ServerMedia[],
  { answered }: { answered: boolean } = { answered: false },
): Promise<void> {
  const context = { ...settleContext(deps), answered };
  await deps.storage.revise(
    medias.map(({ key }) => placeOf(key)),
    (states) =>
      states.map((state, i) => {
        const media = medias[i];
        return media === undefined ? {} : settleMedia(state, mediaRow(media), context);
      }),
  );
}

/** One batch of medias that the server has and the user has changed. */
class MediaEdits {
  readonly #deps: SyncDeps;
  readonly #projectId: number;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #forbiddances: Forbiddances;

  constructor(deps: SyncDeps, { projectId, ids }: { projectId: number; ids: ReadonlyMap<string, number> }) {
    this.#deps = deps;
    this.#projectId = projectId;
    this.#ids = ids;
    this.#forbiddances = new Forbiddances(deps, projectId);
  }

  async push(places: Place[]): Promise<PartOutcome> {
    const before = await this.#read(places, { answered: false });
    if (before.kind === 'stopped') return before;
    const written = await this.#writeDown(places);
    const results = await inLanes(written, { lanes, goesOn: isAnswer }, (one) => this.#patch(one));
    const failed = results.find(({ result }) => !isAnswer(result))?.result;
    const after = failed
      ? stopped(failed)
      : await this.#read(
          written.map(({ place }) => place),
          { answered: true },
        );
    if (after.kind === 'stopped') {
      await this.#doubt(written.map(({ place }) => place));
      return after;
    }
    for (const { item, result } of results) {
      const outcome = result === null ? done : await this.#refuse(item, result);
      if (outcome.kind === 'stopped') return outcome;
    }
    return done;
  }

  async #read(places: Place[], { answered }: { answered: boolean }): Promise<PartOutcome> {
    if (places.length === 0) return done;
    const { server, storage } = this.#deps;
    const ids = places.map(({ media }) => must(this.#ids.get(media)));
    const answer = await server.readMediaByIds(this.#projectId, ids);
    if (!answer.ok) return stopped(answer.failure);
    const wanted = new Set(places.map(({ media }) => media));
    const medias = answer.value.filter(({ key }) => wanted.has(key));
    await storage.putServerMedia(this.#projectId, medias, { complete: false });
    await settleMedias(this.#deps, medias, { answered });
    return done;
  }

  /** Writes down what is to be sent; what this server could not store is parked instead. */
  async #writeDown(places: Place[]): Promise<Written[]> {
    const { storage, clock, makeId } = this.#deps;
    let written: Written[] = [];
    await storage.revise(places, (states) => {
      written = [];
      return states.map((state, i) => {
        const place = places[i];
        const { fields, unstorable } = this.#split(state);
        if (place === undefined || state.edit === null || state.attempt !== null) return {};
        const { key, revision } = state.edit;
        const now = clock.now();
        if (Object.keys(fields).length === 0)
          return unstorable.length === 0 ? {} : park(state, { reason: reasonOf(unstorable), revision, now });
        const rest = { intent: 'patch', baseMark: null, sent: fields, state: 'sent', at: now } as const;
        const attempt: Attempt = { id: makeId(), key, revision, ...rest };
        written.push({ place, attempt });
        return { attempt };
      });
    });
    return written;
  }

  #split({ edit, conflicts }: EntityState): { fields: Fields; unstorable: string[] } {
    if (edit?.op !== 'edit' || edit.base === null || edit.status.kind === 'parked')
      return { fields: {}, unstorable: [] };
    const mine = withoutLocalSection(sendable(edit, conflicts));
    const wanted = Object.entries(mine).filter(([field]) => isMediaField(field));
    const problem = ([field, value]: [string, Json]): string | null =>
      this.#deps.traits.storesAnyText ? null : unstorableInMedia(field, value);
    return {
      fields: Object.fromEntries(wanted.filter((one) => problem(one) === null)),
      unstorable: wanted.flatMap((one) => {
        const what = problem(one);
        return what === null ? [] : [`${one[0]} (${what})`];
      }),
    };
  }

  /** A refusal of several fields is taken apart, so that one bad value holds no other back. Null: all stored. */
  async #patch({ place, attempt }: Written): Promise<Failure | null> {
    const { server } = this.#deps;
    const id = must(this.#ids.get(place.media));
    const answer = await server.patchMedia(id, attempt.sent);
    if (answer.ok) return null;
    const fields = Object.entries(attempt.sent);
    if (answer.failure.kind !== 'rejected' || fields.length === 1) return answer.failure;
    let refusal: Failure | null = null;
    for (const [field, value] of fields) {
      const single = await server.patchMedia(id, { [field]: value });
      if (single.ok) continue;
      if (!isAnswer(single.failure)) return single.failure;
      refusal = single.failure;
    }
    return refusal;
  }

  /** Parked; what only lacks a permission waits, unless the project as a whole is out of reach. */
  async #refuse({ place, attempt }: Written, failure: Failure): Promise<PartOutcome> {
    if (failure.kind === 'forbidden') {
      const outcome = await this.#forbiddances.note(failure, 'edit');
      if (outcome.kind === 'stopped') return outcome;
    }
    await refuse(this.#deps, place, { failure, revision: attempt.revision });
    return done;
  }

  async #doubt(places: Place[]): Promise<void> {
    await this.#deps.storage.revise(places, (states) =>
      states.map(({ attempt }) =>
        attempt === null ? {} : { attempt: { ...attempt, state: 'in-doubt' as const } },
      ),
    );
  }
}

interface Written {
  place: Place;
  attempt: Attempt;
}

/** The server has decided: it did it, or refused it for good. */
function isAnswer(failure: Failure | null): boolean {
  if (failure === null) return true;
  return failure.kind === 'rejected' || failure.kind === 'forbidden' || failure.kind === 'not-found';
}

function reasonOf(unstorable: string[]): string {
  return `This server cannot store it in a media that is there already: ${unstorable.join(', ')}`;
}

async function refuse(
  { storage, clock }: SyncDeps,
  place: Place,
  { failure, revision }: { failure: Failure; revision: number },
): Promise<void> {
  const reason = 'message' in failure ? failure.message : failure.kind;
  const change = failure.kind === 'forbidden' ? keepWaiting : park;
  const refusal = { reason, revision, now: clock.now() };
  await storage.revise([place], (states) => states.map((state) => change(state, refusal)));
}

async function pushOne(
  deps: SyncDeps,
  { projectId, forbiddances }: { projectId: number; forbiddances: Forbiddances },
  edit: Edit,
): Promise<Failure | null> {
  const { server, storage } = deps;
  const there = await findOne(deps, projectId, edit);
  if (there !== 'absent') return there;
  const place = placeOf(edit.media);
  const written = await writeAttempt(deps, place);
  if (written === null) return null;
  const key = deps.traits.keyed ? written.attempt.id : undefined;
  await storage.recordRequest([written.attempt]);
  const answer = await server.createMedia(projectId, specOf(written.edit), key);
  if (answer.ok) {
    const found = await findOne(deps, projectId, edit);
    return found === 'absent' ? null : found;
  }
  const { failure } = answer;
  if (failure.kind === 'forbidden') {
    const attempt: Attempt | null = written.isAgain ? { ...written.attempt, state: 'in-doubt' } : null;
    await storage.revise([place], (states) =>
      states.map((state) => ({ attempt: state.attempt === null ? null : attempt })),
    );
    const outcome = await forbiddances.note(failure, 'transfer');
    if (outcome.kind === 'stopped') return outcome.failure;
    if (written.isAgain) {
      const refusal = { reason: failure.message, now: deps.clock.now() };
      await storage.revise([place], (states) => states.map((state) => keepInDoubt(state, refusal)));
      return null;
    }
  }
  if (isAnswer(failure)) {
    await refuse(deps, place, { failure, revision: written.edit.revision });
    return null;
  }
  await storage.revise([place], (states) =>
    states.map(({ attempt }) =>
      attempt === null ? {} : { attempt: { ...attempt, state: 'in-doubt' as const } },
    ),
  );
  return failure;
}

/** Confirms the media if the server has it: null then; else why it could not be asked, or `absent`. */
async function findOne(deps: SyncDeps, projectId: number, edit: Edit): Promise<Failure | null | 'absent'> {
  const found = await deps.server.findMedia(projectId, edit.ref.elementalId);
  if (!found.ok) return found.failure;
  const first = found.value.reduce<ServerMedia | null>(
    (a, b) => (a === null || b.serverId < a.serverId ? b : a),
    null,
  );
  if (first === null) return 'absent';
  const media = { ...first, key: edit.media };
  await deps.storage.putServerMedia(projectId, [media], { complete: false });
  await settleMedias(deps, [media]);
  return null;
}

/**
 * Writes the attempt of the edit as it is now; that is what is to be sent. Where requests have keys, an
 * open one is sent again as it was.
 */
async function writeAttempt(
  { storage, clock, makeId, traits }: SyncDeps,
  place: Place,
): Promise<{ edit: Edit; attempt: Attempt; isAgain: boolean } | null> {
  let written: { edit: Edit; attempt: Attempt; isAgain: boolean } | null = null;
  await storage.revise([place], ([state]) => {
    const edit = state?.edit ?? null;
    const at = clock.now();
    // An earlier request may still be at work in the server: sent again, it would make a second media.
    const open = state?.attempt ?? null;
    if (edit?.op !== 'create') return [];
    if (!traits.keyed && open !== null && at >= open.at && at - open.at < traits.lateFor) return [];
    if (traits.keyed && open !== null) {
      const attempt: Attempt = { ...open, state: 'sent' };
      written = { edit: { ...edit, changes: open.sent, revision: open.revision }, attempt, isAgain: true };
      return [{ attempt }];
    }
    const rest = { intent: 'create', baseMark: null, state: 'sent' } as const;
    const { revision } = edit;
    const sent = withoutLocalSection(edit.changes);
    const attempt: Attempt = { id: makeId(), key: entityKey(place.ref), revision, sent, at, ...rest };
    written = { edit: { ...edit, changes: sent }, attempt, isAgain: false };
    return [{ attempt }];
  });
  return written;
}

function specOf({ ref, type, changes }: Edit): MediaSpec {
  const { section_id: sectionId, ...fields } = changes;
  return {
    elementalId: must(ref.elementalId),
    type,
    sectionId: typeof sectionId === 'number' ? sectionId : null,
    fields,
  };
}
