import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { ok, type Answer } from '../call.ts';
import type { Db, Tx } from '../db/database.ts';
import { notFound } from '../errors.ts';
import {
  ROW,
  selectAnnotations,
  type AnnotationBody,
  type AnnotationFilters,
} from '../search/annotation-query.ts';
import type { Condition } from '../search/fields.ts';
import { orderOf, windowOf } from '../search/sorting.ts';
import { csvColumns, csvRow, type ListFormat } from '../plugins/list-format.ts';
import { pickFields } from '../plugins/pick-fields.ts';
import { inChunks } from '../plugins/chunks.ts';
import { rowById, rowOfChain, type Chain } from './chains.ts';
import {
  annotationFields,
  localizationJson,
  rawJson,
  stateJson,
  type AnnotationRows,
  type AnnotationTable,
  type LocalizationRow,
} from './rows.ts';

/** Rows read and sent at a time. */
const CHUNK = 250;

export interface ListQuery extends AnnotationFilters {
  start?: number | undefined;
  stop?: number | undefined;
  sort_by?: readonly string[] | undefined;
  fields?: string | undefined;
}

export interface ListRequest {
  table: AnnotationTable;
  caller: Caller;
  project: number;
  query: ListQuery;
  body?: AnnotationBody | undefined;
}

/** A row as JSON, whichever kind it is. */
export function annotationJsonOf(
  table: AnnotationTable,
  row: AnnotationRows[AnnotationTable],
): Record<string, unknown> {
  return table === 'localizations'
    ? localizationJson(row as AnnotationRows['localizations'])
    : stateJson(row as AnnotationRows['states']);
}

/** The query builder knows one of the two tables; they share every column that is named here. */
function from(db: Db | Tx, table: AnnotationTable) {
  return db.selectFrom(sql<LocalizationRow>`${sql.table(table)}`.as(ROW));
}

interface Ordered {
  order: readonly RawBuilder<unknown>[];
  offset: number;
  limit: number | undefined;
}

function ordered(
  db: Db | Tx,
  table: AnnotationTable,
  condition: Condition,
  { order, offset, limit }: Ordered,
) {
  let query = from(db, table).selectAll().where(condition);
  for (const key of order) query = query.orderBy(key as RawBuilder<SqlBool>);
  if (offset > 0) query = query.offset(offset);
  return limit === undefined ? query : query.limit(limit);
}

/** What CSV lists show in place of ids. Read with the rows: a second connection could run the pool dry. */
const authorEmail =
  sql<string>`(SELECT email FROM users WHERE users.id = ${sql.ref(`${ROW}.created_by`)})`.as('author_email');
const mediaName = sql<string>`(SELECT name FROM media WHERE media.id = ${sql.ref(`${ROW}.media`)})`.as(
  'media_name',
);
type NamedRow = LocalizationRow & { author_email: string; media_name?: string };

/** A list, streamed. GET lists are compressed always, PUT lists never, as clients expect. */
export async function listAnnotations(
  db: Db,
  { table, caller, project, query, body }: ListRequest,
  { gzip, format }: { gzip: boolean; format: ListFormat },
): Promise<Answer> {
  await requireProject(db, caller, project, level.view);
  const { condition, scope, nearest } = await selectAnnotations(db, { table, project, query, body });
  const order = nearest ?? orderOf(scope, query.sort_by ?? [], ['id']);
  const rows = ordered(db, table, condition, { order, ...windowOf(query.start, query.stop) });
  if (format === 'csv') {
    const attributes = scope.types.flatMap((type) => type.attribute_types.map(({ name }) => name));
    const columns = csvColumns({ fields: query.fields, members: annotationFields(table), attributes });
    const named = rows.select([authorEmail, ...(table === 'localizations' ? [mediaName] : [])]);
    const shape = ({ author_email, media_name, ...row }: NamedRow): unknown => {
      const json = annotationJsonOf(table, row);
      return csvRow(columns, {
        ...json,
        user: author_email,
        ...(table === 'localizations' ? { media: media_name } : {}),
      });
    };
    const form = { name: format, columns: columns.map(({ name }) => name) };
    return {
      kind: 'rows',
      rows: inChunks(named.stream(CHUNK) as AsyncIterable<NamedRow>, CHUNK, shape),
      gzip,
      form,
    };
  }
  const pick = pickFields(query.fields, table === 'states' ? ['media', 'localizations'] : []);
  const whole = query.fields === undefined;
  const shape = (row: LocalizationRow): unknown => {
    const json = annotationJsonOf(table, row);
    return format === 'json' ? pick(json) : rawJson(table, pick(json), whole ? row : undefined);
  };
  return { kind: 'rows', rows: inChunks(rows.stream(CHUNK), CHUNK, shape), gzip, form: { name: format } };
}

export async function countAnnotations(
  db: Db,
  { table, caller, project, query, body }: ListRequest,
): Promise<Answer> {
  await requireProject(db, caller, project, level.view);
  const { condition, scope } = await selectAnnotations(db, { table, project, query, body });
  const order = orderOf(scope, [], ['id']);
  const chosen = ordered(db, table, condition, { order, ...windowOf(query.start, query.stop) }).as('chosen');
  const { count } = await db
    .selectFrom(chosen)
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return ok(Number(count));
}

/** What a path names: a row, or an element in a version. */
export type Target = { id: number } | (Chain & { mark?: number | undefined });

/** @throws HubError 404 */
export async function findRow<Table extends AnnotationTable>(
  db: Db | Tx,
  table: Table,
  target: Target,
): Promise<AnnotationRows[Table]> {
  const row =
    'id' in target ? await rowById(db, table, target.id) : await rowOfChain(db, table, target, target.mark);
  if (!row) throw notFound(`There is no such ${table === 'localizations' ? 'localization' : 'state'}.`);
  return row;
}

export async function readAnnotation(
  db: Db,
  table: AnnotationTable,
  caller: Caller,
  target: Target,
): Promise<Answer> {
  const row = await findRow(db, table, target);
  await requireProject(db, caller, row.project, level.view);
  return ok(annotationJsonOf(table, row));
}
