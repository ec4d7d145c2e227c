import { isLocalVersion, localVersion, projectHome } from '../domain/identity.ts';
import type { SyncDeps } from './deps.ts';
import type { EntityState, Revision } from './ports.ts';
import { park } from './settle.ts';

/*
 * Annotations can be made in a version that no server has yet; they name it by `localVersion` of its key,
 * and nothing is sent of them (`plan.ts`). As soon as the version has a row id, they are under that:
 *
 *   version: pending -> on the server      annotations: wait -> entered under the row id -> sent
 *   version: parked                        annotations: wait
 *   version: given up                      annotations: parked, their user has to say what becomes of them
 */

/** Enters the annotations of a project's outbox under the row ids of their versions, where there are any by now. */
export async function nameVersions(
  { storage, clock }: SyncDeps,
  projectId: number,
  outbox: readonly EntityState[],
): Promise<void> {
  const local = outbox.filter(({ edit }) => edit !== null && isLocalVersion(edit.ref.version));
  if (local.length === 0) return;
  const versions = await storage.catalogRows(projectId, 'version');
  const rowIds = new Map(versions.map(({ ref, rowId }) => [localVersion(ref.elementalId), rowId]));
  for (const from of new Set(local.flatMap(({ edit }) => edit?.ref.version ?? []))) {
    const to = rowIds.get(from);
    if (to !== undefined) await storage.enterVersion(projectId, { from, to });
  }
  const awaited = await awaitedVersions(storage, projectId);
  const isOrphan = (version: number): boolean => !rowIds.has(version) && !awaited.has(version);
  const orphans = local.flatMap(({ edit }) => (edit !== null && isOrphan(edit.ref.version) ? [edit] : []));
  const now = clock.now();
  await storage.revise(
    orphans.map(({ ref, media }) => ({ ref, media })),
    (states) => states.map((state) => orphaned(state, now)),
  );
}

/** Versions that are still to be made. */
async function awaitedVersions(storage: SyncDeps['storage'], projectId: number): Promise<Set<number>> {
  const dirty = await storage.outboxAt(projectHome(projectId));
  return new Set(
    dirty.flatMap(({ edit }) =>
      edit?.ref.kind === 'version' && edit.op === 'create' ? [localVersion(edit.ref.elementalId)] : [],
    ),
  );
}

/** The version was given up before any server had it, and so is what was deleted in it. */
function orphaned(state: EntityState, now: number): Revision {
  const { edit } = state;
  if (edit === null || edit.status.kind === 'parked') return {};
  if (edit.op === 'delete') return { edit: null, attempt: null, conflicts: [] };
  const reason = 'The layer that it was drawn in is gone. Draw it again in another layer, or give it up.';
  return park(state, { reason, revision: edit.revision, now });
}
