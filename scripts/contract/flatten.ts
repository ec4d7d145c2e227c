/** A JSON Schema as plain data, in the dialect of either side. */
export interface Plain {
  $ref?: string;
  type?: string | string[];
  enum?: readonly unknown[];
  const?: unknown;
  format?: string;
  nullable?: boolean;
  items?: Plain;
  properties?: Record<string, Plain>;
  required?: readonly string[];
  additionalProperties?: boolean | Plain;
  oneOf?: Plain[];
  anyOf?: Plain[];
  default?: unknown;
  [keyword: string]: unknown;
}

/** One place in a value, such as `[].attributes.{}` or `0.name` in the first of several shapes. */
export interface Member {
  path: string;
  /** Type, words, limits, default, and whether null may stand there. */
  facts: string;
  required: boolean;
}

type Schemas = Readonly<Record<string, Plain>>;

/** Every place in the values of a schema, so that two schemas can be compared place by place. */
export function flatten(schema: Plain, schemas: Schemas): Member[] {
  return walk(schema, { path: '', required: true, schemas });
}

interface At {
  path: string;
  required: boolean;
  schemas: Schemas;
}

function walk(written: Plain, at: At): Member[] {
  const { schema, nullable } = withoutNull(resolved(written, at.schemas), at.schemas);
  const here: Member = {
    path: at.path,
    facts: factsOf(schema) + (nullable ? ' or null' : ''),
    required: at.required,
  };
  const below: Member[] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const required = schema.required?.includes(name) ?? false;
    below.push(...walk(property, { ...at, path: join(at.path, name), required }));
  }
  if (schema.items !== undefined)
    below.push(...walk(schema.items, { ...at, path: join(at.path, '[]'), required: true }));
  if (typeof schema.additionalProperties === 'object') {
    below.push(...walk(schema.additionalProperties, { ...at, path: join(at.path, '{}'), required: true }));
  }
  alternatives(schema).forEach((one, index) => {
    below.push(...walk(one, { ...at, path: join(at.path, `|${index}`), required: true }));
  });
  return [here, ...below];
}

function join(path: string, step: string): string {
  return path === '' ? step : `${path}.${step}`;
}

function resolved(schema: Plain, schemas: Schemas): Plain {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  return resolved(schemas[name] ?? {}, schemas);
}

function alternatives(schema: Plain): Plain[] {
  return schema.oneOf ?? schema.anyOf ?? [];
}

/** Null is written as `nullable`, or as one of several alternatives. */
function withoutNull(schema: Plain, schemas: Schemas): { schema: Plain; nullable: boolean } {
  const all = alternatives(schema);
  const rest = all.filter(({ type }) => type !== 'null');
  const nullable = schema.nullable === true || rest.length < all.length;
  if (rest.length === all.length) return { schema, nullable };
  const [only] = rest;
  if (rest.length === 1 && only !== undefined) {
    const inner = withoutNull(resolved(only, schemas), schemas);
    return { schema: inner.schema, nullable: true };
  }
  return { schema: { oneOf: rest }, nullable: true };
}

/** Keywords by the types that they mean something for; elsewhere a server ignores them, and so do we. */
const keywords: Readonly<Record<string, readonly string[]>> = {
  integer: ['minimum', 'maximum'],
  number: ['minimum', 'maximum'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  array: ['minItems', 'maxItems'],
};

const SHORT: Readonly<Record<string, string>> = {
  minimum: 'min',
  maximum: 'max',
  minLength: 'minLength',
  maxLength: 'maxLength',
  minItems: 'minItems',
  maxItems: 'maxItems',
};

function factsOf(schema: Plain): string {
  const type = typeOf(schema);
  const parts = [type];
  if (schema.enum !== undefined) parts.push(`of ${[...schema.enum].map(String).sort().join('|')}`);
  for (const keyword of keywords[type] ?? []) {
    if (schema[keyword] !== undefined)
      parts.push(`${SHORT[keyword] ?? keyword} ${JSON.stringify(schema[keyword])}`);
  }
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.join(' ');
}

function typeOf(schema: Plain): string {
  if (typeof schema.type === 'string') return schema.type;
  if (alternatives(schema).length > 0) return 'either';
  if (schema.properties !== undefined) return 'object';
  return schema.enum === undefined ? 'anything' : 'string';
}
