import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { describe, expect, it } from 'vitest';
import { decodePath, decodeQuery, encodeRequest, type RawQuery } from '../../src/contract/encode.ts';
import type { Operation } from '../../src/contract/operation.ts';
import type { QueryParam } from '../../src/contract/param.ts';
import { querySchema } from '../../src/contract/schemas.ts';
import type { Search } from '../../src/contract/shapes/search.ts';
import { operationList, operations } from '../../src/contract/table.ts';

const ajv = new Ajv2020({ strict: false });
addFormats(ajv);

/** Text that a URL can carry: no half characters. */
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((s) => !/\p{Surrogate}/u.test(s));

const search: fc.Arbitrary<Search> = fc.letrec<{ search: Search; test: Search; combiner: Search }>((tie) => ({
  search: fc.oneof({ maxDepth: 3 }, tie('test'), tie('combiner')),
  test: fc.record(
    {
      attribute: text,
      operation: fc.constantFrom('eq', 'lt', 'icontains', 'in', 'isnull'),
      value: fc.oneof(fc.boolean(), fc.integer(), text, fc.array(text, { minLength: 1, maxLength: 3 })),
      inverse: fc.boolean(),
    },
    { requiredKeys: ['attribute', 'operation', 'value'] },
  ),
  combiner: fc.record({
    method: fc.constantFrom('and', 'or', 'not'),
    operations: fc.array(tie('search'), { maxLength: 3 }),
  }),
})).search;

interface Scalar {
  type?: string;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  items?: TSchema;
}

function scalar(schema: TSchema): fc.Arbitrary<unknown> {
  const { type, enum: words, minimum = -(2 ** 31), maximum = 2 ** 31 } = schema as Scalar;
  if (words !== undefined) return fc.constantFrom(...words);
  if (type === 'integer') return fc.integer({ min: minimum, max: maximum });
  if (type === 'number') return fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0);
  if (type === 'boolean') return fc.boolean();
  return text;
}

function valueOf(param: QueryParam): fc.Arbitrary<unknown> {
  if (param.style === 'base64') return search;
  if (param.style === 'plain') return scalar(param.schema);
  const item = scalar((param.schema as Scalar).items as TSchema);
  const list = fc.array(item, { minLength: 1, maxLength: 4 });
  return param.style === 'repeat'
    ? list
    : list.filter(
        (items) => items.every((i) => !String(i).includes(',')) && !(items.length === 1 && items[0] === ''),
      );
}

function argsOf(operation: Operation): fc.Arbitrary<Record<string, unknown>> {
  const path = Object.fromEntries(
    Object.entries(operation.pathParams).map(([name, schema]) => [
      name,
      scalar(schema).filter((v) => v !== '' && v !== '.' && v !== '..'),
    ]),
  );
  const query = Object.entries(operation.query).map(([name, param]) => [name, valueOf(param)] as const);
  const required = Object.keys(operation.query).filter((name) => operation.query[name]?.required);
  return fc.record(
    { ...path, ...Object.fromEntries(query) },
    { requiredKeys: [...Object.keys(path), ...required] },
  );
}

/** As any server reads a URL: split at the slashes of the template, then percent-decoded. */
function received(operation: Operation, sent: string): { path: Record<string, string>; query: RawQuery } {
  const url = new URL(sent, 'http://server');
  const names = operation.path.split('/');
  const texts = url.pathname.split('/');
  expect(texts).toHaveLength(names.length);
  const path: Record<string, string> = {};
  names.forEach((name, i) => {
    if (name.startsWith('{')) path[name.slice(1, -1)] = decodeURIComponent(texts[i] ?? '');
    else expect(texts[i]).toBe(name);
  });
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  return { path, query };
}

