import Type, { type TArray, type TSchema, type TUnion } from 'typebox';

/** Most items that one bulk create takes. */
export const MAX_BATCH = 500;

/** One spec, or up to `MAX_BATCH` of them; an empty list is refused by the server. */
export function oneOrMany<S extends TSchema>(spec: S): TUnion<[TArray<S>, S]> {
  return Type.Union([Type.Array(spec, { maxItems: MAX_BATCH }), spec]);
}
