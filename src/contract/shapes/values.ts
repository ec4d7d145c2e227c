import Type, { type TOptional, type TSchema, type TUnion, type TNull, type TUnsafe } from 'typebox';
import type { Static } from 'typebox';

/** The smallest words of the contract: ids, texts, numbers, attribute values. */

/** Row id of anything on the server. */
export const Id = Type.Integer();

/** Row id where the server itself insists on a positive number. */
export const RowId = Type.Integer({ minimum: 1 });

export const Text = Type.String();
export const Whole = Type.Integer();
export const Count = Type.Integer({ minimum: 0 });
export const Real = Type.Number();
export const Truth = Type.Boolean();

/** ISO 8601; answers are UTC with `Z`. Always send an explicit `Z`. */
export const DateTime = Type.String({ format: 'date-time' });

/** 0 or 1, as Tator writes switches. */
export const Flag = Type.Integer({ minimum: 0, maximum: 1, default: 0 });

/** Seconds that a presigned URL shall live; at most a week. */
export const PresignSeconds = Type.Integer({ minimum: 1, maximum: 604_800 });

/** Any JSON object. */
export const AnyObject = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true });

/** One of some words. */
export function choice<const Words extends readonly string[]>(
  words: Words,
  options: { default?: Words[number] } = {},
): TUnsafe<Words[number]> {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: words, ...options });
}

export function nullable<S extends TSchema>(schema: S): TUnion<[S, TNull]> {
  return Type.Union([schema, Type.Null()]);
}

/** A pair such as `[height, width]`. */
export function pairOf<S extends TSchema>(schema: S): TUnsafe<[Static<S>, Static<S>]> {
  return Type.Unsafe<[Static<S>, Static<S>]>({ type: 'array', items: schema, minItems: 2, maxItems: 2 });
}

/** An object with free keys. */
export function mapOf<S extends TSchema>(schema: S): TUnsafe<Record<string, Static<S>>> {
  return Type.Unsafe<Record<string, Static<S>>>({ type: 'object', additionalProperties: schema });
}

/** The same members, each of which may be left out. Written in a spread: `...optional({ name: Text })`. */
export function optional<P extends Record<string, TSchema>>(members: P): { [K in keyof P]: TOptional<P[K]> } {
  const entries = Object.entries(members).map(([name, schema]) => [name, Type.Optional(schema)]);
  return Object.fromEntries(entries) as { [K in keyof P]: TOptional<P[K]> };
}

/** What an attribute can hold. Objects are never attribute values. */
export type AttributeValue = boolean | number | string | number[] | string[] | null;

export const AttributeValue = Type.Unsafe<AttributeValue>({
  oneOf: [
    { type: 'boolean' },
    { type: 'number' },
    { type: 'string' },
    { type: 'array', items: { type: 'number' }, minItems: 1 },
    { type: 'array', items: { type: 'string' }, minItems: 1 },
    { type: 'null' },
  ],
});

/** Attribute values by the names of their definitions. */
export const AttributeMap = mapOf(AttributeValue);

/** How a PATCH takes attribute values away: to null, or back to the definition's default. */
export const attributeEdits = optional({
  null_attributes: Type.Array(Text),
  reset_attributes: Type.Array(Text),
});

/** Colour as `#RRGGBB`, `[r, g, b]` or `[r, g, b, a]`, each 0 to 255. */
export const Color = Type.Unsafe<string | number[]>({
  oneOf: [
    { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 }, minItems: 3, maxItems: 3 },
    { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 }, minItems: 4, maxItems: 4 },
    { type: 'string', pattern: '^#(?:[0-9a-fA-F]{3}){1,2}$', minLength: 7, maxLength: 7 },
  ],
});

/** A named value, as templates and algorithms take it. */
export const Parameter = Type.Object({ name: Text, value: Text });
