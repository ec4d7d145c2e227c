import { sql, type RawBuilder, type SqlBool } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { checkElementalId } from '../marks/writing.ts';
import { attributeCondition, type AttributeFilters } from './attribute-filters.ts';
import { allOf, anyOf, type Condition, type SearchScope } from './fields.ts';
import type { RelatedFilters } from './related-filters.ts';
import { loadScope } from './scopes.ts';
import { searchCondition } from './search-object.ts';
import { mediaSpecials, mediaWithRelated, sectionCondition } from './sections.ts';
import { nearestTo, type VectorSearch } from './vectors.ts';

/** The query parameters that select media. */
export interface MediaFilters extends AttributeFilters, RelatedFilters {
  media_id?: readonly number[] | undefined;
  type?: number | undefined;
  name?: string | undefined;
  section?: number | undefined;
  multi_section?: readonly number[] | undefined;
  dtype?: string | undefined;
  md5?: string | undefined;
  gid?: string | undefined;
  uid?: string | undefined;
  after?: number | undefined;
  after_name?: string | undefined;
  archive_lifecycle?: string | undefined;
  elemental_id?: string | undefined;
  encoded_search?: unknown;
  encoded_related_search?: unknown;
}

/** The members of a body that select media; `media_id`, `ids` and the rest are united. */
export interface MediaBody {
  ids?: readonly number[] | undefined;
  localization_ids?: readonly number[] | undefined;
  state_ids?: readonly number[] | undefined;
  object_search?: unknown;
  float_array?: readonly VectorSearch[] | undefined;
}

export interface MediaSelection {
  condition: Condition;
  scope: SearchScope;
  /** The order of a vector search, which goes before any other. */
  nearest: readonly RawBuilder<unknown>[] | undefined;
}

const archiveStates: Readonly<Record<string, readonly string[]>> = {
  live: ['live'],
  archived: ['to_archive', 'archived', 'to_live'],
  all: ['live', 'to_archive', 'archived', 'to_live'],
};

/** The WHERE of everything that selects media; the table is named `row`. */
export async function selectMedia(
  db: Db | Tx,
  project: number,
  filters: MediaFilters,
  body: MediaBody = {},
): Promise<MediaSelection> {
  const scope = await loadScope(db, project, 'media', { alias: 'row', type: filters.type });
  const conditions: Condition[] = [sql<SqlBool>`row.project = ${project}`, sql<SqlBool>`NOT row.deleted`];
  conditions.push(...plainConditions(filters), ...idConditions(filters, body));
  const sections = [
    ...(filters.section === undefined ? [] : [filters.section]),
    ...(filters.multi_section ?? []),
  ];
  if (sections.length > 0) conditions.push(await sectionCondition(db, project, sections));
  const attributes = attributeCondition(scope, filters);
  if (attributes) conditions.push(attributes);
  const specials = await mediaSpecials(db, project);
  for (const search of [filters.encoded_search, body.object_search]) {
    if (search !== undefined) conditions.push(searchCondition(scope, specials, search));
  }
  const related = filters.encoded_related_search;
  if (related !== undefined)
    conditions.push(anyOf(Object.values(specials).map((special) => special(related))));
  const withRelated = await mediaWithRelated(db, project, filters);
  if (withRelated) conditions.push(withRelated);
  const nearest = body.float_array && nearestTo(scope, filters.type, body.float_array);
  conditions.push(...(nearest?.conditions ?? []));
  return { condition: allOf(conditions), scope, nearest: nearest?.order };
}

function plainConditions(filters: MediaFilters): Condition[] {
  const conditions: Condition[] = [];
  const equals = { type: filters.type, md5: filters.md5, gid: filters.gid, uid: filters.uid };
  for (const [column, value] of Object.entries(equals)) {
    if (value !== undefined) conditions.push(sql<SqlBool>`${sql.ref(`row.${column}`)} = ${value}`);
  }
  const elemental = checkElementalId(filters.elemental_id);
  if (elemental !== undefined) conditions.push(sql<SqlBool>`row.elemental_id = ${elemental}`);
  if (filters.name !== undefined) conditions.push(sql<SqlBool>`lower(row.name) = lower(${filters.name})`);
  if (filters.after !== undefined) conditions.push(sql<SqlBool>`row.id > ${filters.after}`);
  if (filters.after_name !== undefined) conditions.push(sql<SqlBool>`row.name > ${filters.after_name}`);
  if (filters.dtype !== undefined) {
    conditions.push(
      sql<SqlBool>`row.type IN (SELECT id FROM entity_types WHERE kind = 'media' AND dtype = ${filters.dtype})`,
    );
  }
  const states = archiveStates[filters.archive_lifecycle ?? 'all'];
  if (states && filters.archive_lifecycle !== undefined) {
    conditions.push(sql<SqlBool>`row.archive_state = ANY(${[...states]}::text[])`);
  }
  return conditions;
}

function idConditions(filters: MediaFilters, body: MediaBody): Condition[] {
  const given = [filters.media_id, body.ids, body.localization_ids, body.state_ids];
  if (given.every((ids) => ids === undefined)) return [];
  return [
    anyOf([
      sql<SqlBool>`row.id = ANY(${[...(filters.media_id ?? []), ...(body.ids ?? [])]}::int[])`,
      sql<SqlBool>`row.id IN (SELECT media FROM localizations WHERE id = ANY(${[...(body.localization_ids ?? [])]}::int[]))`,
      sql<SqlBool>`row.id IN (SELECT unnest(media) FROM states WHERE id = ANY(${[...(body.state_ids ?? [])]}::int[]))`,
    ]),
  ];
}
