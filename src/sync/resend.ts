import { groupBy } from '../base/group.ts';
import type { MediaKey } from '../domain/identity.ts';
import { done, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { isRefusal } from './failure-kinds.ts';
import { lookUp } from './lookup.ts';
import type { Attempt, EntityState, Place, Revision } from './ports.ts';

/*
 * Where the server knows requests by keys, creates in doubt need no waiting: the very request is sent
 * once more under its key, and is carried out once, whichever of the two comes first. It has to be the
 * same to the letter. A request that cannot be put together again (something of it was settled
 * otherwise) loses its key: its creates are looked up, and those that are absent are sent anew.
 */

interface Scope {
  projectId: number;
  kind: 'localization' | 'state';
  mediaIds: ReadonlyMap<MediaKey, number>;
}

interface Item {
  place: Place;
  type: number;
  attempt: Attempt;
  mediaId: number | undefined;
}

export async function sendAgain(deps: SyncDeps, { projectId, kind, mediaIds }: Scope): Promise<PartOutcome> {
  if (!deps.traits.keyed) return done;
  const outbox = await deps.storage.outbox(projectId);
  const items = outbox.flatMap((state) => (state.edit?.ref.kind === kind ? itemsOf(state, mediaIds) : []));
  for (const [key, group] of groupBy(items, ({ attempt }) => attempt.batch?.key ?? '')) {
    const request = group.toSorted((a, b) => (a.attempt.batch?.at ?? 0) - (b.attempt.batch?.at ?? 0));
    const outcome = isWhole(request)
      ? await sendOne(deps, { projectId, key }, request)
      : await giveUpKey(deps, request);
    if (outcome.kind === 'stopped') return outcome;
  }
  return done;
}

function itemsOf({ edit, attempt }: EntityState, mediaIds: Scope['mediaIds']): Item[] {
  if (edit === null || attempt?.state !== 'in-doubt' || attempt.batch === undefined) return [];
  const { ref, media, type } = edit;
  return [{ place: { ref, media }, type, attempt, mediaId: mediaIds.get(media) }];
}

function isWhole(request: Item[]): boolean {
  return request.every(
    ({ attempt: { batch }, mediaId }, i) =>
      mediaId !== undefined && batch?.at === i && batch.size === request.length,
  );
}

async function sendOne(
  deps: SyncDeps,
  { projectId, key }: { projectId: number; key: string },
  request: Item[],
): Promise<PartOutcome> {
  const places = request.map(({ place }) => place);
  const specs = request.map(({ place: { ref }, type, attempt, mediaId }) => ({
    ref,
    type,
    mediaIds: mediaId === undefined ? [] : [mediaId],
    fields: attempt.sent,
  }));
  const answer = await deps.server.createAnnotations(projectId, specs, key);
  const failed = answer.ok || isRefusal(answer.failure) ? null : answer.failure;
  if (failed !== null) return stopped(failed);
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
