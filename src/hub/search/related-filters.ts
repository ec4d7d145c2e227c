import { attributeCondition, type AttributeFilters } from './attribute-filters.ts';
import type { Condition, SearchScope } from './fields.ts';

/** The `related_attribute*` parameters: `attribute*` on what is related. */
export type RelatedFilters = {
  [Name in keyof AttributeFilters as `related_${Name}`]?: AttributeFilters[Name] | undefined;
};

const PREFIX = 'related_';

/** The same filters as if they were meant for the related objects themselves; undefined when there are none. */
function unrelated(filters: RelatedFilters): AttributeFilters | undefined {
  const given = Object.entries(filters).filter(
    ([name, value]) => name.startsWith(`${PREFIX}attribute`) && value !== undefined,
  );
  if (given.length === 0) return undefined;
  return Object.fromEntries(given.map(([name, value]) => [name.slice(PREFIX.length), value]));
}

/**
 * For each kind of related object, the condition on it; undefined when nothing of the sort is asked.
 * @throws HubError 400 for a name that none of the kinds has.
 */
export function relatedConditions(
  scopes: readonly SearchScope[],
  filters: RelatedFilters,
): Condition[] | undefined {
  const own = unrelated(filters);
  if (own === undefined) return undefined;
  return scopes.flatMap((scope) => {
    const others = scopes.filter((other) => other !== scope);
    return attributeCondition(scope, own, others) ?? [];
  });
}
