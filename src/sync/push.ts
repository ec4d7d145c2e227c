import { must } from '../base/assert.ts';
import type { MediaKey } from '../domain/identity.ts';
import { done, inBatches, mergeContext, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { lookUp } from './lookup.ts';
import { nextStep, needsLookup, type Step } from './plan.ts';
import type { Attempt, EntityState, Failure, Place } from './ports.ts';
import { park, settleEcho } from './settle.ts';

/*
 * One push of a project:
 *
 *   look up   what is in doubt, and what the server would do blindly (deletes, remakes)
 *   create    localizations, then states; in batches; a refused batch is halved until the one
 *             that is refused stands alone, and that one is parked
 *   patch     one by one, against the mark they were made from
 *   delete    one by one, then all looked up
 *
 * Each request is written down before it is sent. Whatever stops the push leaves a state from which
 * the next one goes on.
 */

/** The server's own limit. */
const createsAtOnce = 500;

export async function push(deps: SyncDeps, projectId: number): Promise<PartOutcome> {
  const mediaIds = await deps.storage.mediaIds(projectId);
  const outbox = await deps.storage.outbox(projectId);
  const doubtful = outbox.filter((state) => needsLookup(state, mediaIds)).map(placeOf);
  const looked = await lookUp(deps, projectId, doubtful);
  if (looked.kind === 'stopped') return looked;
  const pushing = new Push(deps, projectId, mediaIds);
  const steps = (await deps.storage.outbox(projectId)).flatMap((state) => nextStep(state, mediaIds) ?? []);
  for (const kind of ['localization', 'state'] as const) {
    const outcome = await pushing.run(steps.filter(({ place }) => place.ref.kind === kind));
    if (outcome.kind === 'stopped') return outcome;
  }
  return done;
}

function placeOf({ edit }: EntityState): Place {
  const { ref, media } = must(edit, 'an entity of the outbox has an edit');
  return { ref, media };
}

class Push {
  readonly #deps: SyncDeps;
  readonly #projectId: number;
  readonly #mediaIds: ReadonlyMap<MediaKey, number>;

  constructor(deps: SyncDeps, projectId: number, mediaIds: ReadonlyMap<MediaKey, number>) {
    this.#deps = deps;
    this.#projectId = projectId;
    this.#mediaIds = mediaIds;
  }

  /** Steps of one kind of entity. */
  async run(steps: Step[]): Promise<PartOutcome> {
    const placesOf = (intent: Step['intent']): Place[] =>
      steps.flatMap((step) => (step.intent === intent ? [step.place] : []));
    for (const batch of inBatches(placesOf('create'), createsAtOnce)) {
      const outcome = await this.#create(batch);
      if (outcome.kind === 'stopped') return outcome;
    }
    for (const place of placesOf('patch')) {
      const outcome = await this.#patch(place);
      if (outcome.kind === 'stopped') return outcome;
    }
    return this.#delete(placesOf('delete'));
  }

  async #create(places: Place[]): Promise<PartOutcome> {
    const written = await this.#writeDown(places, 'create');
    if (written.length === 0) return done;
    const sent = written.map(({ place }) => place);
    const specs = written.map(({ place: { ref, media }, type, attempt }) => ({
      ref,
      type,
      mediaIds: [must(this.#mediaIds.get(media))],
      fields: attempt.sent,
    }));
    const answer = await this.#deps.server.createAnnotations(this.#projectId, specs);
    if (answer.ok) return this.#lookUpSent(sent);
    if (!isRefusal(answer.failure)) return this.#stop(sent, answer.failure);
    // A 400 may come after the rows were stored.
    const looked = await this.#lookUpSent(sent);
    if (looked.kind === 'stopped') return looked;
    return this.#halve(written, answer.failure);
  }

  async #halve(written: Written[], failure: Failure): Promise<PartOutcome> {
    const [first] = written;
    if (written.length === 1 && first !== undefined) {
      return this.#park(first, failure, (state) => nextStep(state, this.#mediaIds)?.intent === 'create');
    }
    const middle = Math.ceil(written.length / 2);
    for (const half of [written.slice(0, middle), written.slice(middle)]) {
      const outcome = await this.#create(half.map(({ place }) => place));
      if (outcome.kind === 'stopped') return outcome;
    }
    return done;
  }

  async #patch(place: Place): Promise<PartOutcome> {
    const [written] = await this.#writeDown([place], 'patch');
    if (written === undefined) return done;
    const { baseMark, sent } = written.attempt;
    const answer = await this.#deps.server.patchAnnotation(place.ref, must(baseMark), sent);
    if (!answer.ok) return this.#refused(written, answer.failure);
    const echo = answer.value;
    if (echo.mark !== must(baseMark) + 1) return this.#lookUpSent([place]);
    const context = mergeContext(this.#deps);
    await this.#deps.storage.revise([place], ([state]) =>
      state === undefined ? [] : [settleEcho(state, echo, context)],
    );
    return done;
  }

  async #delete(places: Place[]): Promise<PartOutcome> {
    const sent: Place[] = [];
    for (const place of places) {
      const [written] = await this.#writeDown([place], 'delete');
      if (written === undefined) continue;
      const answer = await this.#deps.server.deleteAnnotation(place.ref);
      if (answer.ok) sent.push(place);
      else {
        const outcome = await this.#refused(written, answer.failure);
        if (outcome.kind === 'stopped') {
          await this.#stop(sent, answer.failure);
          return outcome;
        }
      }
    }
    return this.#lookUpSent(sent);
  }

  /** Writes the attempts of those entities that still want this request, with what they want now. */
  async #writeDown(places: Place[], intent: Step['intent']): Promise<Written[]> {
    const { storage, clock, makeId } = this.#deps;
    let written: Written[] = [];
    await storage.revise(places, (states) => {
      written = [];
      return states.map((state, i) => {
        const step = nextStep(state, this.#mediaIds);
        const place = places[i];
        if (step?.intent !== intent || state.edit === null || place === undefined) return {};
        const { key, revision, type } = state.edit;
        const { baseMark, fields } = step;
        const at = clock.now();
        const attempt: Attempt = {
          id: makeId(),
          key,
          revision,
          intent,
          baseMark,
          sent: fields,
          state: 'sent',
          at,
        };
        written.push({ place, type, attempt });
        return { attempt };
      });
    });
    return written;
  }

  /** The outcome of a single request that did not succeed. */
  async #refused(written: Written, failure: Failure): Promise<PartOutcome> {
    if (failure.kind === 'stale-mark' || failure.kind === 'not-found')
      return this.#lookUpSent([written.place]);
    if (!isRefusal(failure)) return this.#stop([written.place], failure);
    return this.#park(written, failure, () => true);
  }

  async #park(
    { place, attempt }: Written,
    failure: Failure,
    still: (state: EntityState) => boolean,
  ): Promise<PartOutcome> {
    const now = this.#deps.clock.now();
    const reason = 'message' in failure ? failure.message : failure.kind;
    await this.#deps.storage.revise([place], (states) =>
      states.map((state) => (still(state) ? park(state, { reason, revision: attempt.revision, now }) : {})),
    );
    return done;
  }

  async #lookUpSent(places: Place[]): Promise<PartOutcome> {
    const outcome = await lookUp(this.#deps, this.#projectId, places);
    if (outcome.kind === 'stopped') await this.#doubt(places);
    return outcome;
  }

  /** The connection failed. Only where the request certainly never left is it as if it had not been made. */
  async #stop(places: Place[], failure: Failure): Promise<PartOutcome> {
    if (neverLeft(failure)) {
      await this.#deps.storage.revise(places, (states) => states.map(() => ({ attempt: null })));
    } else await this.#doubt(places);
    return stopped(failure);
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
  type: number;
  attempt: Attempt;
}

function isRefusal(failure: Failure): boolean {
  return (
    failure.kind === 'rejected' ||
    failure.kind === 'forbidden' ||
    failure.kind === 'not-found' ||
    failure.kind === 'stale-mark'
  );
}

/** Refusals that come before anything is carried out, or before anything is sent. */
function neverLeft(failure: Failure): boolean {
  return (
    failure.kind === 'sign-in' ||
    failure.kind === 'throttled' ||
    (failure.kind === 'offline' && failure.byChoice)
  );
}
