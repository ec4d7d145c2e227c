import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { isUuid } from '../../base/random.ts';
import type { Db, Tx } from '../db/database.ts';
import { badRequest } from '../errors.ts';
import type { AnnotationTable } from '../marks/rows.ts';
import { attributeCondition, type AttributeFilters } from './attribute-filters.ts';
import { allOf, type Condition, type SearchScope } from './fields.ts';
import { relatedConditions, type RelatedFilters } from './related-filters.ts';
import { mediaOfSection } from './sections.ts';
import { loadScope } from './scopes.ts';
import { searchCondition, type Specials } from './search-object.ts';
import { nearestTo, type VectorSearch } from './vectors.ts';

/** The query parameters that select annotations. */
export interface AnnotationFilters extends AttributeFilters, RelatedFilters {
  media_id?: readonly number[] | undefined;
  related_id?: readonly number[] | undefined;
  section?: number | undefined;
  multi_section?: readonly number[] | undefined;
  type?: number | undefined;
  version?: readonly number[] | undefined;
  after?: number | undefined;
  elemental_id?: string | undefined;
  frame?: number | undefined;
  merge?: number | undefined;
  show_deleted?: number | undefined;
  show_all_marks?: number | undefined;
  encoded_search?: unknown;
  encoded_related_search?: unknown;
}

/** The members of a body that select annotations. An empty list selects nothing. */
export interface AnnotationBody {
  ids?: readonly number[] | undefined;
  media_ids?: readonly number[] | undefined;
  elemental_ids?: readonly string[] | undefined;
  state_ids?: readonly number[] | undefined;
  frame_state_ids?: readonly number[] | undefined;
  localization_ids?: readonly number[] | undefined;
  object_search?: unknown;
  float_array?: readonly VectorSearch[] | undefined;
}

export interface AnnotationRequest {
  table: AnnotationTable;
  project: number;
  query: AnnotationFilters;
  body?: AnnotationBody | undefined;
}

export interface AnnotationSelection {
  condition: Condition;
  scope: SearchScope;
  /** The order of a vector search, which goes before any other. */
  nearest: readonly RawBuilder<unknown>[] | undefined;
}

/**
 * The newest mark of its chain. No mark that is not deleted is above the latest, so this says "equal":
 * but PostgreSQL takes an equality of two columns to be rare, and would then read and sort a whole
 * project for its first page.
 */
const isCurrent = sql<SqlBool>`row.mark >= row.latest_mark`;

/** Name of the annotation table inside every query here. */
export const ROW = 'row';

/**
 * The WHERE of a list, a count, a bulk edit or a bulk delete: current marks that are not deleted,
 * unless asked otherwise, and all filters.
 * @throws HubError 400 or 404 for filters that make no sense.
 */
export async function selectAnnotations(
  db: Db | Tx,
  { table, project, query: filters, body = {} }: AnnotationRequest,
): Promise<AnnotationSelection> {
  const kind = table === 'localizations' ? 'localization' : 'state';
  const scope = await loadScope(db, project, kind, { alias: ROW, type: filters.type });
  const conditions: Condition[] = [sql<SqlBool>`row.project = ${project}`, sql<SqlBool>`NOT row.deleted`];
  if (!filters.show_all_marks) conditions.push(isCurrent);
  if (!filters.show_deleted) conditions.push(sql<SqlBool>`NOT row.variant_deleted`);
  conditions.push(...plainConditions(table, filters), ...bodyConditions(table, body));
  conditions.push(...(await sectionConditions(db, table, project, filters)));
  const attributes = attributeCondition(scope, filters);
  if (attributes) conditions.push(attributes);
  const specials = await specialsFor(db, table, project);
  for (const search of [filters.encoded_search, body.object_search]) {
    if (search !== undefined) conditions.push(searchCondition(scope, specials, search));
  }
  if (filters.encoded_related_search !== undefined) {
    conditions.push(relatedMedia(specials, filters.encoded_related_search));
  }
  conditions.push(...(await onRelatedMedia(db, table, project, filters)));
  const nearest = body.float_array && nearestTo(scope, filters.type, body.float_array);
  conditions.push(...(nearest?.conditions ?? []));
  return { condition: allOf(conditions), scope, nearest: nearest?.order };
}

function plainConditions(table: AnnotationTable, filters: AnnotationFilters): Condition[] {
  const conditions: Condition[] = [];
  if (filters.media_id) conditions.push(onMedia(table, filters.media_id));
  if (filters.related_id) conditions.push(relatedTo(table, filters.related_id));
  if (filters.type !== undefined) conditions.push(sql<SqlBool>`row.type = ${filters.type}`);
  if (filters.version) conditions.push(sql<SqlBool>`row.version = ANY(${[...filters.version]}::int[])`);
  if (filters.after !== undefined) conditions.push(sql<SqlBool>`row.id > ${filters.after}`);
  if (filters.elemental_id !== undefined) conditions.push(isElement([filters.elemental_id]));
  if (filters.frame !== undefined) conditions.push(sql<SqlBool>`row.frame = ${filters.frame}`);
  const mergeable = (filters.version?.length ?? 0) >= 2 && filters.merge !== 0;
  if (mergeable) conditions.push(notOverridden(table, filters));
  return conditions;
}

/** A row that another version's row of the selection names as its parent is hidden by it. */
function notOverridden(table: AnnotationTable, { version = [] }: AnnotationFilters): Condition {
  return sql<SqlBool>`NOT EXISTS (
    SELECT 1 FROM ${sql.table(table)} AS child
    WHERE child.parent = row.id AND NOT child.deleted AND child.version = ANY(${[...version]}::int[]))`;
}

