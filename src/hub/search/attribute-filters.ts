import { sql, type SqlBool } from 'kysely';
import { badRequest } from '../errors.ts';
import {
  allOf,
  anyOf,
  attributeField,
  isPresent,
  onType,
  type Condition,
  type Field,
  type SearchScope,
} from './fields.ts';
import { testField, type TestName } from './tests.ts';

/** The `attribute*` parameters of a query, each a list of `name::value`. */
export interface AttributeFilters {
  attribute?: readonly string[] | undefined;
  attribute_lt?: readonly string[] | undefined;
  attribute_lte?: readonly string[] | undefined;
  attribute_gt?: readonly string[] | undefined;
  attribute_gte?: readonly string[] | undefined;
  attribute_contains?: readonly string[] | undefined;
  attribute_distance?: readonly string[] | undefined;
  attribute_null?: readonly string[] | undefined;
}

interface Named {
  name: string;
  condition: (field: Field) => Condition;
}

const tests: Record<keyof AttributeFilters, TestName> = {
  attribute: 'eq',
  attribute_lt: 'lt',
  attribute_lte: 'lte',
  attribute_gt: 'gt',
  attribute_gte: 'gte',
  attribute_contains: 'icontains',
  attribute_distance: 'distance_lte',
  attribute_null: 'isnull',
};

/**
 * The condition of all `attribute*` parameters; undefined when there are none. Each type is tested by
 * the conditions that name attributes it has; types that have none of them are left out.
 * @throws HubError 400 for a name that no type has: the original ignores it and returns everything,
 *   which is deadly with a bulk delete.
 */
export function attributeCondition(
  scope: SearchScope,
  filters: AttributeFilters,
  /** Other kinds of objects that the filters are for as well: their names are known too. */
  others: readonly SearchScope[] = [],
): Condition | undefined {
  const named = Object.entries(tests).flatMap(([parameter, test]) =>
    (filters[parameter as keyof AttributeFilters] ?? []).map((text) => parse(parameter, test, text)),
  );
  if (named.length === 0) return undefined;
  const builtin = named.filter(({ name }) => name.startsWith('$'));
  const own = named.filter(({ name }) => !name.startsWith('$'));
  return allOf([
    ...builtin.map((filter) => builtinCondition(scope, filter, others)),
    ...attributeConditions(scope, own, others),
  ]);
}

function parse(parameter: string, test: TestName, text: string): Named {
  const split = text.indexOf('::');
  if (split <= 0) throw badRequest(`"${parameter}" must be name::value.`);
  const name = text.slice(0, split);
  const value = text.slice(split + 2);
  if (test === 'distance_lte') {
    return { name, condition: (field) => testField(field, test, value.split('::')) };
  }
  if (test === 'isnull') {
    return {
      name,
      condition: (field) =>
        value.toLowerCase() === 'true' ? sql<SqlBool>`NOT ${isPresent(field)}` : isPresent(field),
    };
  }
  return { name, condition: (field) => testField(field, test, value) };
}

function builtinCondition(
  { builtins }: SearchScope,
  { name, condition }: Named,
  others: readonly SearchScope[],
): Condition {
  const field = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
  if (field) return condition(field);
  if (others.some((other) => Object.hasOwn(other.builtins, name))) return sql<SqlBool>`false`;
  throw badRequest(`There is no column "${name}" to filter by.`);
}

function attributeConditions(
  scope: SearchScope,
  filters: readonly Named[],
  others: readonly SearchScope[],
): Condition[] {
  if (filters.length === 0) return [];
  const used = new Set(
    others.flatMap(({ types }) => types.flatMap((type) => type.attribute_types.map(({ name }) => name))),
  );
  const byType = scope.types.flatMap((type) => {
    const conditions = filters.flatMap(({ name, condition }) => {
      const definition = type.attribute_types.find((known) => known.name === name);
      if (!definition) return [];
      used.add(name);
      return [condition(attributeField(scope.alias, definition))];
    });
    if (conditions.length === 0) return [];
    return [onType(scope, type, allOf(conditions))];
  });
  const unknown = filters.find(({ name }) => !used.has(name));
  if (unknown) throw badRequest(`No type here has an attribute "${unknown.name}".`);
  return [anyOf(byType)];
}
