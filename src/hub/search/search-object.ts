import { sql, type SqlBool } from 'kysely';
import { badRequest } from '../errors.ts';
import { allOf, anyOf, attributeField, onType, type Condition, type SearchScope } from './fields.ts';
import { testField, type TestName } from './tests.ts';

/** `$related_media` and the like: given the nested search, the condition on the outer row. */
export type Specials = Readonly<Record<string, (nested: unknown) => Condition>>;

const DEEPEST = 16;
/** Tests of one search, on each type: each binds up to a dozen values, of which a statement takes 65,535. */
const MOST_TESTS = 4000;

const testNames: Readonly<Record<string, TestName>> = {
  eq: 'eq',
  gt: 'gt',
  gte: 'gte',
  lt: 'lt',
  lte: 'lte',
  in: 'in',
  icontains: 'icontains',
  istartswith: 'istartswith',
  iendswith: 'iendswith',
  iendswidth: 'iendswith',
  isnull: 'isnull',
  date_eq: 'date_eq',
  date_gt: 'date_gt',
  date_gte: 'date_gte',
  date_lt: 'date_lt',
  date_lte: 'date_lte',
  date_range: 'date_range',
  distance_lte: 'distance_lte',
};

/**
 * The condition of a search object. An unknown attribute name matches nothing, inverted or not.
 * @throws HubError 400 for anything outside the grammar.
 */
export function searchCondition(
  scope: SearchScope,
  specials: Specials,
  search: unknown,
  depth = 0,
): Condition {
  if (depth > DEEPEST) throw badRequest('The search is nested too deeply.');
  if (typeof search !== 'object' || search === null || Array.isArray(search))
    throw badRequest('The search is not an object.');
  const spec = search as Record<string, unknown>;
  if (spec['method'] !== undefined) return combine(scope, specials, spec, depth);
  if (spec['attribute'] === undefined && spec['operation'] === undefined) return sql<SqlBool>`true`;
  return single(scope, specials, spec);
}

function combine(
  scope: SearchScope,
  specials: Specials,
  spec: Record<string, unknown>,
  depth: number,
): Condition {
  const operations = spec['operations'] ?? [];
  if (!Array.isArray(operations)) throw badRequest('"operations" must be a list.');
  const most = Math.floor(MOST_TESTS / Math.max(1, scope.types.length));
  if (depth === 0 && countOf(operations, most) > most)
    throw badRequest(`A search of ${scope.types.length} types has at most ${most} tests.`);
  const parts = operations.map((part) => searchCondition(scope, specials, part, depth + 1));
  if (parts.length === 0) return sql<SqlBool>`true`;
  switch (String(spec['method']).toLowerCase()) {
    case 'and':
      return allOf(parts);
    case 'or':
      return anyOf(parts);
    case 'not':
      if (parts.length !== 1) throw badRequest('"not" takes exactly one operation.');
      return sql<SqlBool>`NOT coalesce(${parts[0]}, false)`;
    default:
      throw badRequest('"method" must be and, or, or not.');
  }
}

/** Number of tests in these and below them; above `enough` nobody counts on. */
function countOf(parts: readonly unknown[], enough: number, depth = 0): number {
  if (depth > DEEPEST) return 0; // refused elsewhere
  let count = 0;
  for (const part of parts) {
    if (count > enough) break;
    const { operations, value } = (part ?? {}) as { operations?: unknown; value?: unknown };
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value) ? [value] : [];
    const below = Array.isArray(operations) ? (operations as unknown[]) : nested;
    count += below.length === 0 ? 1 : countOf(below, enough, depth + 1);
  }
  return count;
}

function single(scope: SearchScope, specials: Specials, spec: Record<string, unknown>): Condition {
  const { attribute, operation, value, inverse } = spec;
  if (typeof attribute !== 'string' || typeof operation !== 'string') {
    throw badRequest('A search needs an attribute and an operation.');
  }
  if (operation === 'search') {
    const special = Object.hasOwn(specials, attribute) ? specials[attribute] : undefined;
    if (!special) throw badRequest(`"${attribute}" cannot be searched here.`);
    return special(value);
  }
  const test = Object.hasOwn(testNames, operation) ? testNames[operation] : undefined;
  if (!test) throw badRequest(`"${operation}" is no search operation.`);
  return fieldCondition(scope, attribute, (field) => {
    const condition = testField(field, test, value);
    return inverse === true ? sql<SqlBool>`NOT coalesce(${condition}, false)` : condition;
  });
}

function fieldCondition(
  scope: SearchScope,
  name: string,
  condition: (field: Parameters<typeof testField>[0]) => Condition,
): Condition {
  if (name.startsWith('$')) {
    const field = Object.hasOwn(scope.builtins, name) ? scope.builtins[name] : undefined;
    return field ? condition(field) : sql<SqlBool>`false`;
  }
  return anyOf(
    scope.types.flatMap((type) => {
      const definition = type.attribute_types.find((known) => known.name === name);
      if (!definition) return [];
      const field = attributeField(scope.alias, definition);
      return [onType(scope, type, condition(field))];
    }),
  );
}
