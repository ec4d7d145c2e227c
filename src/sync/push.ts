import { must } from '../base/assert.ts';
import { firstBatchSize, nextBatchSize } from './batch-size.ts';
import { done, inBatches, mergeContext, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { isRefusal, neverLeft } from './failure-kinds.ts';
import { inLanes } from './lanes.ts';
import { lookUp } from './lookup.ts';
import { absentOf, needsLookup, nextStep, type PlanContext, type Step } from './plan.ts';
import type { Answer, Attempt, Edit, EntityState, Failure, Place, ServerRow } from './ports.ts';
import { sendAgain } from './resend.ts';
import { Forbiddances, isResting, keepWaiting } from './permissions.ts';
import { park, settleEcho } from './settle.ts';
import { noteRenewals, openTracks } from './tracks.ts';

/*
 * One push of a project, in passes; each sends what depends on nothing that is still to be made, the
 * localizations first, then the states; the next pass sends what waited for that. In a pass:
 *
 *   look up   what is in doubt, and what the server would do blindly (deletes, remakes)
 *   create    in batches; a refused batch is halved until the one that is refused stands alone
 *   patch     against the marks they were made from, a window at a time, in lanes
 *   delete    in lanes, then all looked up; a track that would take its members along lets go of them first
 *
 * At the end the tracks are told the new rows of their members. Each request is written down before
 * it is sent. Whatever stops the push leaves a state from which the next one goes on.
 */

/** Requests at a time: at 600 ms a round trip 10,000 single edits take some five minutes. */
const lanes = 24;
/** Requests that are written down and settled together. */
const window = 240;

export async function push(deps: SyncDeps, projectId: number): Promise<PartOutcome> {
  const { storage } = deps;
  const mediaIds = await storage.mediaIds(projectId);
  const keepsMembers = await storage.typesKeepingMembers(projectId);
  const pushing = new Push(deps, projectId, { mediaIds, keepsMembers });
  for (;;) {
    const pass = await pushing.pass();
    if (pass.outcome.kind === 'stopped') return pass.outcome;
    if (!pass.moved) return done;
  }
}

function placeOf({ edit }: EntityState): Place {
  const { ref, media } = must(edit, 'an entity of the outbox has an edit');
  return { ref, media };
}

class Push {
  readonly #deps: SyncDeps;
  readonly #projectId: number;
  readonly #known: Pick<PlanContext, 'mediaIds' | 'keepsMembers'>;
  /** Revisions that this push has sent already: what comes back is for the next one. */
  readonly #tried = new Set<string>();
  readonly #forbiddances: Forbiddances;
  #absent: PlanContext['absent'] = new Set();
  #openTracks: EntityState[] = [];
  #batchSize = firstBatchSize;

  constructor(deps: SyncDeps, projectId: number, known: Pick<PlanContext, 'mediaIds' | 'keepsMembers'>) {
    this.#deps = deps;
    this.#projectId = projectId;
    this.#known = known;
    this.#forbiddances = new Forbiddances(deps, projectId);
  }

  async pass(): Promise<{ outcome: PartOutcome; moved: boolean }> {
    let moved = false;
    for (const kind of ['localization', 'state'] as const) {
      const looked = await this.#lookUpDoubtful(kind);
      if (looked.kind === 'stopped') return { outcome: looked, moved };
      const again = await sendAgain(this.#deps, {
        projectId: this.#projectId,
        forbiddances: this.#forbiddances,
        kind,
        mediaIds: this.#known.mediaIds,
      });
      if (again.kind === 'stopped') return { outcome: again, moved };
      const states = (await this.#outbox()).filter(({ edit }) => edit?.ref.kind === kind);
      const steps = states.flatMap((state) => this.#fresh(state));
      if (steps.length === 0) continue;
      moved = true;
      const outcome = await this.#run(steps);
      if (outcome.kind === 'stopped') return { outcome, moved };
    }
    return { outcome: done, moved };
  }

  async #outbox(): Promise<EntityState[]> {
    const outbox = await this.#deps.storage.outbox(this.#projectId);
    this.#absent = absentOf(outbox);
    this.#openTracks = openTracks(outbox);
    return outbox;
  }

  async #lookUpDoubtful(kind: 'localization' | 'state'): Promise<PartOutcome> {
    const doubtful = (await this.#outbox()).filter(
      (state) => state.edit?.ref.kind === kind && needsLookup(state, this.#context()),
    );
    const first = doubtful.filter((state) => {
      const name = `look/${nameOf(state)}`;
      return !this.#tried.has(name) && this.#tried.add(name);
    });
    return lookUp(this.#deps, this.#projectId, first.map(placeOf));
  }

  /** The step of a state, if this push has not tried it yet and it is not resting after a refusal. */
  #fresh(state: EntityState): Step[] {
    const step = nextStep(state, this.#context());
    if (step === null || state.edit === null || isResting(state.edit, this.#deps.clock.now())) return [];
    const { key, revision } = state.edit;
    const name = `${step.intent}/${nameOf(state)}/${Object.keys(step.fields).length}`;
    const { refusals, clock } = this.#deps;
    if (this.#tried.has(name) || !refusals.isDue(key, revision, clock.now())) return [];
    this.#tried.add(name);
    return [{ ...step, suspect: refusals.isSuspect(key, revision) }];
  }

  #context(): PlanContext {
    return { ...this.#known, absent: this.#absent };
  }

  /** Steps of one kind of entity. */
  async #run(steps: Step[]): Promise<PartOutcome> {
    const placesOf = (intent: Step['intent']): Place[] =>
      steps.flatMap((step) => (step.intent === intent ? [step.place] : []));
    const creates = steps.filter(({ intent }) => intent === 'create');
    const created = await this.#createAll(
      creates.flatMap(({ suspect, place }) => (suspect === true ? [] : [place])),
      creates.flatMap(({ suspect, place }) => (suspect === true ? [[place]] : [])),
    );
    if (created.kind === 'stopped') return created;
    for (const batch of inBatches(placesOf('patch'), window)) {
      const outcome = await this.#patch(batch);
      if (outcome.kind === 'stopped') return outcome;
    }
    for (const batch of inBatches(placesOf('delete'), window)) {
      const outcome = await this.#delete(batch);
      if (outcome.kind === 'stopped') return outcome;
    }
    return done;
  }

  async #createAll(places: Place[], suspects: Place[][]): Promise<PartOutcome> {
    for (let at = 0; at < places.length;) {
      const batch = places.slice(at, at + this.#batchSize);
      at += batch.length;
      const outcome = await this.#create(batch);
      if (outcome.kind === 'stopped') return outcome;
    }
    for (const alone of suspects) {
      const outcome = await this.#create(alone);
      if (outcome.kind === 'stopped') return outcome;
    }
    return done;
  }

  async #create(places: Place[]): Promise<PartOutcome> {
    const written = await this.#writeDown(places, 'create');
    if (written.length === 0) return done;
    const sent = written.map(({ place }) => place);
    const specs = written.map(({ place: { ref, media }, type, attempt }) => ({
      ref,
      type,
      mediaIds: [must(this.#known.mediaIds.get(media))],
      fields: attempt.sent,
    }));
    const { server, clock } = this.#deps;
    const began = clock.now();
    const key = written[0]?.attempt.batch?.key;
    const answer = await server.createAnnotations(this.#projectId, specs, key);
    const isLost = !answer.ok && !isRefusal(answer.failure);
    if (isLost || written.length >= this.#batchSize)
      this.#batchSize = nextBatchSize(this.#batchSize, isLost ? null : clock.now() - began);
    if (answer.ok) return this.#lookUpSent(sent);
    if (isLost) return this.#stop(sent, answer.failure);
    if (answer.failure.kind === 'forbidden') return this.#forbid(written, answer.failure);
    // A 400 may come after the rows were stored.
    const looked = await this.#lookUpSent(sent);
    if (looked.kind === 'stopped') return looked;
    return this.#halve(written, answer.failure);
  }

  async #halve(written: Written[], failure: Failure): Promise<PartOutcome> {
    const [first] = written;
    if (written.length === 1 && first !== undefined) {
      return this.#refuse(first, failure, (state) => nextStep(state, this.#context())?.intent === 'create');
    }
    return this.#createHalves(written.map(({ place }) => place));
  }

  async #createHalves(places: Place[]): Promise<PartOutcome> {
    const middle = Math.ceil(places.length / 2);
    for (const half of [places.slice(0, middle), places.slice(middle)]) {
      const outcome = await this.#create(half);
      if (outcome.kind === 'stopped') return outcome;
    }
    return done;
  }

  async #patch(places: Place[]): Promise<PartOutcome> {
    const written = await this.#writeDown(places, 'patch');
    const { server } = this.#deps;
    const results = await inLanes(written, { lanes, goesOn: isDecided }, ({ place, attempt }) =>
      server.patchAnnotation(place.ref, must(attempt.baseMark), attempt.sent),
    );
    const echoes = results.flatMap(({ item, result }) =>
      result.ok && result.value.mark === must(item.attempt.baseMark) + 1
        ? [{ place: item.place, echo: result.value }]
        : [],
    );
    await this.#settleEchoes(echoes);
    const doubtful = results.flatMap(({ item, result }) =>
      needsLook(result, item.attempt) ? [item.place] : [],
    );
    return this.#conclude(written, results, doubtful);
  }

  async #settleEchoes(echoes: { place: Place; echo: ServerRow }[]): Promise<void> {
    if (echoes.length === 0) return;
    const context = mergeContext(this.#deps);
    await this.#deps.storage.revise(
      echoes.map(({ place }) => place),
      (states) =>
        states.map((state, i) => {
          const echo = echoes[i]?.echo;
          return echo === undefined ? {} : settleEcho(state, echo, context);
        }),
    );
  }

  async #delete(places: Place[]): Promise<PartOutcome> {
    const written = await this.#writeDown(places, 'delete');
    const { server } = this.#deps;
    const results = await inLanes(written, { lanes, goesOn: isDecided }, ({ place }) =>
      server.deleteAnnotation(place.ref),
    );
    const doubtful = results.flatMap(({ item, result }) =>
      result.ok || result.failure.kind === 'not-found' || result.failure.kind === 'stale-mark'
        ? [item.place]
        : [],
    );
    return this.#conclude(written, results, doubtful);
  }

  /** After requests in lanes: what was refused, what must be read, and what a broken link left open. */
  async #conclude(
    written: Written[],
    results: { item: Written; result: Answer<unknown> }[],
    doubtful: Place[],
  ): Promise<PartOutcome> {
    const refused = results.flatMap(({ item, result }) =>
      result.ok || !isRefusal(result.failure) || doubtful.includes(item.place)
        ? []
        : [{ item, failure: result.failure }],
    );
    // A 400 may come after the fact, and the user may change his mind before the next try.
    const unsure = this.#deps.traits.exactRefusals
      ? []
      : refused.filter(({ failure }) => failure.kind === 'rejected');
    const looked = await this.#lookUpSent(unsure.map(({ item }) => item.place));
    let broken: Failure | null = looked.kind === 'stopped' ? looked.failure : null;
    for (const { item, failure } of refused) {
      if (broken !== null && unsure.some((one) => one.item === item)) continue;
      const outcome = await this.#refuse(item, failure, () => true);
      if (outcome.kind === 'stopped') broken = outcome.failure;
    }
    const begun = new Set(results.map(({ item }) => item));
    await this.#forget(written.flatMap((item) => (begun.has(item) ? [] : [item.place])));
    for (const { item, result } of results) {
      if (result.ok || isRefusal(result.failure)) continue;
      broken = result.failure;
      await this.#stop([item.place], result.failure);
    }
    if (broken === null) return this.#lookUpSent(doubtful);
    await this.#doubt(doubtful);
    return stopped(broken);
  }

  /** Writes the attempts of those entities that still want this request, with what they want now, in both copies. */
  async #writeDown(places: Place[], intent: Step['intent']): Promise<Written[]> {
    const { storage, clock, makeId, traits } = this.#deps;
    const key = intent === 'create' && traits.keyed ? makeId() : null;
    let written: Written[] = [];
    const cursors =
      intent === 'delete'
        ? {}
        : await noteRenewals(this.#deps, { projectId: this.#projectId, open: this.#openTracks }, places);
    await storage.revise(
      places,
      (states) => {
        written = [];
        const revisions = states.map((state, i) => {
          const step = nextStep(state, this.#context());
          const place = places[i];
          if (step?.intent !== intent || state.edit === null || place === undefined) return {};
          const { key, revision, type } = state.edit;
          const { baseMark, fields: sent } = step;
          const rest = { intent, baseMark, sent, state: 'sent', at: clock.now() } as const;
          const attempt: Attempt = { id: makeId(), key, revision, ...rest, ...leftBy(state.edit, step) };
          written.push({ place, type, attempt });
          return { attempt };
        });
        if (key !== null)
          for (const [at, { attempt }] of written.entries())
            attempt.batch = { key, at, size: written.length };
        return revisions;
      },
      cursors,
    );
    if (written.length > 0) await storage.recordRequest(written.map(({ attempt }) => attempt));
    return written;
  }

  /** Refused: parked with the reason, or, where a refusal may mean anything, tried again later. */
  async #refuse(
    item: Written,
    failure: Failure,
    still: (state: EntityState) => boolean,
  ): Promise<PartOutcome> {
    if (failure.kind === 'forbidden') return this.#forbid([item], failure);
    const { place, attempt } = item;
    const { clock, refusals, traits } = this.#deps;
    const now = clock.now();
    const { key, revision } = attempt;
    const reason = 'message' in failure ? failure.message : failure.kind;
    if (!refusals.note(key, revision, { now, exact: traits.exactRefusals })) {
      await this.#forget([place]);
      return done;
    }
    await this.#deps.storage.revise([place], (states) =>
      states.map((state) => (still(state) ? park(state, { reason, revision, now }) : {})),
    );
    return done;
  }

  /** Refused for want of a permission: nothing was carried out. Of several, each is to be tried alone. */
  async #forbid(written: Written[], failure: Failure & { kind: 'forbidden' }): Promise<PartOutcome> {
    const [places, first] = [written.map(({ place }) => place), written[0]];
    await this.#forget(places);
    const outcome = await this.#forbiddances.note(failure, 'edit');
    if (outcome.kind === 'stopped' || first === undefined) return outcome;
    if (written.length > 1) return this.#createHalves(places);
    const waiting = {
      reason: failure.message,
      revision: first.attempt.revision,
      now: this.#deps.clock.now(),
    };
    await this.#deps.storage.revise(places, (states) => states.map((state) => keepWaiting(state, waiting)));
    return done;
  }

  async #lookUpSent(places: Place[]): Promise<PartOutcome> {
    const outcome = await lookUp(this.#deps, this.#projectId, places);
    if (outcome.kind === 'stopped') await this.#doubt(places);
    return outcome;
  }

  /** The connection failed. Only where the request certainly never left is it as if it had not been made. */
  async #stop(places: Place[], failure: Failure): Promise<PartOutcome> {
    if (neverLeft(failure)) await this.#forget(places);
    else await this.#doubt(places);
    return stopped(failure);
  }

  async #forget(places: Place[]): Promise<void> {
    if (places.length === 0) return;
    await this.#deps.storage.revise(places, (states) => states.map(() => ({ attempt: null })));
  }

  async #doubt(places: Place[]): Promise<void> {
    if (places.length === 0) return;
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

function nameOf({ edit }: EntityState): string {
  return `${edit?.key ?? ''}@${edit?.revision ?? 0}`;
}

/** Whether the request has an outcome, so that the next may follow; one without permission bars the others too. */
function isDecided(answer: Answer<unknown>): boolean {
  return answer.ok || (isRefusal(answer.failure) && answer.failure.kind !== 'forbidden');
}

/** Another mark came between, or the answer tells of an entity that is not as it was thought. */
function needsLook(answer: Answer<ServerRow>, { baseMark }: Attempt): boolean {
  if (answer.ok) return answer.value.mark !== must(baseMark) + 1;
  return answer.failure.kind === 'stale-mark' || answer.failure.kind === 'not-found';
}

/** A device that loses its database meanwhile is to know what was not sent together with what is put back. */
function leftBy(edit: Edit, { intent, fields }: Step): Pick<Attempt, 'left'> {
  if (intent !== 'patch' || edit.putBack === undefined) return {};
  const left = Object.entries(edit.changes).filter(([field]) => !(field in fields));
  return left.length === 0 ? {} : { left: Object.fromEntries(left) };
}
