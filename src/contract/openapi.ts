import type { TSchema } from 'typebox';
import type { Operation, Permission, Reply } from './operation.ts';
import type { QueryParam } from './param.ts';
import { References } from './schema-references.ts';
import { namedSchemas } from './schema-names.ts';
import { BadRequestReply, MessageReply } from './shapes/replies.ts';

/** The OpenAPI 3.1 document of a table, as plain JSON. Its schemas are JSON Schema 2020-12 already. */

export interface OpenApiInfo {
  title: string;
  version: string;
  /** Base addresses; relative ones are allowed. */
  servers?: readonly string[];
}

export function openApiDocument(table: readonly Operation[], info: OpenApiInfo): Record<string, unknown> {
  const references = new References(namedSchemas);
  return references.resolve({
    openapi: '3.1.0',
    info: { title: info.title, version: info.version },
    servers: (info.servers ?? ['/']).map((url) => ({ url })),
    security: [{ token: [] }],
    paths: pathsOf(table),
    components: {
      securitySchemes: {
        token: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'The word Token, a space, and the token of `create_obtain_auth_token`.',
        },
      },
      responses: {
        BadRequest: jsonAnswer(
          'Refused: bad values, no or a bad token, a slower pace asked for.',
          BadRequestReply,
        ),
        Forbidden: jsonAnswer('The caller lacks the permission.', MessageReply),
        NotFound: jsonAnswer('There is no such thing.', MessageReply),
      },
      schemas: references.definitions(),
    },
  }) as Record<string, unknown>;
}

function pathsOf(table: readonly Operation[]): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of table) {
    const item = (paths[operation.path] ??= {});
    item[operation.method.toLowerCase()] = operationObject(operation);
  }
  return paths;
}

function operationObject(operation: Operation): Record<string, unknown> {
  return {
    operationId: operationId(operation.name),
    summary: operation.summary,
    tags: [tagOf(operation.path)],
    parameters: [
      ...Object.entries(operation.pathParams).map(([name, schema]) => ({
        name,
        in: 'path',
        required: true,
        schema,
      })),
      ...Object.entries(operation.query).map(([name, param]) => queryParameter(name, param)),
    ],
    ...(operation.body === null
      ? {}
      : { requestBody: { required: operation.body.required, content: jsonContent(operation.body.schema) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.responses).map(([status, reply]) => [status, answer(reply)]),
      ),
      '400': { $ref: '#/components/responses/BadRequest' },
      '403': { $ref: '#/components/responses/Forbidden' },
      '404': { $ref: '#/components/responses/NotFound' },
    },
    ...(operation.permission === 'anyone' ? { security: [] } : {}),
    'x-permission': operation.permission satisfies Permission,
  };
}

/** The published spelling: `get_media_list` is `GetMediaList`, which clients turn back. */
export function operationId(name: string): string {
  return name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** The family of a path, `Localizations` for `/rest/Localizations/{project}`. */
function tagOf(path: string): string {
  return path.split('/')[2] ?? '';
}

function queryParameter(name: string, param: QueryParam): Record<string, unknown> {
  return {
    name,
    in: 'query',
    required: param.required,
    schema: param.schema,
    ...(param.style === 'comma' ? { style: 'form', explode: false } : {}),
    ...(param.style === 'base64' ? { description: 'Base64 of the JSON of a search object.' } : {}),
  };
}

function answer(reply: Reply): Record<string, unknown> {
  switch (reply.kind) {
    case 'json':
      return jsonAnswer('Done.', reply.schema);
    case 'image':
      return { description: 'A picture or a short film.', content: { 'image/*': {} } };
    case 'redirect':
      return {
        description: 'Where it is.',
        headers: { Location: { schema: { type: 'string' } } },
      };
    case 'empty':
      return { description: 'Done.' };
  }
}

function jsonAnswer(description: string, schema: TSchema): Record<string, unknown> {
  return { description, content: jsonContent(schema) };
}

function jsonContent(schema: TSchema): Record<string, unknown> {
  return { 'application/json': { schema } };
}
