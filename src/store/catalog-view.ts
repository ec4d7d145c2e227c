import { groupBy } from '../base/group.ts';
import { catalogFields, entryOf, listsOf, withLists, type CatalogLists } from '../domain/catalog-fields.ts';
import type { CatalogEntry, ProjectCatalog } from '../domain/entity-types.ts';
import {
  catalogKinds,
  catalogRef,
  entityKey,
  isCatalogKind,
  projectHome,
  type CatalogKind,
  type EntityKey,
} from '../domain/identity.ts';
import type { Edit } from '../sync/ports.ts';
import { readCatalog } from './catalog-table.ts';
import { getMany } from './lookup-many.ts';
import type { TidemarkDatabase } from './schema.ts';
import type { CatalogView, EntitySync } from './types.ts';
import { syncOf } from './views.ts';

/** The catalog of a project with the user's own work in it; null while none is known. */
export async function catalogView(db: TidemarkDatabase, projectId: number): Promise<CatalogView | null> {
  const home = projectHome(projectId);
  return db.transaction('r', [db.catalogs, db.edits, db.attempts, db.conflicts], async () => {
    const catalog = await readCatalog(db, projectId);
    if (catalog === null) return null;
    const [found, conflicts] = await Promise.all([
      db.edits.where('media').equals(home).toArray(),
      db.conflicts.where('media').equals(home).toArray(),
    ]);
    const edits = found.filter(({ ref }) => isCatalogKind(ref.kind));
    const attempts = await getMany(
      db.attempts,
      edits.map(({ key }) => key),
    );
    const conflictsOf = groupBy(conflicts, ({ key }) => key);
    const sync = new Map<EntityKey, EntitySync>(
      edits.map((edit, i) => [edit.key, syncOf(edit, attempts[i], conflictsOf.get(edit.key))]),
    );
    for (const key of conflictsOf.keys()) sync.set(key, 'conflict');
    return { ...(edits.length === 0 ? catalog : withEdits(catalog, edits)), sync };
  });
}

function withEdits(catalog: ProjectCatalog, edits: Edit[]): ProjectCatalog {
  const lists = Object.fromEntries(
    catalogKinds.map((kind) => {
      const own = edits.filter(({ ref }) => ref.kind === kind);
      return [kind, own.length === 0 ? listsOf(catalog)[kind] : edited(catalog, kind, own)];
    }),
  ) as unknown as CatalogLists;
  return withLists(catalog, lists);
}

/** What is there first, changed where it stands; then what was made here, oldest first. */
function edited(catalog: ProjectCatalog, kind: CatalogKind, edits: Edit[]): CatalogEntry[] {
  const entries: CatalogLists[CatalogKind][number][] = listsOf(catalog)[kind];
  const byKey = new Map(edits.map((edit) => [edit.key, edit]));
  const shown = entries.flatMap((entry) => {
    const edit = byKey.get(entityKey(catalogRef(kind, entry.key)));
    byKey.delete(edit?.key ?? '');
    return edit === undefined ? [entry] : changed(kind, { edit, entry });
  });
  const made = [...byKey.values()].toSorted((a, b) => a.createdAt - b.createdAt);
  return [...shown, ...made.flatMap((edit) => changed(kind, { edit, entry: undefined }))];
}

function changed<K extends CatalogKind>(
  kind: K,
  { edit, entry }: { edit: Edit; entry: CatalogLists[K][number] | undefined },
): CatalogEntry[] {
  if (edit.op === 'delete') return [];
  const { type, projectId } = edit;
  const identity = { id: entry?.id ?? 0, key: edit.ref.elementalId, type, projectId };
  const told = entry === undefined ? (edit.base?.fields ?? {}) : catalogFields(kind, entry);
  return [entryOf(kind, identity, { fields: { ...told, ...edit.changes }, known: entry })];
}
