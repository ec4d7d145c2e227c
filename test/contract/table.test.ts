import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareContract, type Facts } from '../../scripts/contract/compare.ts';
import { openApiDocument, operationId } from '../../src/contract/openapi.ts';
import { isRepeatable, pathParamSchemas } from '../../src/contract/operation.ts';
import { bodySchema, pathSchema, querySchema } from '../../src/contract/schemas.ts';
import { operationList, operations } from '../../src/contract/table.ts';
import { sharedFile } from '../support/shared-data.ts';

const factsFile = sharedFile('tator/operations.json');
const facts = factsFile === null ? null : (JSON.parse(readFileSync(factsFile, 'utf8')) as Facts);
if (facts === null) console.log('comparison with the facts file skipped: it is not here');

describe('the table of operations', () => {
  it('holds the 207 operations of the reference document and 22 beyond', () => {
    expect(operationList.filter(({ seed }) => seed)).toHaveLength(207);
    expect(operationList.filter(({ seed }) => !seed)).toHaveLength(22);
  });

  it('names each operation as the key under which it stands', () => {
    expect(operationList.map(({ name }) => name)).toEqual(Object.keys(operations));
  });

  it('gives no two operations the same method and path', () => {
    const places = operationList.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('knows the type of every path parameter', () => {
    const known = Object.keys(pathParamSchemas);
    const used = operationList.flatMap(({ pathParams }) => Object.keys(pathParams));
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('never has a query parameter that would clash with a path parameter or the body', () => {
    const clashes = operationList.flatMap(({ name, query, pathParams }) =>
      Object.keys(query)
        .filter((param) => param === 'body' || param in pathParams)
        .map((param) => `${name}.${param}`),
    );
    expect(clashes).toEqual([]);
  });

  it('says of every edit and delete without an id in its path what narrows it', () => {
    const bulk = operationList.filter(
      ({ method, path }) =>
        (method === 'PATCH' || method === 'DELETE') && !/\{(id|uid|elemental_id)\}/.test(path),
    );
    expect(bulk.map(({ name }) => name)).toContain('delete_localization_list');
    expect(bulk.filter(({ narrowedBy }) => narrowedBy.length === 0)).toEqual([]);
  });

  it('narrows only by what the operation can be given', () => {
    const strangers = operationList.flatMap((operation) =>
      operation.narrowedBy
        .filter((name) => {
          if (!name.startsWith('body.')) return !(name in operation.query);
          const schema: { properties?: object } | null = bodySchema(operation);
          return !(name.slice(5) in (schema?.properties ?? {}));
        })
        .map((name) => `${operation.name}: ${name}`),
    );
    expect(strangers).toEqual([]);
  });

  it('repeats reads and nothing else', () => {
    const repeatable = operationList.filter(isRepeatable).map(({ method }) => method);
    expect(new Set(repeatable)).toEqual(new Set(['GET', 'PUT']));
    expect(isRepeatable(operations.replace_attribute_type)).toBe(false);
    expect(isRepeatable(operations.get_download_info)).toBe(false);
    expect(isRepeatable(operations.get_localization_list_by_id)).toBe(true);
  });

  it('explains each operation in one sentence', () => {
    const odd = operationList.filter(({ summary }) => !/^[A-Z].{10,110}\.$/.test(summary));
    expect(odd.map(({ name, summary }) => `${name}: ${summary}`)).toEqual([]);
  });

  it('consists of schemas that a validator of JSON Schema 2020-12 takes', () => {
    const ajv = new Ajv2020({ strict: false, useDefaults: true });
    addFormats(ajv);
    for (const operation of operationList) {
      const body = bodySchema(operation);
      const replies = Object.values(operation.responses).flatMap((reply) =>
        reply.kind === 'json' ? [reply.schema] : [],
      );
      for (const schema of [
        pathSchema(operation),
        querySchema(operation),
        ...(body ? [body] : []),
        ...replies,
      ]) {
        expect(() => ajv.compile(schema), operation.name).not.toThrow();
      }
    }
  }, 60_000);
});

describe('the request schemas', () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats(ajv);
  const accepts = (name: keyof typeof operations, body: unknown): boolean =>
    ajv.validate(bodySchema(operations[name]) ?? {}, body);

  it('take one localization or several, but not one without a frame', () => {
    const box = { media_id: 1, type: 2, frame: 3, x: 0.1, y: 0.1, width: 0.2, height: 0.2 };
    expect(accepts('create_localization_list', box)).toBe(true);
    expect(
      accepts('create_localization_list', [box, { ...box, attributes: { Species: 'Cod', n: null } }]),
    ).toBe(true);
    expect(accepts('create_localization_list', [{ media_id: 1, type: 2 }])).toBe(false);
    expect(accepts('create_localization_list', { ...box, x: 1.5 })).toBe(false);
    expect(
      accepts(
        'create_localization_list',
        Array.from({ length: 501 }, () => box),
      ),
    ).toBe(false);
  });

  it('let members pass that they do not know', () => {
    expect(accepts('update_state_type', { media_types: [1], name: 'Track' })).toBe(true);
  });

  it('take a search, a nested search, and leave judging what is inside to the search itself', () => {
    const search = (operation: string, value: unknown): unknown => ({
      object_search: { attribute: '$related_localizations', operation, value },
    });
    expect(
      accepts('get_media_list_by_id', search('search', { attribute: 'a', operation: 'eq', value: 1 })),
    ).toBe(true);
    expect(accepts('get_media_list_by_id', search('in', ['a', 'b']))).toBe(true);
  });
});

describe.skipIf(facts === null)('the table against the facts', () => {
  it('differs nowhere but where an exception gives a reason', () => {
    const { differences, stale, counts } = compareContract(operationList, facts as Facts);
    expect(differences).toEqual([]);
    expect(stale).toEqual([]);
    expect(counts.seeds).toEqual({ same: 207, all: 207 });
    expect(counts.byElementalId).toEqual({ same: 6, all: 6 });
  });

  it('is told apart from a table that has one parameter less, one type changed, one operation lost', () => {
    const whole = facts as Facts;
    const changed = operationList
      .filter(({ name }) => name !== 'whoami')
      .map((operation) => {
        if (operation.name === 'get_frame') {
          const query = Object.fromEntries(
            Object.entries(operation.query).filter(([name]) => name !== 'roi'),
          );
          return { ...operation, query };
        }
        if (operation.name !== 'create_group' || operation.body === null) return operation;
        return {
          ...operation,
          body: { ...operation.body, schema: { type: 'object', properties: { name: { type: 'integer' } } } },
        };
      });
    const places = compareContract(changed, whole).differences.map(({ at }) => at);
    expect(places).toContain('whoami');
    expect(places).toContain('get_frame.query.roi');
    expect(places).toContain('create_group.body.name');
    expect(places).toContain('create_group.body.initial_members');
  });
});

describe('the OpenAPI document', () => {
  it('is valid for a validator that we did not write', async () => {
    const document = openApiDocument(operationList, { title: 'Tator', version: '1' });
    const result = await new Validator().validate(document);
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
  });

  it('names operations so that the usual clients find the snake-case name again', () => {
    const back = (id: string): string => id.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase();
    for (const { name } of operationList) expect(back(operationId(name))).toBe(name);
  });
});
