import Type from 'typebox';
import { attributeValueKinds, type AttributeValue, Real, Text, choice, optional, object } from './values.ts';

/**
 * The search object: sent base64-encoded as `encoded_search`, as it is in `object_search`, and
 * stored by saved-search sections. Names with `$` are built-in columns.
 */
export type Search = SearchCombiner | SearchTest;

/** `not` takes exactly one operand; a combiner without operands matches everything. */
export interface SearchCombiner {
  method: 'and' | 'or' | 'not';
  operations: Search[];
}

export type SearchOperation = (typeof searchOperations)[number];

export interface SearchTest {
  attribute: string;
  operation: SearchOperation;
  /** `date_range` takes [from, to], `distance_lte` [km, lat, lon], `in` a list, `search` a search. */
  value: AttributeValue | Search;
  /** Negates this one test. */
  inverse?: boolean;
}

export const searchOperations = [
  'eq',
  'gt',
  'gte',
  'lt',
  'lte',
  'icontains',
  'iendswith',
  'istartswith',
  'isnull',
  'in',
  'date_eq',
  'date_gte',
  'date_gt',
  'date_lt',
  'date_lte',
  'date_range',
  'distance_lte',
  'search',
] as const;

/**
 * One level deep, as the server's own description: what lies in `operations` and in a nested
 * search is judged where the search is evaluated, because its meaning depends on what is searched.
 */
export const Search = Type.Unsafe<Search>({
  anyOf: [
    {
      type: 'object',
      properties: {
        method: { type: 'string', enum: ['and', 'or', 'not'] },
        operations: { type: 'array', items: { type: 'object' } },
      },
    },
    {
      type: 'object',
      properties: {
        attribute: { type: 'string' },
        operation: { type: 'string', enum: searchOperations },
        inverse: { type: 'boolean', default: false },
        value: { oneOf: [...attributeValueKinds, { type: 'object' }] },
      },
    },
  ],
});

/** Orders by the distance of a vector attribute from a point; needs `type` in the query. */
export const VectorSearch = object({
  name: Text,
  center: Type.Array(Real),
  ...optional({
    metric: choice(['l2norm', 'ip', 'cosine'], { default: 'l2norm' }),
    order: choice(['asc', 'desc'], { default: 'asc' }),
  }),
});

/** The conditions that only a body can carry. */
export const bodySearch = optional({
  float_array: Type.Array(VectorSearch),
  object_search: Search,
});
