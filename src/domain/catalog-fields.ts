import type { Json } from '../base/json.ts';
import type {
  Bookmark,
  CatalogEntry,
  Favorite,
  Leaf,
  ProjectCatalog,
  Section,
  Version,
} from './entity-types.ts';
import { ATTRIBUTE_PREFIX, attributeField, attributesOf, type Fields } from './fields.ts';
import type { CatalogKind } from './identity.ts';

/*
 * The entities of a project's catalog as fields, the units that merge on their own, and back. What a
 * server works out (the number of a version, the path of a leaf) is no field: nobody writes it.
 */

/** The lists of a catalog that people change, by the kind of what is in them. */
export interface CatalogLists {
  section: Section[];
  version: Version[];
  leaf: Leaf[];
  bookmark: Bookmark[];
  favorite: Favorite[];
}

/** What can be changed of an entity that is there; the rest is said once, when it is made. */
const editable: Record<CatalogKind, readonly string[]> = {
  section: ['name', 'visible'],
  version: ['name', 'description', 'show_empty'],
  leaf: ['name', 'parent'],
  bookmark: ['name', 'uri'],
  // A Tator server changes the name of a favorite and nothing else of it.
  favorite: ['name'],
};

export function isCatalogField(kind: CatalogKind, field: string): boolean {
  return editable[kind].includes(field) || (kind === 'leaf' && field.startsWith(ATTRIBUTE_PREFIX));
}

export function listsOf(catalog: ProjectCatalog): CatalogLists {
  const { sections, versions, leaves, bookmarks, favorites } = catalog;
  return { section: sections, version: versions, leaf: leaves, bookmark: bookmarks, favorite: favorites };
}

/** The catalog with some of its lists replaced. */
export function withLists(catalog: ProjectCatalog, lists: Partial<CatalogLists>): ProjectCatalog {
  const { section, version, leaf, bookmark, favorite } = { ...listsOf(catalog), ...lists };
  return {
    ...catalog,
    sections: section,
    versions: version,
    leaves: leaf,
    bookmarks: bookmark,
    favorites: favorite,
  };
}

const fieldsOfKind: { [K in CatalogKind]: (entry: CatalogLists[K][number]) => Fields } = {
  section: ({ name, path, dtype, visible }) => ({ name, path, dtype, visible }),
  version: ({ name, description, bases, showEmpty }) => ({ name, description, bases, show_empty: showEmpty }),
  leaf: ({ name, parent, attributes }) => ({
    name,
    parent,
    ...Object.fromEntries(Object.entries(attributes).map(([one, value]) => [attributeField(one), value])),
  }),
  bookmark: ({ name, uri }) => ({ name, uri }),
  favorite: ({ name, page, values, entityTypeName }) => ({
    name,
    page,
    values,
    entity_type_name: entityTypeName,
  }),
};

export function catalogFields<K extends CatalogKind>(kind: K, entry: CatalogLists[K][number]): Fields {
  return fieldsOfKind[kind](entry);
}

/** Type id of an entity that has one, else 0. */
export function typeOfEntry(entry: CatalogEntry & { type?: number }): number {
  return entry.type ?? 0;
}

interface Identified {
  id: number;
  key: string;
  type: number;
  projectId: number;
}

const entryOfKind: {
  [K in CatalogKind]: (
    identity: Identified,
    fields: Fields,
    known: CatalogLists[K][number] | undefined,
  ) => CatalogLists[K][number];
} = {
  section: ({ id, key, projectId }, fields, known) => ({
    ...{ id, key, project: projectId, name: text(fields.name) },
    path: typeof fields.path === 'string' ? fields.path : null,
    dtype: known?.dtype ?? dtypeOf(fields.dtype),
    visible: fields.visible !== false,
  }),
  version: ({ id, key, projectId }, fields, known) => ({
    ...{ id, key, project: projectId, name: text(fields.name), description: text(fields.description) },
    number: known?.number ?? -1,
    bases: Array.isArray(fields.bases) ? fields.bases.filter((one) => typeof one === 'number') : [],
    showEmpty: fields.show_empty !== false,
  }),
  leaf: ({ id, key, type }, fields, known) => ({
    ...{ id, key, type, name: text(fields.name) },
    parent: typeof fields.parent === 'string' ? fields.parent : null,
    path: known?.path ?? '',
    attributes: attributesOf(fields),
  }),
  bookmark: ({ id, key }, fields) => ({ id, key, name: text(fields.name), uri: text(fields.uri) }),
  favorite: ({ id, key, type }, fields) => ({
    ...{ id, key, type, name: text(fields.name) },
    entityTypeName: fields.entity_type_name === 'State' ? 'State' : 'Localization',
    page: typeof fields.page === 'number' ? fields.page : 1,
    values: asValues(fields.values),
  }),
};

/** The entity that these fields describe; `known`: what a server told of it, if it did. */
export function entryOf<K extends CatalogKind>(
  kind: K,
  identity: Identified,
  { fields, known }: { fields: Fields; known?: CatalogLists[K][number] | undefined },
): CatalogLists[K][number] {
  return entryOfKind[kind](identity, fields, known);
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function dtypeOf(value: Json | undefined): Section['dtype'] {
  return value === 'playlist' || value === 'saved_search' ? value : 'folder';
}

function asValues(value: Json | undefined): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** The path that a server makes of a section's name: what is no letter, digit, `_` or dot becomes `_`. */
export function sectionPath(name: string): string {
  return name.replace(/[^A-Za-z0-9_.]/g, '_');
}
