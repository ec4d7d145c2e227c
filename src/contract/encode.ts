import type { TSchema } from 'typebox';
import type { Operation } from './operation.ts';
import { pathParamNames } from './operation.ts';
import type { QueryParam } from './param.ts';
import { fromBase64, toBase64 } from './base64.ts';

/**
 * Arguments to a request and back. The client encodes, the hub decodes, both by the same table, so
 * that `decode(encode(args))` is `args` for everything that can be said at all.
 */

/** What is wrong with one argument. */
export interface ArgumentProblem {
  /** Name of the parameter, or `body`. */
  argument: string;
  reason:
    | 'missing'
    /** No such parameter. A misspelt filter would select more than was meant. */
    | 'unknown'
    /** An empty list is no filter on a Tator server: it would select everything. */
    | 'empty-list'
    /** An item of a comma list holds a comma. `encoded_search` can say it. */
    | 'comma'
    | 'wrong-type'
    /** Cannot stand in a URL: half a character, or a path segment that means another path. */
    | 'not-encodable';
}

export type Result<T> = { ok: true; value: T } | { ok: false; problems: ArgumentProblem[] };

/** What is sent; `path` begins with `/rest/` and includes the query. */
export interface EncodedRequest {
  method: Operation['method'];
  path: string;
  /** JSON value to send, `undefined` for none. */
  body: unknown;
}

/** The flat arguments of a call as a request. */
export function encodeRequest(
  operation: Operation,
  args: Readonly<Record<string, unknown>>,
): Result<EncodedRequest> {
  const problems = unknownArguments(operation, args);
  const path = encodePath(operation, args, problems);
  const query = encodeQuery(operation, args, problems);
  const body = sentBody(operation, args.body, problems);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: { method: operation.method, path: query === '' ? path : `${path}?${query}`, body },
  };
}

function unknownArguments(operation: Operation, args: Readonly<Record<string, unknown>>): ArgumentProblem[] {
  return Object.keys(args)
    .filter((name) => args[name] !== undefined && !isArgument(operation, name))
    .map((argument) => ({ argument, reason: 'unknown' }));
}

function isArgument(operation: Operation, name: string): boolean {
  if (name === 'body') return operation.body !== null;
  return Object.hasOwn(operation.pathParams, name) || Object.hasOwn(operation.query, name);
}

function encodePath(
  operation: Operation,
  args: Readonly<Record<string, unknown>>,
  problems: ArgumentProblem[],
): string {
  return pathParamNames(operation.path).reduce<string>((path, name) => {
    const segment = encodeSegment(operation.pathParams[name], args[name]);
    if (typeof segment === 'string') return path.replace(`{${name}}`, () => segment);
    problems.push({ argument: name, reason: segment.reason });
    return path;
  }, operation.path);
}

type Refusal = { reason: ArgumentProblem['reason'] };

function encodeSegment(schema: TSchema | undefined, value: unknown): string | Refusal {
  if (value === undefined || value === null) return { reason: 'missing' };
  const text = scalarText(schema, value);
  if (text === null) return { reason: 'wrong-type' };
  if (text === '' || text === '.' || text === '..') return { reason: 'not-encodable' };
  return percent(text) ?? { reason: 'not-encodable' };
}

function encodeQuery(
  operation: Operation,
  args: Readonly<Record<string, unknown>>,
  problems: ArgumentProblem[],
): string {
  const pieces: string[] = [];
  for (const [name, param] of Object.entries(operation.query)) {
    const value = args[name];
    if (value === undefined) {
      if (param.required) problems.push({ argument: name, reason: 'missing' });
      continue;
    }
    const texts = encodeParam(param, value);
    if (Array.isArray(texts)) pieces.push(...texts.map((text) => `${name}=${text}`));
    else problems.push({ argument: name, reason: texts.reason });
  }
  return pieces.join('&');
}

/** The percent-encoded values of one parameter, one for each time that it is written. */
function encodeParam(param: QueryParam, value: unknown): string[] | Refusal {
  switch (param.style) {
    case 'plain':
      return encodeTexts([scalarText(param.schema, value)]);
    case 'base64':
      return typeof value === 'object' && value !== null
        ? encodeTexts([toBase64(JSON.stringify(value))])
        : { reason: 'wrong-type' };
    case 'comma': {
      const texts = itemTexts(param, value);
      if (!Array.isArray(texts)) return texts;
      if (texts.some((text) => text.includes(','))) return { reason: 'comma' };
      // One empty item reads as no item at all.
      if (texts.length === 1 && texts[0] === '') return { reason: 'not-encodable' };
      const encoded = encodeTexts(texts);
      return Array.isArray(encoded) ? [encoded.join(',')] : encoded;
    }
    case 'repeat': {
      const texts = itemTexts(param, value);
      return Array.isArray(texts) ? encodeTexts(texts) : texts;
    }
  }
}

