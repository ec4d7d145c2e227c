import type { Operation } from '../../contract/operation.ts';
import { badRequest } from '../errors.ts';

export type RawQuery = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The query as data, still to be validated: comma lists split, repeated ones gathered, searches
 * decoded. Parameters that the operation does not know are dropped; empty text counts as absent.
 * @throws HubError 400 for a search that is no base64 of a JSON object.
 */
export function readQuery(operation: Operation, raw: RawQuery): Record<string, unknown> {
  const query: Record<string, unknown> = {};
  for (const [name, param] of Object.entries(operation.query)) {
    const given = raw[name];
    const last = Array.isArray(given) ? given.at(-1) : given;
    if (last === undefined || last === '') continue;
    switch (param.style) {
      case 'plain':
        query[name] = isBoolean(param.schema) ? last.replace(/^(True|False)$/, lowerCase) : last;
        break;
      case 'base64':
        query[name] = last;
        break;
      case 'comma':
        query[name] = last.split(',');
        break;
      case 'repeat':
        query[name] = Array.isArray(given) ? given : [last];
        break;
    }
  }
  return query;
}

function isBoolean(schema: { type?: unknown }): boolean {
  return schema.type === 'boolean';
}

/** Python writes its truths with a capital, and Tator's own client sends them so. */
function lowerCase(text: string): string {
  return text.toLowerCase();
}

/** Replaces validated search texts by the objects in them. */
export function decodeSearches(operation: Operation, query: Record<string, unknown>): void {
  for (const [name, param] of Object.entries(operation.query)) {
    const text = query[name];
    if (param.style === 'base64' && typeof text === 'string') query[name] = decodeSearch(name, text);
  }
}

function decodeSearch(name: string, text: string): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // answered below
  }
  throw badRequest(`"${name}" is not a base64-encoded search object.`);
}
