import { entityKey, type EntityKey, type EntityRef, type MediaKey } from '../domain/identity.ts';
import { debtCursor, parseDebt, type MemberDebt } from '../domain/member-debt.ts';
import { stateMembers } from '../domain/member-set.ts';
import { done, mergeContext, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import { fold } from './merge.ts';
import { isRead } from './pull.ts';
import type { Cursors, EntityState, Place } from './ports.ts';

/*
 * A track of Tator names rows, and every edit of a member makes a new row. Whoever edits a member must
 * therefore rewrite the tracks that name it. The debt is written down together with the attempt of
 * the edit, and paid after it; a debt that turns out to be none (the edit never took effect) costs
 * one read. A track whose own create or edit is in doubt may be there already, with the rows of then: it
 * counts, and its debt stays until that is settled. The flight recorder keeps the debt as well: a device
 * that loses its database still has to pay it.
 */

/**
 * The debt after new marks of these localizations, to be saved with their attempts; nothing where no track
 * names them. `open`: the `openTracks` of the outbox.
 */
export async function noteRenewals(
  deps: SyncDeps,
  { projectId, open }: { projectId: number; open: readonly EntityState[] },
  places: Place[],
): Promise<Cursors> {
  const { storage } = deps;
  const debt = parseDebt(await storage.cursor(debtCursor(projectId)));
  // After the loss of the database it is not known yet which tracks there are: any may name them.
  const isUnread = !(await isRead(deps, projectId, 'state'));
  const named = new Map<MediaKey, Set<string>>();
  let isMore = false;
  for (const { ref, media } of places) {
    if (ref.kind !== 'localization') continue;
    const members = named.get(media) ?? (await membersIn(storage, media, open));
    named.set(media, members);
    if (!isUnread && !members.has(ref.elementalId)) continue;
    if (debt[media]?.includes(ref.elementalId) === true) continue;
    debt[media] = [...(debt[media] ?? []), ref.elementalId];
    isMore = true;
  }
  if (!isMore) return {};
  await storage.recordDebt(projectId, debt);
  return { [debtCursor(projectId)]: debt };
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

/**
 * Rewrites the tracks that may name older rows of their members; after a pull, since only then all tracks are
 * known. What fails for good is given up.
 */
export async function renewTracks(deps: SyncDeps, projectId: number): Promise<PartOutcome> {
  const { storage, server } = deps;
  const debt = parseDebt(await storage.cursor(debtCursor(projectId)));
  if (Object.keys(debt).length === 0) return done;
  const outbox = await storage.outbox(projectId);
  const open = new Set(outbox.flatMap(({ attempt }) => attempt?.key ?? []));
  const left: MemberDebt = {};
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
  await storage.setCursor(debtCursor(projectId), left);
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
