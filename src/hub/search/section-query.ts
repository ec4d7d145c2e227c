import { sql, type Selectable, type SqlBool } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import type { AttributeType, Sections } from '../db/schema.ts';
import { checkElementalId } from '../marks/writing.ts';
import { allOf, columnField, type Condition, type SearchScope } from './fields.ts';
import { pathTest } from './label-paths.ts';
import { searchCondition } from './search-object.ts';

export type SectionRow = Selectable<Sections>;

/** The query parameters that select sections. */
export interface SectionFilters {
  name?: string | undefined;
  elemental_id?: string | undefined;
  encoded_search?: unknown;
  match?: string | undefined;
  ancestors?: string | undefined;
  descendants?: string | undefined;
}

/**
 * The sections of a project that pass all filters, by name.
 * @throws HubError 400 for a search or a pattern outside its grammar.
 */
export async function selectSections(
  db: Db | Tx,
  project: { id: number; attribute_types: readonly AttributeType[] },
  filters: SectionFilters,
): Promise<SectionRow[]> {
  const fits = filters.match === undefined ? undefined : pathTest(filters.match);
  const { rows } = await sql<SectionRow>`
    SELECT row.* FROM sections AS row WHERE ${allOf(conditionsOf(project, filters))}
    ORDER BY row.name, row.id`.execute(db);
  return fits ? rows.filter(({ path }) => path !== null && fits(path)) : rows;
}

function conditionsOf(
  project: { id: number; attribute_types: readonly AttributeType[] },
  { name, elemental_id, encoded_search, ancestors, descendants }: SectionFilters,
): Condition[] {
  const conditions = [sql<SqlBool>`row.project = ${project.id}`];
  if (name !== undefined) conditions.push(sql<SqlBool>`lower(row.name) = lower(${name})`);
  const elemental = checkElementalId(elemental_id);
  if (elemental !== undefined) conditions.push(sql<SqlBool>`row.elemental_id = ${elemental}`);
  if (ancestors !== undefined)
    conditions.push(sql<SqlBool>`starts_with(${ancestors} || '.', row.path || '.')`);
  if (descendants !== undefined)
    conditions.push(sql<SqlBool>`starts_with(row.path || '.', ${descendants} || '.')`);
  if (encoded_search !== undefined)
    conditions.push(searchCondition(scopeOf(project.attribute_types), {}, encoded_search));
  return conditions;
}

/** Sections have no types: their attributes are defined on the project. */
function scopeOf(attributeTypes: readonly AttributeType[]): SearchScope {
  const columns = {
    id: 'number',
    name: 'text',
    path: 'text',
    dtype: 'text',
    elemental_id: 'text',
    created_by: 'number',
    created_datetime: 'date',
  } as const;
  return {
    alias: 'row',
    builtins: Object.fromEntries(
      Object.entries(columns).map(([column, kind]) => [`$${column}`, columnField('row', column, kind)]),
    ),
    types: [{ id: undefined, attribute_types: attributeTypes }],
  };
}
