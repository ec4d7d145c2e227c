import { sql, type RawBuilder, type SqlBool } from 'kysely';
import type { AttributeType } from '../db/schema.ts';

export type Condition = RawBuilder<SqlBool>;

/** What kind of values a searchable field holds. */
export type FieldKind = 'number' | 'text' | 'bool' | 'date' | 'geopos' | 'vector';

/** A column or an attribute as the search sees it. */
export interface Field {
  kind: FieldKind;
  /** The typed value; NULL when absent, null or (in old data) of another type: a filter never fails on a row. */
  value: RawBuilder<unknown>;
  /** For positions and vectors: the JSON array. */
  json: RawBuilder<unknown>;
}

/** One kind of entity that can be searched: its columns, and its types with their attributes. */
export interface SearchScope {
  /** Name of the table in the query. */
  alias: string;
  /** By name with `$`. */
  builtins: Readonly<Record<string, Field>>;
  types: readonly SearchableType[];
}

export interface SearchableType {
  /** Absent where all rows of the table are of one type. */
  id: number | undefined;
  attribute_types: readonly AttributeType[];
}

const kindOf: Record<AttributeType['dtype'], FieldKind> = {
  bool: 'bool',
  int: 'number',
  float: 'number',
  enum: 'text',
  string: 'text',
  blob: 'text',
  datetime: 'date',
  geopos: 'geopos',
  float_array: 'vector',
};

export function columnField(alias: string, column: string, kind: FieldKind): Field {
  const value = sql`${sql.ref(`${alias}.${column}`)}`;
  return { kind, value: kind === 'text' ? sql`${value}::text` : value, json: sql`NULL::jsonb` };
}

export function attributeField(alias: string, { name, dtype }: Pick<AttributeType, 'name' | 'dtype'>): Field {
  const attributes = sql.ref(`${alias}.attributes`);
  const json = sql`(${attributes} -> ${name}::text)`;
  const text = sql`(${attributes} ->> ${name}::text)`;
  const kind = kindOf[dtype];
  return { kind, json, value: typedValue(kind, json, text) };
}

function typedValue(
  kind: FieldKind,
  json: RawBuilder<unknown>,
  text: RawBuilder<unknown>,
): RawBuilder<unknown> {
  switch (kind) {
    case 'number':
      return sql`(CASE WHEN jsonb_typeof(${json}) = 'number' THEN ${text}::float8 END)`;
    case 'bool':
      return sql`(CASE WHEN jsonb_typeof(${json}) = 'boolean' THEN ${text}::boolean END)`;
    case 'text':
      return sql`(CASE WHEN jsonb_typeof(${json}) = 'string' THEN ${text} END)`;
    case 'date':
      return sql`(CASE WHEN ${text} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' THEN ${text}::timestamptz END)`;
    case 'geopos':
    case 'vector':
      return sql`(CASE WHEN jsonb_typeof(${json}) = 'array' THEN ${text} END)`;
  }
}

/** Whether the field holds anything. */
export function isPresent(field: Field): Condition {
  return sql<SqlBool>`${field.value} IS NOT NULL`;
}

/** The condition on rows of one type only. */
export function onType({ alias }: SearchScope, { id }: SearchableType, condition: Condition): Condition {
  if (id === undefined) return condition;
  return sql<SqlBool>`(${sql.ref(`${alias}.type`)} = ${id} AND ${condition})`;
}

const noneOf = sql<SqlBool>`false`;

/** All of the conditions; true for none. */
export function allOf(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? sql<SqlBool>`true` : sql<SqlBool>`(${sql.join(conditions, sql` AND `)})`;
}

/** Any of the conditions; false for none. */
export function anyOf(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? noneOf : sql<SqlBool>`(${sql.join(conditions, sql` OR `)})`;
}
