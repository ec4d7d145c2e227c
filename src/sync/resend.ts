import { groupBy } from '../base/group.ts';
import type { MediaKey } from '../domain/identity.ts';
import { done, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { isRefusal } from './failure-kinds.ts';
import { lookUp } from './lookup.ts';
import { isResting, keepInDoubt, type Forbiddances } from './permissions.ts';
import type { Attempt, Edit, EntityState, Place, Revision } from './ports.ts';

/*
 * Where the server knows requests by keys, creates in doubt need no waiting: the very request is sent
 * once more under its key, and is carried out once, whichever of the two comes first. It has to be the
 * same to the letter. A request that cannot be put together again (something of it was settled
 * otherwise) loses its key: its creates are looked up, and those that are absent are sent anew. Refused for
 * want of a permission, it stays in doubt: the first one may come when the permission is back.
 */

interface Scope {
  projectId: number;
  forbiddances: Forbiddances;
  kind: 'localization' | 'state';
  mediaIds: ReadonlyMap<MediaKey, number>;
}

interface Item {
  place: Place;
  edit: Edit;
  attempt: Attempt;
  mediaId: number | undefined;
}

export async function sendAgain(
  deps: SyncDeps,
  { projectId, forbiddances, kind, mediaIds }: Scope,
): Promise<PartOutcome> {
  if (!deps.traits.keyed) return done;
  const outbox = await deps.storage.outbox(projectId);
  const items = outbox.flatMap((state) => (state.edit?.ref.kind === kind ? itemsOf(state, mediaIds) : []));
  for (const [key, group] of groupBy(items, ({ attempt }) => attempt.batch?.key ?? '')) {
    if (group.some(({ edit }) => isResting(edit, deps.clock.now()))) continue;
    const request = group.toSorted((a, b) => (a.attempt.batch?.at ?? 0) - (b.attempt.batch?.at ?? 0));
    const outcome = isWhole(request)
      ? await sendOne(deps, { projectId, forbiddances, key }, request)
      : await giveUpKey(deps, request);
    if (outcome.kind === 'stopped') return outcome;
  }
  return done;
}

function itemsOf({ edit, attempt }: EntityState, mediaIds: Scope['mediaIds']): Item[] {
  if (edit === null || attempt?.state !== 'in-doubt' || attempt.batch === undefined) return [];
  const { ref, media } = edit;
  return [{ place: { ref, media }, edit, attempt, mediaId: mediaIds.get(media) }];
}

function isWhole(request: Item[]): boolean {
  return request.every(
    ({ attempt: { batch }, mediaId }, i) =>
      mediaId !== undefined && batch?.at === i && batch.size === request.length,
  );
}

async function sendOne(
  deps: SyncDeps,
  { projectId, forbiddances, key }: { projectId: number; forbiddances: Forbiddances; key: string },
  request: Item[],
): Promise<PartOutcome> {
  const places = request.map(({ place }) => place);
  const specs = request.map(({ edit: { ref, type }, attempt, mediaId }) => ({
    ref,
    type,
    mediaIds: mediaId === undefined ? [] : [mediaId],
    fields: attempt.sent,
  }));
  const answer = await deps.server.createAnnotations(projectId, specs, key);
  if (!answer.ok && answer.failure.kind === 'forbidden') {
    const outcome = await forbiddances.note(answer.failure, 'edit');
    const refusal = { reason: answer.failure.message, now: deps.clock.now() };
    if (outcome.kind === 'done')
      await deps.storage.revise(places, (states) => states.map((state) => keepInDoubt(state, refusal)));
    return outcome;
  }
  if (!answer.ok && !isRefusal(answer.failure)) return stopped(answer.failure);
  // Answered, so it is not at work any more: what is absent now was refused.
  await reviseAttempts(deps, places, (attempt) => ({ attempt: { ...attempt, state: 'sent' } }));
  const looked = await lookUp(deps, projectId, places);
  if (looked.kind === 'stopped')
    await reviseAttempts(deps, places, (attempt) => ({ attempt: { ...attempt, state: 'in-doubt' } }));
  return looked;
}

async function giveUpKey(deps: SyncDeps, request: Item[]): Promise<PartOutcome> {
  const places = request.map(({ place }) => place);
  await reviseAttempts(deps, places, ({ batch: _batch, ...attempt }) => ({ attempt }));
  return done;
}

function reviseAttempts(
  { storage }: SyncDeps,
  places: Place[],
  change: (attempt: Attempt) => Revision,
): Promise<void> {
  return storage.revise(places, (states) =>
    states.map(({ attempt }) => (attempt === null ? {} : change(attempt))),
  );
}
