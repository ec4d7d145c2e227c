import { badRequest } from './errors.ts';

/**
 * Path of a leaf below `parent`: labels joined by dots, as ltree would have them. Whatever is not a
 * letter, a digit or `_` becomes `_` (the original does this for some characters and fails on others).
 */
export function childPath(parent: string | undefined, name: string): string {
  const label = name.replace(/[^\p{L}\p{N}_.]/gu, '_');
  return parent === undefined ? label : `${parent}.${label}`;
}

/**
 * The ILIKE pattern of a suggestion query: a prefix; with `*` the text before the first star is the
 * prefix, after the last the suffix, between them what must occur.
 * @throws HubError 400 for stars alone.
 */
export function parseSuggestion(query: string): string {
  const parts = query.split('*').map((part) => part.replace(/[\\%_]/g, '\\$&'));
  if (parts.length === 1) return `${parts[0] ?? ''}%`;
  if (parts.every((part) => part === '')) throw badRequest('A query of stars alone matches nothing useful.');
  return parts.join('%');
}