function itemTexts(param: QueryParam, value: unknown): string[] | Refusal {
  if (!Array.isArray(value)) return { reason: 'wrong-type' };
  if (value.length === 0) return { reason: 'empty-list' };
  const texts = value.map((item: unknown) => scalarText(itemSchema(param), item));
  return texts.every((text) => text !== null) ? texts : { reason: 'wrong-type' };
}

function encodeTexts(texts: (string | null)[]): string[] | Refusal {
  const encoded: string[] = [];
  for (const text of texts) {
    if (text === null) return { reason: 'wrong-type' };
    const piece = percent(text);
    if (piece === null) return { reason: 'not-encodable' };
    encoded.push(piece);
  }
  return encoded;
}

/** Null where the text holds half of a surrogate pair. */
function percent(text: string): string | null {
  try {
    return encodeURIComponent(text);
  } catch {
    return null;
  }
}

function sentBody(operation: Operation, body: unknown, problems: ArgumentProblem[]): unknown {
  if (operation.body === null) return undefined;
  if (body === undefined) {
    if (operation.body.required) problems.push({ argument: 'body', reason: 'missing' });
    return undefined;
  }
  // A DELETE takes no body better than an empty one.
  return operation.body.required || !isEmptyObject(body) ? body : undefined;
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

// The other way

export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The values in a path, from the texts between its slashes (already percent-decoded). */
export function decodePath(
  operation: Operation,
  raw: Readonly<Record<string, string | undefined>>,
): Result<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  const problems: ArgumentProblem[] = [];
  for (const name of pathParamNames(operation.path)) {
    const text = raw[name];
    const value = text === undefined ? undefined : scalarOf(operation.pathParams[name], text);
    if (value === undefined)
      problems.push({ argument: name, reason: text === undefined ? 'missing' : 'wrong-type' });
    else values[name] = value;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: values };
}

/**
 * The values of a query, from its percent-decoded texts: numbers and booleans read, comma lists
 * split, search objects opened. Parameters that the operation does not know are left out, as every
 * Tator server does. Ranges and words are not judged here: check the result against `querySchema`.
 */
export function decodeQuery(operation: Operation, raw: RawQuery): Result<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  const problems: ArgumentProblem[] = [];
  for (const [name, param] of Object.entries(operation.query)) {
    const texts = rawTexts(raw[name]);
    if (texts.length === 0) {
      if (param.required) problems.push({ argument: name, reason: 'missing' });
      continue;
    }
    const value = decodeParam(param, texts);
    if (value === undefined) problems.push({ argument: name, reason: 'wrong-type' });
    else values[name] = value;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: values };
}

function rawTexts(raw: string | readonly string[] | undefined): readonly string[] {
  if (raw === undefined) return [];
  return typeof raw === 'string' ? [raw] : raw;
}

/** `undefined` where the texts do not read as the parameter's type. A plain one counts its last. */
function decodeParam(param: QueryParam, texts: readonly string[]): unknown {
  const last = texts[texts.length - 1] ?? '';
  switch (param.style) {
    case 'plain':
      return scalarOf(param.schema, last);
    case 'base64':
      return searchOf(last);
    case 'comma':
      return listOf(
        param,
        texts.flatMap((text) => text.split(',')),
      );
    case 'repeat':
      return listOf(param, texts);
  }
}

function listOf(param: QueryParam, texts: readonly string[]): unknown[] | undefined {
  const items = texts.map((text) => scalarOf(itemSchema(param), text));
  return items.includes(undefined) ? undefined : items;
}

function searchOf(text: string): unknown {
  const json = fromBase64(text);
  if (json === null) return undefined;
  try {
    const value = JSON.parse(json) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

// Scalars

type ScalarKind = 'integer' | 'number' | 'boolean' | 'string';

function kindOf(schema: TSchema | undefined): ScalarKind {
  const type = (schema as { type?: unknown } | undefined)?.type;
  return type === 'integer' || type === 'number' || type === 'boolean' ? type : 'string';
}

function itemSchema(param: QueryParam): TSchema {
  return (param.schema as { items?: TSchema }).items ?? param.schema;
}

/** Null where the value is not of the schema's type. */
function scalarText(schema: TSchema | undefined, value: unknown): string | null {
  switch (kindOf(schema)) {
    case 'integer':
      return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : null;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? String(value) : null;
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : null;
    case 'string':
      return typeof value === 'string' ? value : null;
  }
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false };

/** `undefined` where the text does not read as the schema's type. */
function scalarOf(schema: TSchema | undefined, text: string): unknown {
  switch (kindOf(schema)) {
    case 'integer':
      return NUMBER.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
    case 'number':
      return NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'boolean':
      return Object.hasOwn(BOOLEANS, text.toLowerCase()) ? BOOLEANS[text.toLowerCase()] : undefined;
    case 'string':
      return text;
  }
}
