import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../src/contract/openapi.ts';
import { operationList } from '../../src/contract/table.ts';
import { sharedFile } from '../support/shared-data.ts';

interface Schema {
  $ref?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  nullable?: boolean;
}

interface Content {
  content?: Record<string, { schema?: Schema }>;
}

interface Document {
  paths: Record<
    string,
    Record<string, { operationId: string; requestBody?: Content; responses: Record<string, Content> }>
  >;
  components: { schemas: Record<string, Schema> };
}

interface Facts {
  operations: Record<
    string,
    { operationId: string; body?: { schema: Schema }; responses: Record<string, { schema?: Schema }> }
  >;
  schemas: Record<string, Schema>;
}

const factsFile = sharedFile('tator/operations.json');
const facts = factsFile === null ? null : (JSON.parse(readFileSync(factsFile, 'utf8')) as Facts);
if (facts === null) console.log('comparison of the schema names skipped: the facts file is not here');

const document = openApiDocument(operationList, { title: 'Tator', version: '1' }) as unknown as Document;
const served = Object.values(document.paths).flatMap((methods) => Object.values(methods));

const nameOf = (schema: Schema | undefined): string | null => {
  const name = schema?.$ref?.split('/').at(-1);
  if (name !== undefined) return name;
  const item = schema?.items?.$ref?.split('/').at(-1);
  return item === undefined ? null : `[${item}]`;
};

/** Schemas that are no objects: no client makes a class of them. */
const plain = ['AlphaRange', 'AttributeValue', 'Color', 'HexColor', 'RgbColor', 'RgbaColor'];

/**
 * Answers that hold more than a message, and say so; and a few for which the published document, against
 * what the server does, names nothing.
 */
const ownReplies = ['DeleteState', 'DeleteStateByElementalId'];

describe('the named schemas of the OpenAPI document', () => {
  it('refer only to schemas that are there', () => {
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)];
    const names = new Set(references.map((match) => match[1] ?? ''));
    expect(names.size).toBeGreaterThan(100);
    expect([...names].filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  it('stand where they are used, also as optional members and where null is allowed', () => {
    const { Media, MediaFiles } = document.components.schemas;
    expect(Media?.properties?.['media_files']).toEqual({
      $ref: '#/components/schemas/MediaFiles',
      nullable: true,
    });
    expect(nameOf(MediaFiles?.properties?.['streaming'])).toBe('[VideoDefinition]');
  });

  it.skipIf(facts === null)('are all that the published document names', () => {
    const missing = Object.keys(facts?.schemas ?? {}).filter(
      (name) => !(name in document.components.schemas),
    );
    expect(missing.toSorted()).toEqual(plain);
  });

  it.skipIf(facts === null)('call bodies and answers as the published document calls them', () => {
    const theirs = new Map(Object.values(facts?.operations ?? {}).map((one) => [one.operationId, one]));
    const odd = served.flatMap(({ operationId, requestBody, responses }) => {
      const published = theirs.get(operationId);
      if (published === undefined) return [];
      const body = nameOf(requestBody?.content?.['application/json']?.schema);
      const answers = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      const reply = nameOf(answers[0]?.[1].content?.['application/json']?.schema);
      const wanted = nameOf(Object.values(published.responses)[0]?.schema);
      return [
        ...(body === nameOf(published.body?.schema) ? [] : [`${operationId} takes ${body}`]),
        ...(wanted === null || wanted === reply || ownReplies.includes(operationId)
          ? []
          : [`${operationId} answers ${reply}`]),
      ];
    });
    expect(odd).toEqual([]);
  });
});
