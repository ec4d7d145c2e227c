import { seededRandom, type Random } from '../../src/base/random.ts';
import type { Operation } from '../../src/contract/operation.ts';
import type { HubRequest } from '../support/hub-requests.ts';
import { nasty, pick, valueOf, type Schema } from './values.ts';

/**
 * Ids that no row has. Never small ones: a mutated DELETE must not take away what later requests need.
 */
const strangeIds = [
  '0',
  '-1',
  '2147483647',
  '2147483648',
  '9007199254740993',
  '1.5',
  'x',
  '%00',
  "1'--",
  '1e3',
];

/** A request that differs from a valid one in one to three places. */
export function mutated(operation: Operation, valid: HubRequest, seed: number): HubRequest {
  const random = seededRandom(seed);
  let request = valid;
  for (let i = 1 + Math.floor(random() * 3); i > 0; i -= 1)
    request = pick(random, changes)(operation, request, random);
  return request;
}

type Change = (operation: Operation, request: HubRequest, random: Random) => HubRequest;

const inBody: Change = (operation, request, random) => {
  const schema = operation.body?.schema as Schema | undefined;
  if (schema === undefined) return inQuery(operation, request, random);
  if (random() < 0.08) return { ...request, body: pick(random, nasty) };
  if (Array.isArray(request.body)) {
    const items = request.body.map((item: unknown) => member(itemSchema(schema), item, random));
    return { ...request, body: items };
  }
  return { ...request, body: member(schema, request.body, random) };
};

/** One member of an object set to something else, or taken away. */
function member(schema: Schema, body: unknown, random: Random): unknown {
  if (typeof body !== 'object' || body === null) return pick(random, nasty);
  const known = propertiesOf(schema);
  const names = [...new Set([...Object.keys(known), ...Object.keys(body)])];
  const name = names.length === 0 || random() < 0.05 ? 'no_such_member' : pick(random, names);
  if (random() < 0.1) return Object.fromEntries(Object.entries(body).filter(([key]) => key !== name));
  const inside = (body as Record<string, unknown>)[name];
  const nested = typeof inside === 'object' && inside !== null && !Array.isArray(inside) && random() < 0.4;
  const value = nested
    ? member(known[name] ?? {}, inside, random)
    : random() < 0.5
      ? pick(random, nasty)
      : valueOf(known[name] ?? {}, random);
  return { ...body, [name]: value };
}

const inQuery: Change = (operation, request, random) => {
  const names = [...Object.keys(operation.query), 'format', 'no_such_parameter'];
  const name = pick(random, names);
  const schema = operation.query[name]?.schema as Schema | undefined;
  const value = random() < 0.5 || schema === undefined ? pick(random, nasty) : valueOf(schema, random);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const written =
    operation.query[name]?.style === 'base64' && random() < 0.7 ? Buffer.from(text).toString('base64') : text;
  const mark = request.path.includes('?') ? '&' : '?';
  // A lone surrogate has no place in a URL.
  return {
    ...request,
    path: `${request.path}${mark}${name}=${encodeURIComponent(Buffer.from(written).toString())}`,
  };
};

const inPath: Change = (operation, request, random) =>
  Object.keys(operation.pathParams).length === 0
    ? inQuery(operation, request, random)
    : { ...request, path: request.path.replace(/[^/?]+(?=\?|$)/, pick(random, strangeIds)) };

const changes: readonly Change[] = [inBody, inBody, inBody, inBody, inQuery, inQuery, inPath];

function propertiesOf(schema: Schema): Record<string, Schema> {
  if (schema.properties) return schema.properties;
  return Object.assign({}, ...(schema.anyOf ?? []).map(propertiesOf)) as Record<string, Schema>;
}

function itemSchema(schema: Schema): Schema {
  if (schema.items) return schema.items;
  return schema.anyOf?.find(({ items }) => items)?.items ?? schema;
}
