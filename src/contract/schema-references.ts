import type { TSchema } from 'typebox';

/**
 * Turns schemas that hold one another into a document in which the named ones stand once and are
 * referred to. A schema is known again by being the same object, or, where TypeBox has copied it (an
 * optional member), by its text, if no other name has the same text.
 */
export class References {
  readonly #named: Readonly<Record<string, TSchema>>;
  readonly #byObject = new Map<unknown, string>();
  readonly #byText = new Map<string, string | null>();

  constructor(named: Readonly<Record<string, TSchema>>) {
    this.#named = named;
    for (const [name, schema] of Object.entries(named)) {
      if (this.#byObject.has(schema)) continue;
      this.#byObject.set(schema, name);
      const text = JSON.stringify(schema);
      this.#byText.set(text, this.#byText.has(text) ? null : name);
    }
  }

  /** The named schemas themselves, as yet with everything they hold. */
  definitions(): Record<string, Definition> {
    return Object.fromEntries(
      Object.entries(this.#named).map(([name, schema]) => [name, new Definition(schema)]),
    );
  }

  /** A plain tree of `value` with references for every named schema in it. */
  resolve(value: unknown): unknown {
    if (value instanceof Definition) return this.#members(value.schema);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.resolve(item));
    const name = this.#nameOf(value);
    return name === null ? this.#members(value) : { $ref: `#/components/schemas/${name}` };
  }

  #nameOf(value: object): string | null {
    const name = this.#byObject.get(value);
    if (name !== undefined) return name;
    // Only schemas have a text worth making; they are told by these members.
    if (!('properties' in value) && !('anyOf' in value)) return null;
    return this.#byText.get(JSON.stringify(value)) ?? null;
  }

  #members(value: object): unknown {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    return preferredForm(Object.fromEntries(entries.map(([key, member]) => [key, this.resolve(member)])));
  }
}

/** A schema at the place where it is defined and so not referred to. */
class Definition {
  readonly schema: TSchema;

  constructor(schema: TSchema) {
    this.schema = schema;
  }
}

/**
 * Clients look for references directly below a member and for the kinds of an answer in `oneOf`, as the
 * published document has them: a named schema or null is the reference with `nullable`, and a choice
 * between named schemas is a `oneOf`.
 */
function preferredForm(schema: Record<string, unknown>): Record<string, unknown> {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const kinds = anyOf as Record<string, unknown>[];
  const [first, second] = kinds;
  if (kinds.length === 2 && first && '$ref' in first && second?.['type'] === 'null')
    return { ...rest, ...first, nullable: true };
  return kinds.every((kind) => '$ref' in kind) ? { ...rest, oneOf: kinds } : schema;
}
