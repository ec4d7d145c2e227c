import { badRequest } from '../errors.ts';

/** How a client wants a list: `?format=`. */
export type ListFormat = 'json' | 'jsonl' | 'csv';

type Row = Record<string, unknown>;

/** One column of a CSV list; attributes have columns of their own. */
export interface CsvColumn {
  /** As the heading says it. */
  name: string;
  from: 'row' | 'attributes';
  member: string;
}

/** @throws HubError 400 for a word that is no format. */
export function readFormat(given: string | string[] | undefined): ListFormat {
  const format = Array.isArray(given) ? given.at(-1) : given;
  if (format === undefined || format === '' || format === 'json') return 'json';
  if (format === 'jsonl' || format === 'csv') return format;
  throw badRequest(`"${format}" is no format of lists; json, jsonl and csv are.`);
}

export interface CsvPlan {
  /** The `fields` parameter; absent: everything. */
  fields: string | undefined;
  /** Members of a row, `attributes` left out. */
  members: readonly string[];
  /** Attributes of the types that can occur. */
  attributes: readonly string[];
}

/**
 * The columns of a CSV list: the wanted members in the order of `fields`, `attributes` standing for one
 * column per attribute. An attribute that has the name of a member is headed `attributes.<name>`.
 * @throws HubError 400 for a field that does not exist.
 */
export function csvColumns({ fields, members, attributes }: CsvPlan): CsvColumn[] {
  const attribute = (member: string): CsvColumn => ({
    name: members.includes(member) ? `attributes.${member}` : member,
    from: 'attributes',
    member,
  });
  const all = [...new Set(attributes)].map(attribute);
  const wanted = (fields ?? '').split(',').filter((name) => name !== '');
  if (wanted.length === 0)
    return [...members.map((name): CsvColumn => ({ name, from: 'row', member: name })), ...all];
  return wanted.flatMap((name): CsvColumn[] => {
    if (name === 'attributes') return all;
    if (members.includes(name)) return [{ name, from: 'row', member: name }];
    if (name.startsWith('attributes.')) return [attribute(name.slice('attributes.'.length))];
    throw badRequest(`There is no field "${name}".`);
  });
}

/** A row as the cells of its columns, by heading. */
export function csvRow(columns: readonly CsvColumn[], row: Row): Row {
  const attributes = (row['attributes'] ?? {}) as Row;
  return Object.fromEntries(
    columns.map(({ name, from, member }) => [name, from === 'row' ? row[member] : attributes[member]]),
  );
}
