import Type, { type TOptional, type TSchema, type TUnsafe } from 'typebox';

/** The smallest words of the contract: ids, texts, numbers, attribute values, and how they are combined. */

/**
 * The static type of a schema of this contract. Says what TypeBox's `Static` says, at a hundredth of
 * the type checker's time (measured: 3 s of 4 s): composed schemas carry their type instead of having
 * it worked out, and only a handful of kinds is left.
 */
export type Value<S extends TSchema> = S extends { '~unsafe': infer T }
  ? T
  : S extends { type: 'integer' | 'number' }
    ? number
    : S extends { type: 'string' }
      ? string
      : S extends { type: 'boolean' }
        ? boolean
        : S extends { type: 'null' }
          ? null
          : S extends { type: 'array'; items: infer Item extends TSchema }
            ? Value<Item>[]
            : unknown;

type Members = Readonly<Record<string, TSchema>>;
type MayBeAbsent = { '~optional': true };

/** The static type of an object with these members. */
export type ObjectValue<P extends Members> = Flat<
  { [K in keyof P as P[K] extends MayBeAbsent ? never : K]: Value<P[K]> } & {
    [K in keyof P as P[K] extends MayBeAbsent ? K : never]?: Value<P[K]>;
  }
>;

type Flat<T> = { [K in keyof T]: T[K] };

/** The schema of an object that may hold more than these members, as every object of the API may. */
export function object<P extends Members>(
  members: P,
  options: { additionalProperties?: boolean } = {},
): TUnsafe<ObjectValue<P>> {
  return Type.Object(members, options) as TSchema as TUnsafe<ObjectValue<P>>;
}

/** The schema of one of several values. */
export function anyOf<S extends readonly TSchema[]>(...schemas: S): TUnsafe<Value<S[number]>> {
  return Type.Union([...schemas] as TSchema[]) as TSchema as TUnsafe<Value<S[number]>>;
}

/** The same object, with none of its members required. */
export function partial<T>(schema: TUnsafe<T>): TUnsafe<Partial<T>> {
  const whole: TSchema = schema;
  return Type.Partial(whole) as TSchema as TUnsafe<Partial<T>>;
}

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

export function nullable<S extends TSchema>(schema: S): TUnsafe<Value<S> | null> {
  const either: TSchema[] = [schema, Type.Null()];
  return Type.Union(either) as TSchema as TUnsafe<Value<S> | null>;
}

/** A pair such as `[height, width]`. */
export function pairOf<S extends TSchema>(schema: S): TUnsafe<[Value<S>, Value<S>]> {
  return Type.Unsafe<[Value<S>, Value<S>]>({ type: 'array', items: schema, minItems: 2, maxItems: 2 });
}

/** An object with free keys. */
export function mapOf<S extends TSchema>(schema: S): TUnsafe<Record<string, Value<S>>> {
  return Type.Unsafe<Record<string, Value<S>>>({ type: 'object', additionalProperties: schema });
}

/** The same members, each of which may be left out. Written in a spread: `...optional({ name: Text })`. */
export function optional<P extends Members>(members: P): { [K in keyof P]: TOptional<P[K]> } {
  const entries = Object.entries(members).map(([name, schema]) => [name, Type.Optional(schema)]);
  return Object.fromEntries(entries) as { [K in keyof P]: TOptional<P[K]> };
}

/** What an attribute can hold. Objects are never attribute values. */
export type AttributeValue = boolean | number | string | number[] | string[] | null;

export const attributeValueKinds = [
  { type: 'boolean' },
  { type: 'number' },
  { type: 'string' },
  { type: 'array', items: { type: 'number' }, minItems: 1 },
  { type: 'array', items: { type: 'string' }, minItems: 1 },
  { type: 'null' },
] as const;

export const AttributeValue = Type.Unsafe<AttributeValue>({ oneOf: attributeValueKinds });

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
export const Parameter = object({ name: Text, value: Text });
