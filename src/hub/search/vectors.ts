import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { badRequest } from '../errors.ts';
import { attributeField, type Condition, type SearchScope } from './fields.ts';

/** One vector search of a body, as the contract has checked it; the bounds are beyond the contract. */
export interface VectorSearch {
  name: string;
  center: readonly number[];
  metric?: 'l2norm' | 'ip' | 'cosine' | undefined;
  order?: 'asc' | 'desc' | undefined;
  lower_bound?: unknown;
  upper_bound?: unknown;
}

/** Rows within the bounds, and the order by distance in which they are listed. */
export interface Nearest {
  conditions: readonly Condition[];
  order: readonly RawBuilder<unknown>[];
}

/**
 * Vector searches as plain SQL over the stored lists of numbers: every row of the type is measured, which
 * needs no extension of the database and is meant for thousands of rows, not millions.
 * @throws HubError 400 without a `type`, or for an attribute that is no vector.
 */
export function nearestTo(
  scope: SearchScope,
  type: number | undefined,
  searches: readonly VectorSearch[],
): Nearest {
  if (type === undefined) throw badRequest('A vector search needs a type.');
  const distances = searches.map((search) => ({ search, distance: distanceOf(scope, search) }));
  return {
    conditions: distances.flatMap(({ search, distance }) => bounds(search, distance)),
    order: [
      ...distances.map(
        ({ search, distance }) => sql`${distance} ${sql.raw(search.order === 'desc' ? 'DESC' : 'ASC')}`,
      ),
      sql`${sql.ref(`${scope.alias}.id`)}`,
    ],
  };
}

/** Bounds of 0 count as not given, as in the original. */
function bounds({ lower_bound, upper_bound }: VectorSearch, distance: RawBuilder<number>): Condition[] {
  const conditions = [sql<SqlBool>`${distance} IS NOT NULL`];
  const lower = boundOf(lower_bound);
  const upper = boundOf(upper_bound);
  if (lower !== undefined) conditions.push(sql<SqlBool>`${distance} >= ${lower}::float8`);
  if (upper !== undefined) conditions.push(sql<SqlBool>`${distance} <= ${upper}::float8`);
  return conditions;
}

function boundOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === 0) return undefined;
  if (typeof value !== 'number') throw badRequest('The bounds of a vector search are numbers.');
  return value;
}

const metrics = {
  l2norm: sql`sqrt(sum(power(own.value - center.value, 2)))`,
  ip: sql`-sum(own.value * center.value)`,
  cosine: sql`1 - sum(own.value * center.value)
    / nullif(sqrt(sum(power(own.value, 2))) * sqrt(sum(power(center.value, 2))), 0)`,
} as const;

/** NULL where the row has no vector of this length. */
function distanceOf({ alias, types }: SearchScope, search: VectorSearch): RawBuilder<number> {
  const { name, center, metric = 'l2norm' } = search;
  const definition = types.flatMap((type) => type.attribute_types).find((known) => known.name === name);
  if (definition?.dtype !== 'float_array')
    throw badRequest(`There is no vector attribute "${name}" in the type.`);
  const { size } = definition;
  if (center.length === 0 || (size !== undefined && size !== center.length))
    throw badRequest(`The center has ${center.length} numbers; "${name}" has ${size ?? 'at least 1'}.`);
  const { json } = attributeField(alias, definition);
  return sql<number>`(CASE WHEN jsonb_typeof(${json}) = 'array' THEN (
    SELECT CASE WHEN count(*) = ${center.length}::int AND count(own.value + center.value) = ${center.length}::int
      THEN ${metrics[metric]} END
    FROM (SELECT place, CASE WHEN jsonb_typeof(item) = 'number' THEN (item #>> '{}')::float8 END AS value
      FROM jsonb_array_elements(${json}) WITH ORDINALITY AS items (item, place)) AS own
    LEFT JOIN unnest(${[...center]}::float8[]) WITH ORDINALITY AS center (value, place)
      ON center.place = own.place) END)`;
}
