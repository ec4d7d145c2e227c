import { sameValue } from '../domain/compare.ts';
import type { Fields } from '../domain/fields.ts';
import { isCatalogKind, projectHome, type CatalogKind, type EntityRef } from '../domain/identity.ts';
import { isLocalUri, uriOnServer } from '../domain/place-uri.ts';
import { settleInCatalog, type CatalogSettleContext } from './catalog-settle.ts';
import { done, mergeContext, stopped, type PartOutcome, type SyncDeps } from './deps.ts';
import type { Attempt, Edit, EntityState, Place, ServerRow } from './ports.ts';

/*
 * The lists of a catalog, folded into the user's work on it. Sections and versions are found again by
 * their elemental id. A leaf, a bookmark or a favorite has none: after a create without an answer it is
 * the row of the same content that was not there before, whoever made it.
 */

export type CatalogRef = EntityRef & { kind: CatalogKind };
export type Dirty = EntityState & { edit: Edit & { ref: CatalogRef } };

/** Folds what was just listed into the user's work on it; of other kinds nothing new is known. */
export async function settleCatalog(
  deps: SyncDeps,
  projectId: number,
  { kinds, answered }: { kinds: readonly CatalogKind[]; answered: boolean },
): Promise<void> {
  const ofKinds = async (): Promise<Dirty[]> =>
    (await dirtyOf(deps, projectId)).filter(({ edit }) => kinds.includes(edit.ref.kind));
  let dirty = await ofKinds();
  if (dirty.length === 0) return;
  if (await nameMedias(deps, projectId, dirty)) dirty = await ofKinds();
  const context = catalogContext(deps, { answered });
  await recognize(deps, projectId, dirty);
  await deps.storage.revise(
    dirty.map(({ edit }) => placeOf(edit)),
    (states) => states.map((state) => settleInCatalog(state, context)),
  );
}

export function catalogContext(deps: SyncDeps, { answered }: { answered: boolean }): CatalogSettleContext {
  const { lateFor, keyed } = deps.traits;
  return { ...mergeContext(deps), answered, lateFor, keyed };
}

/** Reads the lists of these kinds and folds them into the user's work. */
export async function readLists(
  deps: SyncDeps,
  { projectId, kinds, answered }: { projectId: number; kinds: readonly CatalogKind[]; answered: boolean },
): Promise<PartOutcome> {
  const lists = await deps.server.readCatalogLists(projectId, kinds);
  if (!lists.ok) return stopped(lists.failure);
  await deps.storage.saveCatalogLists(projectId, lists.value);
  await settleCatalog(deps, projectId, { kinds, answered });
  return done;
}

/** What the user did to the catalog and is not confirmed. */
export async function dirtyOf({ storage }: SyncDeps, projectId: number): Promise<Dirty[]> {
  return (await storage.outboxAt(projectHome(projectId))).filter(isOfCatalog);
}

function isOfCatalog(state: EntityState): state is Dirty {
  return state.edit !== null && isCatalogKind(state.edit.ref.kind);
}

export function placeOf({ ref, projectId }: Edit): Place {
  return { ref, media: projectHome(projectId) };
}

/**
 * Bookmarks name a media by its row id as soon as it has one, so that they are compared as they are stored.
 * True where any did.
 */
async function nameMedias({ storage }: SyncDeps, projectId: number, dirty: Dirty[]): Promise<boolean> {
  const local = dirty.filter(({ edit: { changes } }) => isLocalUri(changes.uri));
  if (local.length === 0) return false;
  const mediaIds = await storage.mediaIds(projectId);
  const named = (fields: Fields): Fields => {
    const uri = isLocalUri(fields.uri) ? uriOnServer(fields.uri, { projectId, mediaIds }) : null;
    return uri === null ? fields : { ...fields, uri };
  };
  await storage.revise(
    local.map(({ edit }) => placeOf(edit)),
    (states) =>
      states.map(({ edit, attempt }) =>
        edit === null
          ? {}
          : {
              edit: { ...edit, changes: named(edit.changes) },
              // Of a database that was lost the attempt is a guess, which says what the user had said.
              ...(attempt === null ? {} : { attempt: { ...attempt, sent: named(attempt.sent) } }),
            },
      ),
  );
  return true;
}

/** Tells the rows that creates without an answer have made, where no elemental id does. */
async function recognize({ storage }: SyncDeps, projectId: number, dirty: Dirty[]): Promise<void> {
  for (const { edit, attempt, row } of dirty) {
    if (row !== null || attempt?.intent !== 'create' || hasElementalId(edit.ref)) continue;
    const found = ownRow(await storage.catalogRows(projectId, edit.ref.kind), edit, attempt);
    if (found !== undefined) await storage.enterCatalogRow(projectId, { ...found, ref: edit.ref });
  }
}

function hasElementalId({ kind }: CatalogRef): boolean {
  return kind === 'section' || kind === 'version';
}

function ownRow(rows: ServerRow[], { type }: Edit, { sent, after }: Attempt): ServerRow | undefined {
  return rows
    .filter(({ rowId, ref }) => rowId > (after ?? 0) && ref.elementalId.startsWith('id:'))
    .filter((row) => row.type === type)
    .find(({ fields }) => Object.entries(sent).every(([field, value]) => sameValue(fields[field], value)));
}
