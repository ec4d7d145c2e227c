import type { Json } from '../base/json.ts';
import type { Project } from '../domain/entity-types.ts';
import { entityKey, type ElementalId, type EntityKey, type MediaKey } from '../domain/identity.ts';
import { pullCatalog, pullMedia, pullMediaByIds } from './catalog-pull.ts';
import { done, inBatches, mergeContext, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { readNamed } from './lookup.ts';
import { fold, rebase } from './merge.ts';
import { anew, annotationKinds, differs, isUnread, newestOfEach, type AnnotationKind } from './pull.ts';
import type { Answer, ChangePage, Place, ServerChange, ServerRow } from './ports.ts';

/*
 * A hub tells which rows each of its transactions has changed, in their order and without a gap, also those that
 * move no clock and those that are gone. A device that follows this feed asks one small question a round, and
 * reads by name what has changed:
 *
 *   begun      before anything of the project is read, so that what changes from then on is told
 *   unsettled  what the device knew before (of a server without a feed), or before a restore, may be wrong in ways
 *              that nobody tells any more: all layers of the pull go on until audits have gone round twice
 *   settled    the feed alone; audits stay as a net, at leisure
 */

/** Changed elements that are taken over together: their rows, and then the cursor. */
const elementsAtOnce = 1000;
/** Of one request. */
const namesAtOnce = 500;
/** More are read as the whole list. */
const mostMediasById = 2000;

interface FeedCursor {
  at: string;
  settled: boolean;
}

/** Notes where the feed is before anything of the project is read; only once. */
export async function beginFeed(deps: SyncDeps, projectId: number): Promise<PartOutcome> {
  const { storage, server, traits } = deps;
  if (!traits.feed || (await cursorOf(deps, projectId)) !== null) return done;
  const answer = await server.readChanges(projectId, null);
  if (!answer.ok) return stopped(answer.failure);
  if (answer.value === null) return done;
  // Where nothing is known yet, nothing of it can be wrong.
  const settled = await isUnread(deps, projectId);
  await storage.setCursor(feedCursor(projectId), { at: answer.value.cursor, settled });
  return done;
}

/** How a project is followed: not at all, beside the other layers, or by the feed alone. */
export type Followed = 'not' | 'unsettled' | 'settled';

export interface FollowedOutcome {
  outcome: PartOutcome;
  followed: Followed;
  /** The feed was broken off: everything is read again. */
  isAnew: boolean;
}

/** Takes over what has changed since the last time. */
export async function follow(deps: SyncDeps, project: Project): Promise<FollowedOutcome> {
  const not: FollowedOutcome = { outcome: done, followed: 'not', isAnew: false };
  if (!deps.traits.feed) return not;
  for (;;) {
    const cursor = await cursorOf(deps, project.id);
    if (cursor === null) return not;
    const result = { followed: cursor.settled ? 'settled' : 'unsettled', isAnew: false } as const;
    const gathered = await gather(deps, project.id, cursor);
    if (!gathered.ok) return { ...result, outcome: stopped(gathered.failure) };
    if (gathered.value === null) return not;
    const { page, isBroken } = gathered.value;
    if (isBroken) {
      // What is there now is read again, and audits find what is gone.
      const next = { at: page.cursor, settled: false };
      await deps.storage.revise([], () => [], {
        ...anew(project.id),
        [feedCursor(project.id)]: next,
      });
      return { outcome: done, followed: 'unsettled', isAnew: true };
    }
    const outcome = await takeOver(deps, project, page.changes);
    if (outcome.kind === 'stopped') return { ...result, outcome };
    if (page.cursor !== cursor.at)
      await deps.storage.setCursor(feedCursor(project.id), { ...cursor, at: page.cursor });
    if (!page.more) return { ...result, outcome };
  }
}

/** Audits have gone round twice since the feed was begun, or broken off. */
export async function settleFeed(deps: SyncDeps, projectId: number): Promise<void> {
  const cursor = await cursorOf(deps, projectId);
  if (cursor?.settled !== false) return;
  await deps.storage.setCursor(feedCursor(projectId), { ...cursor, settled: true });
}

function feedCursor(projectId: number): string {
  return `feed/${projectId}`;
}

async function cursorOf({ storage }: SyncDeps, projectId: number): Promise<FeedCursor | null> {
  const value: Json = await storage.cursor(feedCursor(projectId));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { at, settled } = value;
  return typeof at === 'string' ? { at, settled: settled === true } : null;
}

/**
 * The next pages of the feed as one, up to `elementsAtOnce`; `isBroken`: the feed does not go on from this cursor,
 * or tells of more rows than it names. Null where the server has no feed for this user any more.
 */
async function gather(
  { server }: SyncDeps,
  projectId: number,
  { at }: FeedCursor,
): Promise<Answer<{ page: ChangePage; isBroken: boolean } | null>> {
  const changes: ServerChange[] = [];
  let elements = 0;
  for (let cursor = at; ;) {
    const answer = await server.readChanges(projectId, cursor);
    if (!answer.ok) return answer;
    const page = answer.value;
    if (page === null) {
      // The cursor is of another server, or the user may not see the project.
      const now = await server.readChanges(projectId, null);
      if (!now.ok) return now;
      return { ok: true, value: now.value === null ? null : { page: now.value, isBroken: true } };
    }
    const isBroken = page.reset || page.changes.some(({ unnamed }) => unnamed);
    if (isBroken) return { ok: true, value: { page, isBroken } };
    changes.push(...page.changes);
    elements += page.changes.reduce((sum, { elementalIds }) => sum + elementalIds.length, 0);
    const more = page.more && page.cursor !== cursor;
    if (!more || elements >= elementsAtOnce)
      return { ok: true, value: { page: { ...page, more, changes }, isBroken } };
    ({ cursor } = page);
  }
}

async function takeOver(deps: SyncDeps, project: Project, changes: ServerChange[]): Promise<PartOutcome> {
  if (changes.some(({ kind }) => kind === 'leaf')) {
    const outcome = await pullCatalog(deps, project);
    if (outcome.kind === 'stopped') return outcome;
  }
  const medias = await takeOverMedias(
    deps,
    project.id,
    changes.filter(({ kind }) => kind === 'media'),
  );
  if (medias.kind === 'stopped') return medias;
  for (const kind of annotationKinds) {
    const ofKind = changes.filter((change) => change.kind === kind);
    const outcome = await takeOverKind(deps, { projectId: project.id, kind }, ofKind);
    if (outcome.kind === 'stopped') return outcome;
  }
  return done;
}

/** Only the whole list tells which are gone. */
function takeOverMedias(deps: SyncDeps, projectId: number, changes: ServerChange[]): Promise<PartOutcome> {
  const ids = [...new Set(changes.flatMap(({ mediaIds }) => mediaIds))];
  const isWhole = changes.some(({ removed }) => removed) || ids.length > mostMediasById;
  return isWhole ? pullMedia(deps, projectId) : pullMediaByIds(deps, projectId, ids);
}

interface Where {
  projectId: number;
  kind: AnnotationKind;
}

async function takeOverKind(deps: SyncDeps, where: Where, changes: ServerChange[]): Promise<PartOutcome> {
  if (changes.length === 0) return done;
  const named = [...new Set(changes.flatMap(({ elementalIds }) => elementalIds))];
  const removed = changes.filter((change) => change.removed);
  const known = removed.length === 0 ? [] : await knownOf(deps, where, removed);
  for (const batch of inBatches(named, namesAtOnce)) {
    const read = await readNamed(deps, { ...where, elementalIds: batch, allMarks: false });
    if (!read.ok) return stopped(read.failure);
    const listed = newestOfEach(read.value);
    const isListed = new Set(listed.map(({ ref }) => entityKey(ref)));
    const isNamed = new Set(batch);
    const gone = known.filter(({ ref }) => isNamed.has(ref.elementalId) && !isListed.has(entityKey(ref)));
    await believe(deps, listed, gone);
  }
  return done;
}

/** Where the elements are that somebody has removed rows of; what is left of them on the server or not. */
async function knownOf(
  { storage }: SyncDeps,
  { projectId, kind }: Where,
  removed: readonly ServerChange[],
): Promise<Place[]> {
  const serverIds = new Set(removed.flatMap(({ mediaIds }) => mediaIds));
  const ids = new Set<ElementalId>(removed.flatMap(({ elementalIds }) => elementalIds));
  const medias: MediaKey[] = [...(await storage.mediaIds(projectId))].flatMap(([key, serverId]) =>
    serverIds.has(serverId) ? [key] : [],
  );
  const places: Place[] = [];
  for (const media of medias)
    for (const { ref } of await storage.marksOf(media, kind))
      if (ids.has(ref.elementalId)) places.push({ ref, media });
  return places;
}

/**
 * The server was asked about just these elements after it had told that they changed: what it says is so, also
 * where it shows an older mark, or nothing any more. (An audit has to say such a thing twice, since its lists are
 * read while others write.) What a request of ours is open about is left to the settlement of that.
 */
async function believe(deps: SyncDeps, listed: ServerRow[], gone: Place[]): Promise<void> {
  const context = mergeContext(deps);
  const rows = new Map<EntityKey, ServerRow>(listed.map((row) => [entityKey(row.ref), row]));
  const places: Place[] = [...listed.map(({ ref, media }) => ({ ref, media })), ...gone];
  if (places.length === 0) return;
  await deps.storage.revise(places, (states) =>
    states.map((state, i) => {
      const place = places[i];
      const row = place === undefined ? undefined : rows.get(entityKey(place.ref));
      const isAnother = state.row !== null && differs(state.row, row);
      if (row !== undefined && !isAnother) return fold(state, row, context);
      return state.row === null || state.attempt !== null ? {} : rebase(state, row ?? null, context);
    }),
  );
}
