import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { badRequest } from '../errors.ts';
import type { Condition, Field } from './fields.ts';
import { isPresent } from './fields.ts';

/** The tests of the search grammar on one field. Values are always bound. */
export type TestName =
  | 'eq'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'in'
  | 'icontains'
  | 'istartswith'
  | 'iendswith'
  | 'isnull'
  | 'date_eq'
  | 'date_gt'
  | 'date_gte'
  | 'date_lt'
  | 'date_lte'
  | 'date_range'
  | 'distance_lte';

const comparison = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
const EARTH_RADIUS_KM = 6371.0088;

/** @throws HubError 400 when the value does not fit the field or the test. */
export function testField(field: Field, test: TestName, value: unknown): Condition {
  if (field.kind === 'vector' && test !== 'isnull') return sql<SqlBool>`false`;
  switch (test) {
    case 'eq':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return compare(field, test, value);
    case 'in':
      return isOneOf(field, value);
    case 'icontains':
      return like(field, `%${escapeLike(asText(value))}%`);
    case 'istartswith':
      return like(field, `${escapeLike(asText(value))}%`);
    case 'iendswith':
      return like(field, `%${escapeLike(asText(value))}`);
    case 'isnull':
      return asBool(value) ? sql<SqlBool>`NOT ${isPresent(field)}` : isPresent(field);
    case 'date_eq':
    case 'date_gt':
    case 'date_gte':
    case 'date_lt':
    case 'date_lte':
      if (field.kind !== 'date') throw badRequest('A date test needs a date.');
      return compare(field, test.slice('date_'.length) as keyof typeof comparison, value);
    case 'date_range': {
      const [from, to] = asList(value, 2);
      return sql<SqlBool>`(${testField(field, 'date_gte', from)} AND ${testField(field, 'date_lte', to)})`;
    }
    case 'distance_lte':
      return within(field, asList(value, 3).map(asNumber));
  }
}

function compare(field: Field, test: keyof typeof comparison, value: unknown): Condition {
  if (field.kind === 'geopos') throw badRequest('A position can only be tested by distance.');
  return sql<SqlBool>`${field.value} ${sql.raw(comparison[test])} ${bound(field, value)}`;
}

function isOneOf(field: Field, value: unknown): Condition {
  const items = asList(value);
  if (field.kind === 'geopos') throw badRequest('A position can only be tested by distance.');
  if (items.length === 0) return sql<SqlBool>`false`;
  // One bound value however many there are: a statement of PostgreSQL takes 65,535 of them.
  const values = items.map((item) => converted(field, item));
  return sql<SqlBool>`${field.value} = ANY(${values}::${sql.raw(`${sqlTypeOf(field)}[]`)})`;
}

/** The value, converted to the field's type and bound. */
function bound(field: Field, value: unknown): RawBuilder<unknown> {
  return sql`${converted(field, value)}::${sql.raw(sqlTypeOf(field))}`;
}

function converted(field: Field, value: unknown): string | number | boolean {
  switch (field.kind) {
    case 'number':
      return asNumber(value);
    case 'bool':
      return asBool(value);
    case 'date':
      return asDate(value);
    default:
      return asText(value);
  }
}

function sqlTypeOf({ kind }: Field): string {
  return sqlTypes[kind] ?? 'text';
}

const sqlTypes: Partial<Record<Field['kind'], string>> = {
  number: 'float8',
  bool: 'boolean',
  date: 'timestamptz',
};

function like(field: Field, pattern: string): Condition {
  if (field.kind !== 'text') throw badRequest('A text test needs a text.');
  return sql<SqlBool>`${field.value} ILIKE ${pattern}`;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/** Great-circle distance; positions are stored [longitude, latitude]. */
function within(field: Field, [km = 0, lat = 0, lon = 0]: number[]): Condition {
  if (field.kind !== 'geopos') throw badRequest('A distance test needs a position.');
  const fieldLon = sql`radians((${field.json} ->> 0)::float8)`;
  const fieldLat = sql`radians((${field.json} ->> 1)::float8)`;
  const cosine = sql`sin(${fieldLat}) * sin(radians(${lat}::float8))
    + cos(${fieldLat}) * cos(radians(${lat}::float8)) * cos(${fieldLon} - radians(${lon}::float8))`;
  return sql<SqlBool>`(${isPresent(field)} AND ${EARTH_RADIUS_KM}::float8 * acos(least(1, greatest(-1, ${cosine}))) <= ${km}::float8)`;
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw badRequest('The search needs a text here.');
}

function asNumber(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw badRequest('The search needs a number here.');
}

function asBool(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const text = String(value).toLowerCase();
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw badRequest('The search needs true or false here.');
}

/** A text without a zone is taken as UTC, on every machine. */
function asDate(value: unknown): string {
  const text = asText(value);
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/i.test(text) || /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : `${text}Z`;
  const time = Date.parse(zoned.replace(' ', 'T'));
  if (Number.isNaN(time)) throw badRequest('The search needs a date here.');
  return new Date(time).toISOString();
}

function asList(value: unknown, length?: number): unknown[] {
  if (Array.isArray(value) && (length === undefined || value.length === length)) return value as unknown[];
  throw badRequest(
    length === undefined ? 'The search needs a list here.' : `The search needs a list of ${length} here.`,
  );
}
