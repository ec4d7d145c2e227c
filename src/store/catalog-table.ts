import { groupBy } from '../base/group.ts';
import {
  catalogFields,
  entryOf,
  listsOf,
  typeOfEntry,
  withLists,
  type CatalogLists,
} from '../domain/catalog-fields.ts';
import type { CatalogEntry, ProjectCatalog } from '../domain/entity-types.ts';
import {
  catalogKinds,
  catalogRef,
  entityKey,
  isCatalogKind,
  keyOfRow,
  projectHome,
  projectOfHome,
  type CatalogKind,
  type EntityKey,
} from '../domain/identity.ts';
import type { Place, ServerRow } from '../sync/ports.ts';
import type { TidemarkDatabase } from './schema.ts';

type AnyEntry = CatalogLists[CatalogKind][number];
type Lists = { [K in CatalogKind]: CatalogEntry[] };

/** A stored catalog with all that today's program expects of one; older ones have no keys and fewer lists. */
export function completed(catalog: ProjectCatalog): ProjectCatalog {
  const lists = listsOf(catalog) as Partial<Lists>;
  if (catalogKinds.every((kind) => lists[kind]?.every(hasKey))) return catalog;
  const whole = Object.fromEntries(
    catalogKinds.map((kind) => [
      kind,
      (lists[kind] ?? []).map((entry) => ({ ...addedSince[kind], ...withKey(entry) })),
    ]),
  ) as unknown as CatalogLists;
  return withLists(catalog, whole);
}

/** What an older program did not store of an entity that it knew. */
const addedSince: Partial<Record<CatalogKind, object>> = {
  section: { visible: true },
  version: { showEmpty: true },
};

function hasKey(entry: Partial<CatalogEntry>): boolean {
  return typeof entry.key === 'string';
}

function withKey(entry: CatalogEntry & { parent?: string | number | null }): CatalogEntry {
  if (hasKey(entry)) return entry;
  const parent = typeof entry.parent === 'number' ? { parent: keyOfRow(entry.parent) } : {};
  return { ...entry, ...parent, key: keyOfRow(entry.id) };
}

export async function readCatalog(db: TidemarkDatabase, projectId: number): Promise<ProjectCatalog | null> {
  const record = await db.catalogs.get(projectId);
  return record === undefined ? null : completed(record.catalog);
}

/** All rows of a kind. */
export function rowsOfKind(catalog: ProjectCatalog, kind: CatalogKind): ServerRow[] {
  const entries: AnyEntry[] = listsOf(catalog)[kind];
  return entries.map((entry) => rowOf(kind, entry, catalog.project.id));
}

function rowOf<K extends CatalogKind>(kind: K, entry: CatalogLists[K][number], projectId: number): ServerRow {
  return {
    ref: catalogRef(kind, entry.key),
    rowId: entry.id,
    mark: 0,
    type: typeOfEntry(entry),
    media: projectHome(projectId),
    deleted: false,
    fields: catalogFields(kind, entry),
    createdBy: null,
    modifiedBy: null,
    modifiedAt: '',
  };
}

/** What is known of the places that are in catalogs. */
export async function rowsInCatalogs(
  db: TidemarkDatabase,
  places: readonly Place[],
): Promise<Map<EntityKey, ServerRow>> {
  const inCatalogs = places.filter(({ ref }) => isCatalogKind(ref.kind));
  const rows = new Map<EntityKey, ServerRow>();
  for (const [home, group] of groupBy(inCatalogs, ({ media }) => media)) {
    const projectId = projectOfHome(home);
    const catalog = projectId === null ? null : await readCatalog(db, projectId);
    if (projectId === null || catalog === null) continue;
    for (const { ref } of group) {
      const row = isCatalogKind(ref.kind) ? findRow(catalog, ref.kind, ref.elementalId) : null;
      if (row !== null) rows.set(entityKey(ref), row);
    }
  }
  return rows;
}

function findRow(catalog: ProjectCatalog, kind: CatalogKind, key: string): ServerRow | null {
  const entries: AnyEntry[] = listsOf(catalog)[kind];
  const entry = entries.find((one) => one.key === key);
  return entry === undefined ? null : rowOf(kind, entry, catalog.project.id);
}

/**
 * The lists as a server told them, under the keys that the device knows their entities by: what has no
 * elemental id keeps the key that it was made under here.
 */
export function underKnownKeys(before: ProjectCatalog, next: ProjectCatalog): ProjectCatalog {
  const known = listsOf(before) as Lists;
  const lists = listsOf(next) as Lists;
  const keyed = Object.fromEntries(
    catalogKinds.map((kind) => {
      const keys = new Map(known[kind].map(({ id, key }) => [id, key]));
      return [
        kind,
        lists[kind].map((entry) =>
          entry.key === keyOfRow(entry.id) ? { ...entry, key: keys.get(entry.id) ?? entry.key } : entry,
        ),
      ];
    }),
  ) as unknown as CatalogLists;
  return withLists(next, { ...keyed, leaf: withParentKeys(lists.leaf, keyed.leaf) });
}

/** Leaves name the leaf above by its key, which may be another now. */
function withParentKeys(told: CatalogEntry[], leaves: CatalogLists['leaf']): CatalogLists['leaf'] {
  const keyNow = new Map(told.map(({ key }, i) => [key, leaves[i]?.key ?? key]));
  return leaves.map((leaf) =>
    leaf.parent === null ? leaf : { ...leaf, parent: keyNow.get(leaf.parent) ?? leaf.parent },
  );
}

/** The catalog with the row in it, in the place of any other of its id or key. */
export function withRow(catalog: ProjectCatalog, row: ServerRow): ProjectCatalog {
  const { kind, elementalId: key } = row.ref;
  if (!isCatalogKind(kind)) return catalog;
  const next = withLists(catalog, { [kind]: placed(catalog, kind, { ...row, key }) });
  if (kind !== 'leaf') return next;
  const former = keyOfRow(row.rowId);
  const leaves = next.leaves.map((leaf) => (leaf.parent === former ? { ...leaf, parent: key } : leaf));
  return withLists(next, { leaf: leaves });
}

function placed<K extends CatalogKind>(
  catalog: ProjectCatalog,
  kind: K,
  { key, rowId, type, fields }: Pick<ServerRow, 'rowId' | 'type' | 'fields'> & { key: string },
): CatalogLists[K][number][] {
  const entries: CatalogLists[K][number][] = listsOf(catalog)[kind];
  const known = entries.find(({ id }) => id === rowId);
  const identity = { id: rowId, key, type, projectId: catalog.project.id };
  const entry = entryOf(kind, identity, { fields, known });
  return [...entries.filter((one) => one.id !== rowId && one.key !== key), entry];
}
