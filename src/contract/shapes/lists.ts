import Type, { type TSchema, type TUnsafe } from 'typebox';
import type { Value } from './values.ts';

/** Most items that one bulk create takes. */
export const MAX_BATCH = 500;

/** One spec, or up to `MAX_BATCH` of them; an empty list is refused by the server. */
export function oneOrMany<S extends TSchema>(spec: S): TUnsafe<Value<S> | Value<S>[]> {
  return Type.Union([
    Type.Array(spec as TSchema, { maxItems: MAX_BATCH }),
    spec as TSchema,
  ]) as TSchema as TUnsafe<Value<S> | Value<S>[]>;
}
