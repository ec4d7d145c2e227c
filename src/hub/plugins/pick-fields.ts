import { badRequest } from '../errors.ts';

type Row = Record<string, unknown>;

/**
 * What `fields=a,b,attributes.Color` leaves of a row; `always` are members that stay in any case.
 * @throws HubError 400, at the first row, for a name that no row has (the original answers a broken
 *   body there).
 */
export function pickFields(fields: string | undefined, always: readonly string[]): (row: Row) => Row {
  const names = (fields ?? '').split(',').filter((name) => name !== '');
  if (names.length === 0) return (row) => row;
  return (row) => {
    const picked: Row = {};
    for (const name of always) picked[name] = row[name];
    for (const name of names) pick(row, name, picked);
    return picked;
  };
}

function pick(row: Row, name: string, into: Row): void {
  const dot = name.indexOf('.');
  const column = dot < 0 ? name : name.slice(0, dot);
  if (!Object.hasOwn(row, column)) throw badRequest(`There is no field "${column}".`);
  if (dot < 0) {
    into[column] = row[column];
    return;
  }
  const member = name.slice(dot + 1);
  const whole = (row[column] ?? {}) as Row;
  into[column] = { ...(into[column] as Row | undefined), [member]: whole[member] ?? null };
}
