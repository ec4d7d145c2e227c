import type { TSchema } from 'typebox';
import type { Operation } from './operation.ts';
import { Search } from './shapes/search.ts';

/** A plain JSON Schema of an object. */
export interface ObjectSchema {
  type: 'object';
  properties: Record<string, TSchema>;
  required: string[];
}

/** Of the values that `decodePath` answers. */
export function pathSchema(operation: Operation): ObjectSchema {
  return {
    type: 'object',
    properties: { ...operation.pathParams },
    required: Object.keys(operation.pathParams),
  };
}

/** Of the values that `decodeQuery` answers: search objects are objects here, lists are lists. */
export function querySchema(operation: Operation): ObjectSchema {
  const params = Object.entries(operation.query);
  return {
    type: 'object',
    properties: Object.fromEntries(
      params.map(([name, param]) => [name, param.style === 'base64' ? Search : param.schema]),
    ),
    required: params.filter(([, param]) => param.required).map(([name]) => name),
  };
}

/** Of the request body; null where the operation takes none. */
export function bodySchema(operation: Operation): TSchema | null {
  return operation.body?.schema ?? null;
}
