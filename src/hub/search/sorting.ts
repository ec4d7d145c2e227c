import { sql, type RawBuilder } from 'kysely';
import { badRequest } from '../errors.ts';
import type { SearchScope } from './fields.ts';

/**
 * The ORDER BY of `sort_by`: `-` before a key sorts down, `$name` is a column, a plain name an
 * attribute in JSON order. Ties are broken by id, so that paging cannot skip a row.
 * @throws HubError 400 for an unknown column.
 */
export function orderOf(
  scope: SearchScope,
  keys: readonly string[],
  usual: readonly string[],
): RawBuilder<unknown>[] {
  const { alias, builtins } = scope;
  if (keys.length === 0) return usual.map((column) => sql`${sql.ref(`${alias}.${column}`)}`);
  const chosen = keys.map((key) => {
    const down = key.startsWith('-');
    const name = down ? key.slice(1) : key;
    const direction = sql.raw(down ? 'DESC' : 'ASC');
    if (!name.startsWith('$')) return sql`${sql.ref(`${alias}.attributes`)} -> ${name}::text ${direction}`;
    const field = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
    if (!field) throw badRequest(`There is no column "${name}" to sort by.`);
    return sql`${field.value} ${direction}`;
  });
  return [...chosen, sql`${sql.ref(`${alias}.id`)}`];
}

/** OFFSET and LIMIT of `start` (inclusive) and `stop` (exclusive). */
export function windowOf(
  start: number | undefined,
  stop: number | undefined,
): { offset: number; limit: number | undefined } {
  const offset = Math.max(0, start ?? 0);
  return { offset, limit: stop === undefined ? undefined : Math.max(0, stop - offset) };
}
