import type { Json } from '../base/json.ts';
import { entityKey, type EntityKey, type EntityRef, type MediaKey } from '../domain/identity.ts';
import { stateMembers } from '../domain/member-set.ts';
import { done, mergeContext, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { fold } from './merge.ts';
import type { Cursors, EntityState, Place } from './ports.ts';

/*
 * A track of Tator names rows, and every edit of a member makes a new row. Whoever edits a member must
 * therefore rewrite the tracks that name it. The debt is written down together with the attempt of
 * the edit, and paid after it; a debt that turns out to be none (the edit never took effect) costs
 * one read. A track whose own create or edit is in doubt may be there already, with the rows of then: it
 * counts, and its debt stays until that is settled.
 */

/** Members that are about to get new rows: by media, their elemental ids. */
type Debt = Record<MediaKey, string[]>;

function cursorOf(projectId: number): string {
  return `renew/${projectId}`;
}

/**
 * The debt after new marks of these localizations, to be saved with their attempts; nothing where no track
 * names them. `open`: the `openTracks` of the outbox.
 */
export async function noteRenewals(
  { storage }: SyncDeps,
  { projectId, open }: { projectId: number; open: readonly EntityState[] },
  places: Place[],
): Promise<Cursors> {
  const debt = parseDebt(await storage.cursor(cursorOf(projectId)));
  const named = new Map<MediaKey, Set<string>>();
  let isMore = false;
  for (const { ref, media } of places) {
    if (ref.kind !== 'localization') continue;
    const members = named.get(media) ?? (await membersIn(storage, media, open));
    named.set(media, members);
    if (!members.has(ref.elementalId) || debt[media]?.includes(ref.elementalId) === true) continue;
    debt[media] = [...(debt[media] ?? []), ref.elementalId];
    isMore = true;
  }
  return isMore ? { [cursorOf(projectId)]: debt } : {};
}

async function membersIn(
  storage: SyncDeps['storage'],
  media: MediaKey,
  open: readonly EntityState[],
): Promise<Set<string>> {
  const states = await storage.statesOf(media);
  const sent = open.flatMap(({ edit, attempt }) =>
    edit?.media === media && attempt !== null ? stateMembers(attempt.sent) : [],
  );
  return new Set([
    ...states.flatMap(({ deleted, fields }) => (deleted ? [] : stateMembers(fields))),
    ...sent,
  ]);
}

/** Tracks with a request whose outcome is not known. */
export function openTracks(outbox: readonly EntityState[]): EntityState[] {
  return outbox.filter(({ edit, attempt }) => edit?.ref.kind === 'state' && attempt !== null);
}

/** Rewrites the tracks that may name older rows of their members. What fails for good is given up. */
export async function renewTracks(deps: SyncDeps, projectId: number): Promise<PartOutcome> {
  const { storage, server } = deps;
  const debt = parseDebt(await storage.cursor(cursorOf(projectId)));
  const outbox = await storage.outbox(projectId);
  const open = new Set(outbox.flatMap(({ attempt }) => attempt?.key ?? []));
  const left: Debt = {};
  for (const [media, owed] of Object.entries(debt)) {
    const isOpen = openTracks(outbox).some(
      ({ edit, attempt }) =>
        edit?.media === media && stateMembers(attempt?.sent ?? {}).some((id) => owed.includes(id)),
    );
    if (isOpen) left[media] = owed;
    for (const ref of await tracksOf(deps, media, owed)) {
      // Two requests about one track would meet each other; the debt stays for the next push.
      if (open.has(entityKey(ref)) || owed.some((id) => open.has(memberKey(ref, id)))) {
        left[media] = owed;
        continue;
      }
      const answer = await server.renewMembers(ref);
      if (!answer.ok && isPassing(answer.failure.kind)) return stopped(answer.failure);
      if (!answer.ok && answer.failure.kind === 'stale-mark') left[media] = owed;
      const row = answer.ok ? answer.value : null;
      if (row === null) continue;
      const context = mergeContext(deps);
      await storage.revise([{ ref, media }], (states) => states.map((state) => fold(state, row, context)));
    }
  }
  if (Object.keys(debt).length > 0) await storage.setCursor(cursorOf(projectId), left);
  return done;
}

async function tracksOf({ storage }: SyncDeps, media: MediaKey, owed: string[]): Promise<EntityRef[]> {
  const wanted = new Set(owed);
  const states = await storage.statesOf(media);
  return states.flatMap(({ ref, deleted, fields }) =>
    !deleted && stateMembers(fields).some((id) => wanted.has(id)) ? [ref] : [],
  );
}

function memberKey({ version }: EntityRef, elementalId: string): EntityKey {
  return entityKey({ kind: 'localization', version, elementalId });
}

function isPassing(kind: string): boolean {
  return kind === 'offline' || kind === 'unknown-outcome' || kind === 'sign-in' || kind === 'throttled';
}

function parseDebt(value: Json): Debt {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([media, ids]) => [
      media,
      Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [],
    ]),
  );
}