function bodyConditions(table: AnnotationTable, body: AnnotationBody): Condition[] {
  const conditions: Condition[] = [];
  if (body.ids) conditions.push(sql<SqlBool>`row.id = ANY(${[...body.ids]}::int[])`);
  if (body.media_ids) conditions.push(onMedia(table, body.media_ids));
  if (body.elemental_ids) conditions.push(isElement(body.elemental_ids));
  if (body.state_ids && table === 'localizations') conditions.push(relatedTo(table, body.state_ids));
  if (body.localization_ids && table === 'states') conditions.push(relatedTo(table, body.localization_ids));
  if (body.frame_state_ids && table === 'localizations') {
    conditions.push(sql<SqlBool>`EXISTS (
      SELECT 1 FROM states AS other
      WHERE other.id = ANY(${[...body.frame_state_ids]}::int[])
        AND row.media = ANY(other.media) AND other.frame = row.frame)`);
  }
  return conditions;
}

function onMedia(table: AnnotationTable, ids: readonly number[]): Condition {
  return table === 'localizations'
    ? sql<SqlBool>`row.media = ANY(${[...ids]}::int[])`
    : sql<SqlBool>`row.media && ${[...ids]}::int[]`;
}

/** Members of the given states, or states that hold one of the given localizations. */
function relatedTo(table: AnnotationTable, ids: readonly number[]): Condition {
  return table === 'localizations'
    ? sql<SqlBool>`row.id IN (SELECT unnest(localizations) FROM states WHERE id = ANY(${[...ids]}::int[]))`
    : sql<SqlBool>`row.localizations && ${[...ids]}::int[]`;
}

function isElement(ids: readonly string[]): Condition {
  const bad = ids.find((id) => !isUuid(id));
  if (bad !== undefined) throw badRequest(`"${bad.slice(0, 60)}" is no elemental ID.`);
  return sql<SqlBool>`row.elemental_id = ANY(${[...ids]}::uuid[])`;
}

async function sectionConditions(
  db: Db | Tx,
  table: AnnotationTable,
  project: number,
  filters: AnnotationFilters,
): Promise<Condition[]> {
  const ids = [...(filters.section === undefined ? [] : [filters.section]), ...(filters.multi_section ?? [])];
  if (ids.length === 0) return [];
  const media = await mediaOfSection(db, project, ids);
  return [
    table === 'localizations'
      ? sql<SqlBool>`row.media IN (${media})`
      : sql<SqlBool>`EXISTS (SELECT 1 FROM (${media}) AS chosen WHERE chosen.id = ANY(row.media))`,
  ];
}

const visible = (alias: string): Condition =>
  sql<SqlBool>`NOT ${sql.ref(`${alias}.deleted`)} AND NOT ${sql.ref(`${alias}.variant_deleted`)}
    AND ${sql.ref(`${alias}.mark`)} = ${sql.ref(`${alias}.latest_mark`)}`;

/** Nested searches on annotations. Unlike the original's they see visible current rows only. */
async function specialsFor(db: Db | Tx, table: AnnotationTable, project: number): Promise<Specials> {
  const media = await loadScope(db, project, 'media', { alias: 'other' });
  const states = await loadScope(db, project, 'state', { alias: 'other' });
  const localizations = await loadScope(db, project, 'localization', { alias: 'other' });
  const holds = (column: 'other.media' | 'row.media', value: string): Condition =>
    sql<SqlBool>`${sql.ref(value)} = ANY(${sql.ref(column)})`;
  const ofLocalization = table === 'localizations';
  const sameMediaAsState = ofLocalization
    ? holds('other.media', 'row.media')
    : sql<SqlBool>`row.media && other.media`;
  const sameMediaAsLocalization = ofLocalization
    ? sql<SqlBool>`row.media = other.media`
    : holds('row.media', 'other.media');
  const exists = (from: string, where: readonly Condition[]): Condition =>
    sql<SqlBool>`EXISTS (SELECT 1 FROM ${sql.table(from)} AS other WHERE ${allOf(where)})`;
  const sameFrame = sql<SqlBool>`other.frame = row.frame`;
  return {
    $related_media: (nested) =>
      exists('media', [
        ofLocalization ? sql<SqlBool>`other.id = row.media` : holds('row.media', 'other.id'),
        sql<SqlBool>`NOT other.deleted`,
        searchCondition(media, {}, nested),
      ]),
    $coincident_states: (nested) =>
      exists('states', [sameMediaAsState, sameFrame, visible('other'), searchCondition(states, {}, nested)]),
    $coincident_localizations: (nested) =>
      exists('localizations', [
        sameMediaAsLocalization,
        sameFrame,
        visible('other'),
        searchCondition(localizations, {}, nested),
      ]),
    ...(ofLocalization && {
      $track_membership: (nested: unknown) =>
        exists('states', [
          sql<SqlBool>`row.id = ANY(other.localizations)`,
          visible('other'),
          searchCondition(states, {}, nested),
        ]),
    }),
  };
}

/** `related_attribute*`: the media that the annotation belongs to passes. */
async function onRelatedMedia(
  db: Db | Tx,
  table: AnnotationTable,
  project: number,
  filters: RelatedFilters,
): Promise<Condition[]> {
  const media = await loadScope(db, project, 'media', { alias: 'other' });
  return (relatedConditions([media], filters) ?? []).map((condition) => {
    const belongs = table === 'localizations' ? sql`other.id = row.media` : sql`other.id = ANY(row.media)`;
    return sql<SqlBool>`EXISTS (SELECT 1 FROM media AS other
      WHERE ${belongs} AND NOT other.deleted AND ${condition})`;
  });
}

function relatedMedia(specials: Specials, search: unknown): Condition {
  const special = specials['$related_media'];
  if (!special) throw badRequest('encoded_related_search cannot be used here.');
  return special(search);
}
