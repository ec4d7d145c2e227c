import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Operation } from '../../contract/operation.ts';
import { badRequest } from '../errors.ts';
import { decodeSearches, readQuery, type RawQuery } from './query-text.ts';

export interface RawRequest {
  params: unknown;
  query: RawQuery;
  body: unknown;
}

export interface ValidRequest {
  params: unknown;
  query: unknown;
  body: unknown;
}

export type Validate = (request: RawRequest) => ValidRequest;

/**
 * Compiles the checks of every operation. Texts in path and query are converted to
 * their types, JSON bodies are taken as they are. Declared defaults are filled in, except on PATCH.
 * Members that a schema does not know pass.
 */
export function compileValidation(operations: readonly Operation[]): ReadonlyMap<string, Validate> {
  const text = new Ajv2020({ coerceTypes: true, useDefaults: true, strict: false });
  const json = new Ajv2020({ useDefaults: true, strict: false, allowUnionTypes: true });
  // An edit changes what it names: a default would overwrite what it leaves out.
  const edits = new Ajv2020({ strict: false, allowUnionTypes: true });
  for (const ajv of [text, json, edits]) addFormats(ajv);
  return new Map(
    operations.map((operation) => [
      operation.name,
      validatorOf(operation, text, operation.method === 'PATCH' ? edits : json),
    ]),
  );
}

type Ajv = Ajv2020;

function validatorOf(operation: Operation, text: Ajv, json: Ajv): Validate {
  // Compiled at first use: a hub starts faster when it does not compile what nobody calls.
  let compiled: Record<'params' | 'query' | 'body', ValidateFunction> | undefined;
  return (request) => {
    compiled ??= {
      params: text.compile(objectSchema(operation.pathParams, Object.keys(operation.pathParams))),
      query: text.compile(querySchema(operation)),
      body: json.compile(operation.body?.schema ?? {}),
    };
    const params = structuredClone(request.params);
    check(compiled.params, params, 'path');
    const query = readQuery(operation, request.query);
    check(compiled.query, query, 'query');
    decodeSearches(operation, query);
    return { params, query, body: checkBody(operation, compiled.body, request.body) };
  };
}

function checkBody(operation: Operation, validate: ValidateFunction, body: unknown): unknown {
  if (operation.body === null) return undefined;
  if (body === undefined && !operation.body.required) return undefined;
  if (body === undefined) throw badRequest('The request needs a JSON body.');
  check(validate, body, 'body');
  return body;
}

function objectSchema(properties: Readonly<Record<string, unknown>>, required: readonly string[]): object {
  return { type: 'object', properties, required };
}

function querySchema(operation: Operation): object {
  const schemas = Object.entries(operation.query).map(([name, param]): [string, unknown] => [
    name,
    param.schema,
  ]);
  const required = Object.entries(operation.query).filter(([, param]) => param.required);
  return objectSchema(
    Object.fromEntries(schemas),
    required.map(([name]) => name),
  );
}

function check(validate: ValidateFunction, value: unknown, where: string): void {
  if (validate(value)) return;
  const details = (validate.errors ?? []).map(
    (error) => `${where}${error.instancePath} ${error.message ?? ''}`,
  );
  throw badRequest(`The ${where} is not valid: ${details[0] ?? ''}`, [...new Set(details)].join('; '));
}
