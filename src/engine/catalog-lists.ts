import type { Json } from '../base/json.ts';
import type { CatalogLists } from '../domain/catalog-fields.ts';
import type { Bookmark, CatalogEntry, Favorite, Leaf, Section, Version } from '../domain/entity-types.ts';
import { keyOfRow, type CatalogKind } from '../domain/identity.ts';
import type { ServerCall } from './server-call.ts';
import { asId, asList, idOrNull, idsOf, numberOr, textOr, type Wire } from './wire.ts';

const leavesAtOnce = 5000;

type ReadRows = (projectId: number) => Promise<Wire[]>;

/** What people change of a catalog, as a server lists it. Each list is whole, or the call throws. */
export async function readCatalogLists(
  call: ServerCall,
  projectId: number,
  kinds: readonly CatalogKind[],
): Promise<Partial<CatalogLists>> {
  const readers: Record<CatalogKind, ReadRows> = {
    section: (project) => listOf(call, 'get_section_list', project),
    version: (project) => listOf(call, 'get_version_list', project),
    leaf: (project) => readLeaves(call, project),
    bookmark: (project) => listOf(call, 'get_bookmark_list', project),
    favorite: (project) => listOf(call, 'get_favorite_list', project),
  };
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const parse: (row: Wire) => CatalogEntry = parsers[kind];
      return [kind, (await readers[kind](projectId)).map((row) => parse(row))] as const;
    }),
  );
  return Object.fromEntries(lists);
}

const parsers: { [K in CatalogKind]: (row: Wire) => CatalogLists[K][number] } = {
  section: sectionFrom,
  version: versionFrom,
  leaf: leafFrom,
  bookmark: bookmarkFrom,
  favorite: favoriteFrom,
};

async function listOf(call: ServerCall, operation: string, project: number): Promise<Wire[]> {
  return asList(await call(operation, { project }), operation);
}

async function readLeaves(call: ServerCall, project: number): Promise<Wire[]> {
  const leaves: Wire[] = [];
  for (let start = 0; ; start += leavesAtOnce) {
    const args = { project, start, stop: start + leavesAtOnce };
    const rows = asList(await call('get_leaf_list', args), 'leaves');
    leaves.push(...rows);
    if (rows.length < leavesAtOnce) return leaves;
  }
}

function identityOf(row: Wire, what: string): { id: number; key: string; name: string } {
  const id = asId(row.id, what);
  return { id, key: textOr(row.elemental_id, '') || keyOfRow(id), name: textOr(row.name, '') };
}

function versionFrom(row: Wire): Version {
  return {
    ...identityOf(row, 'version'),
    project: numberOr(row.project, 0),
    description: textOr(row.description, ''),
    number: numberOr(row.number, 0),
    bases: idsOf(row.bases),
    showEmpty: row.show_empty !== false,
  };
}

function sectionFrom(row: Wire): Section {
  const dtype = row.dtype === 'playlist' || row.dtype === 'saved_search' ? row.dtype : 'folder';
  // A section without a path reads as the word "None" on a Tator server.
  const path = typeof row.path === 'string' && row.path !== 'None' ? row.path : null;
  const visible = row.visible !== false;
  return { ...identityOf(row, 'section'), project: numberOr(row.project, 0), path, dtype, visible };
}

function leafFrom(row: Wire): Leaf {
  const parent = idOrNull(row.parent);
  return {
    ...identityOf(row, 'leaf'),
    type: numberOr(row.type, 0),
    parent: parent === null ? null : keyOfRow(parent),
    path: textOr(row.path, ''),
    attributes: recordOf(row.attributes),
  };
}

function bookmarkFrom(row: Wire): Bookmark {
  return { ...identityOf(row, 'bookmark'), uri: textOr(row.uri, '') };
}

function favoriteFrom(row: Wire): Favorite {
  return {
    ...identityOf(row, 'favorite'),
    type: numberOr(row.type, 0),
    entityTypeName: row.entity_type_name === 'State' ? 'State' : 'Localization',
    page: numberOr(row.page, 1),
    values: recordOf(row.values),
  };
}

function recordOf(value: unknown): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, Json>)
    : {};
}
