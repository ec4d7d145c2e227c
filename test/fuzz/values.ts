import type { Random } from '../../src/base/random.ts';

/** JSON Schema, as far as values are made from it. */
export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
}

/** Values that have broken servers before. */
export const nasty: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  1e308,
  '',
  ' ',
  'x',
  '-1',
  '0x10',
  '1e999',
  'NaN',
  '\u0000',
  'a\u0000b',
  '\ud800',
  "'; DROP TABLE users; --",
  '%',
  '%s%n',
  '\\',
  '../../etc/passwd',
  '{"a":1}',
  '<script>alert(1)</script>',
  '\u{1f41f}'.repeat(40),
  'x'.repeat(5000),
  '2026-13-45T99:99:99Z',
  '0000-01-01T00:00:00Z',
  '99999-01-01T00:00:00Z',
  '00000000-0000-0000-0000-000000000000',
  'file:///etc/passwd',
  'http://127.0.0.1:1/',
  'http://[::1]/',
  [],
  [null],
  [[]],
  [1, 'a', {}],
  Array.from({ length: 600 }, (_, i) => i),
  {},
  { a: { b: { c: null } } },
  { __proto__x: 1, constructor: {}, toString: 'x' },
  deep(60),
];

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

/** A value that the schema allows, more or less: its form, at the edges of its limits. */
export function valueOf(schema: Schema, random: Random, depth = 0): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return pick(random, schema.enum);
  if (schema.anyOf) return valueOf(pick(random, schema.anyOf), random, depth);
  const type = Array.isArray(schema.type) ? pick(random, schema.type) : schema.type;
  switch (type) {
    case 'integer':
    case 'number':
      return numberOf(schema, random, type);
    case 'boolean':
      return random() < 0.5;
    case 'null':
      return null;
    case 'array':
      return depth > 4
        ? []
        : Array.from({ length: Math.floor(random() * 4) }, () =>
            valueOf(schema.items ?? {}, random, depth + 1),
          );
    case 'object':
      return depth > 4 ? {} : objectOf(schema, random, depth);
    case 'string':
      return pick(random, ['x', 'frame', 'name::a', '2026-01-02T03:04:05Z', '$Count', 'Count', 'a.b', '*']);
    default:
      return pick(random, nasty);
  }
}

function numberOf({ minimum, maximum }: Schema, random: Random, type: string): number {
  const [low, high] = [minimum ?? -3, maximum ?? 2_147_483_647];
  const value = pick(random, [low, high, low + 1, Math.min(high, 7), low + random() * (high - low)]);
  return type === 'integer' ? Math.floor(value) : value;
}

function objectOf({ properties = {} }: Schema, random: Random, depth: number): Record<string, unknown> {
  const names = Object.keys(properties).filter(() => random() < 0.3);
  return Object.fromEntries(names.map((name) => [name, valueOf(properties[name] ?? {}, random, depth + 1)]));
}
