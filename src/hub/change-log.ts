import { sql } from 'kysely';
import type { Tx } from './db/database.ts';

/** What changes are recorded of. */
export type LoggedKind = 'media' | 'localization' | 'state' | 'leaf';

/** Columns, with the values of user-defined attributes below `attributes`. */
type Fields = Readonly<Record<string, unknown>>;

/** One entity before and after: without `before` it was made. */
export interface Change {
  id: number;
  before?: Fields;
  after: Fields;
}

export interface ChangeContext {
  kind: LoggedKind;
  project: number;
  user: number;
  /** ms */
  now: number;
}

interface Named {
  name: string;
  value: unknown;
}

/** What tells nothing to a reader: names of rows, dates that every edit moves, and what the server derives. */
const silent: ReadonlySet<string> = new Set([
  ...['id', 'project', 'mark', 'latest_mark', 'path', 'media_files', 'archive_status_date'],
  ...['created_by', 'created_datetime', 'modified_by', 'modified_datetime'],
]);

/**
 * Records changes in the transaction that makes them. Entities that were not changed leave no entry.
 * (The original records a bulk edit by the difference of its first object only.)
 */
export async function logChanges(
  tx: Tx,
  { kind, project, user, now }: ChangeContext,
  changes: readonly Change[],
): Promise<void> {
  const entries = changes
    .map(({ id, before, after }) => ({ id, description: describeChange(before, after) }))
    .filter(({ description }) => description.old.length + description.new.length > 0);
  if (entries.length === 0) return;
  await sql`
    INSERT INTO change_logs (project, user_id, entity_type, entity_ids, modified_datetime, description_of_change)
    SELECT ${project}, ${user}, ${kind}, ARRAY[entry.id], ${new Date(now)}, entry.description
    FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) AS (id integer, description jsonb))
      WITH ORDINALITY AS entry (id, description, place)
    ORDER BY place`.execute(tx);
}

/** Records that entities were deleted for good. */
export function logRemovals(tx: Tx, context: ChangeContext, ids: readonly number[]): Promise<void> {
  const [before, after] = [{ deleted: false }, { deleted: true }];
  return logChanges(
    tx,
    context,
    ids.map((id) => ({ id, before, after })),
  );
}

/** The values that differ; names of columns begin with an underscore, those of attributes do not. */
export function describeChange(before: Fields | undefined, after: Fields): { old: Named[]; new: Named[] } {
  const [was, is] = [valuesOf(before ?? {}), valuesOf(after)];
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter(
    (name) => JSON.stringify(was.get(name) ?? null) !== JSON.stringify(is.get(name) ?? null),
  );
  const named = (values: Map<string, unknown>): Named[] =>
    changed.map((name) => ({ name, value: values.get(name) ?? null }));
  return { old: before ? named(was) : [], new: named(is) };
}

function valuesOf({ attributes, ...columns }: Fields): Map<string, unknown> {
  const built = Object.entries(columns).filter(([name]) => !silent.has(name));
  return new Map([
    ...built.map(([name, value]): [string, unknown] => [`_${name}`, value]),
    ...Object.entries((attributes ?? {}) as Fields),
  ]);
}