describe('arguments on their way from the client to the hub', () => {
  it.each(operationList.map((operation) => [operation.name, operation] as const))(
    'of %s arrive as they were given, and pass the schemas of the table',
    (_name, operation) => {
      const isValid = ajv.compile(querySchema(operation));
      fc.assert(
        fc.property(argsOf(operation), (args) => {
          const body = operation.body?.required === true ? { body: { some: 'thing' } } : {};
          const encoded = encodeRequest(operation, { ...args, ...body });
          if (!encoded.ok) throw new Error(JSON.stringify(encoded.problems));
          const { path, query } = received(operation, encoded.value.path);
          const decodedPath = decodePath(operation, path);
          const decodedQuery = decodeQuery(operation, query);
          if (!decodedPath.ok || !decodedQuery.ok) throw new Error('not decoded');
          expect({ ...decodedPath.value, ...decodedQuery.value }).toEqual(args);
          expect(isValid(decodedQuery.value)).toBe(true);
        }),
        { numRuns: 30 },
      );
    },
  );
});

describe('what cannot be said', () => {
  const list = operations.get_localization_list;
  const reasons = (args: Record<string, unknown>, operation: Operation = list): unknown => {
    const encoded = encodeRequest(operation, args);
    return encoded.ok ? encoded.value.path : encoded.problems;
  };

  it('is refused when a list is empty, because that would be no filter', () => {
    expect(reasons({ project: 1, media_id: [] })).toEqual([{ argument: 'media_id', reason: 'empty-list' }]);
  });

  it('is refused when an item of a comma list holds a comma', () => {
    expect(reasons({ project: 1, attribute: ['Name::a,b'] })).toEqual([
      { argument: 'attribute', reason: 'comma' },
    ]);
  });

  it('is refused when a parameter is misspelt, missing or of another type', () => {
    expect(reasons({ project: 1, media_ids: [1] })).toEqual([{ argument: 'media_ids', reason: 'unknown' }]);
    expect(reasons({})).toEqual([{ argument: 'project', reason: 'missing' }]);
    expect(reasons({ project: '1' })).toEqual([{ argument: 'project', reason: 'wrong-type' }]);
    expect(reasons({ project: 1, type: NaN })).toEqual([{ argument: 'type', reason: 'wrong-type' }]);
  });

  it('is refused when a path segment would lead elsewhere', () => {
    const suggest = operations.leaf_suggestion;
    expect(reasons({ project: 1, ancestor: '..', query: 'a' }, suggest)).toEqual([
      { argument: 'ancestor', reason: 'not-encodable' },
    ]);
    expect(reasons({ project: 1, ancestor: 'a/../b?c', query: 'a' }, suggest)).toBe(
      '/rest/Leaves/Suggestion/a%2F..%2Fb%3Fc/1?query=a',
    );
  });

  it('is refused when the text holds half a character', () => {
    expect(reasons({ project: 1, elemental_id: '\ud800' })).toEqual([
      { argument: 'elemental_id', reason: 'not-encodable' },
    ]);
  });
});

describe('a query as other clients write it', () => {
  const decode = (operation: Operation, raw: RawQuery): unknown => {
    const decoded = decodeQuery(operation, raw);
    return decoded.ok ? decoded.value : decoded.problems;
  };

  it('may spell booleans as Python does, and numbers as whole decimals', () => {
    expect(decode(operations.get_media, { no_cache: 'True', presigned: '60.0' })).toEqual({
      no_cache: true,
      presigned: 60,
    });
  });

  it('may hold parameters that nobody knows, which count for nothing', () => {
    expect(decode(operations.get_media, { format: 'json' })).toEqual({});
  });

  it('is refused when a number is none or a search is not base64 of JSON', () => {
    expect(decode(operations.get_media, { presigned: 'long' })).toEqual([
      { argument: 'presigned', reason: 'wrong-type' },
    ]);
    expect(decode(operations.get_media_list, { encoded_search: '!!' })).toEqual([
      { argument: 'encoded_search', reason: 'wrong-type' },
    ]);
  });
});
