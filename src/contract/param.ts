import Type, { type TSchema } from 'typebox';
import type { Search } from './shapes/search.ts';
import type { Value } from './shapes/values.ts';

/**
 * How a query parameter is written into the URL:
 * - `plain`: `name=value`;
 * - `comma`: `name=a,b,c`, once; an item can hold no comma;
 * - `repeat`: `name=a&name=b`;
 * - `base64`: the JSON of a search object, base64-encoded.
 */
export type ParamStyle = 'plain' | 'comma' | 'repeat' | 'base64';

/** One query parameter; `T` is its value in our programs, `R` whether it must be given. */
export interface QueryParam<T = unknown, R extends boolean = boolean> {
  /** Of the decoded value; of the text in the URL for `base64`. */
  readonly schema: TSchema;
  readonly style: ParamStyle;
  readonly required: R;
  /** Types only, never there at run time. */
  readonly '~value'?: T;
}

export type QueryParams = Readonly<Record<string, QueryParam>>;

/** A value that may be left out. */
export function may<S extends TSchema>(schema: S): QueryParam<Value<S>, false> {
  return { schema, style: 'plain', required: false };
}

/** A value that must be given. */
export function needed<S extends TSchema>(schema: S): QueryParam<Value<S>, true> {
  return { schema, style: 'plain', required: true };
}

/** A comma list that may be left out. */
export function mayList<S extends TSchema>(
  item: S,
  options: { default?: Value<S>[] } = {},
): QueryParam<Value<S>[], false> {
  return { schema: Type.Array(item, options), style: 'comma', required: false };
}

/** A comma list that must be given. */
export function neededList<S extends TSchema>(item: S): QueryParam<Value<S>[], true> {
  return { schema: Type.Array(item), style: 'comma', required: true };
}

/** A list written as repeated parameters. */
export function mayRepeat<S extends TSchema>(item: S): QueryParam<Value<S>[], false> {
  return { schema: Type.Array(item), style: 'repeat', required: false };
}

/** A search object, base64-encoded on the wire. */
export function maySearch(): QueryParam<Search, false> {
  return { schema: Type.String(), style: 'base64', required: false };
}
