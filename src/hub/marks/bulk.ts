import { sql } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { attributesForEdit } from '../attributes.ts';
import { ok, type Answer } from '../call.ts';
import { logChanges, logRemovals } from '../change-log.ts';
import type { Db, Tx } from '../db/database.ts';
import { badRequest } from '../errors.ts';
import { userByElementalId } from '../access/users.ts';
import { selectAnnotations, type AnnotationBody } from '../search/annotation-query.ts';
import { appendMarks, lockChains } from './chains.ts';
import type { ListQuery } from './reading.ts';
import type { AnnotationRows, AnnotationTable } from './rows.ts';
import {
  appendTombstones,
  attributeTypesOf,
  checkElementalId,
  draftOf,
  loggedKind,
  prune,
  rewrite,
  type EditBody,
} from './writing.ts';

export interface BulkQuery extends ListQuery {
  count?: number | undefined;
}

export interface BulkEditBody extends AnnotationBody, EditBody {
  new_version?: number | undefined;
  new_elemental_id?: string | undefined;
}

export interface BulkRequest<Body> {
  table: AnnotationTable;
  caller: Caller;
  project: number;
  query: BulkQuery;
  body: Body;
  now: number;
}

type Row = AnnotationRows[AnnotationTable];

/**
 * Edits all selected annotations in one transaction: a new mark for each, or in place. Row ids in the
 * body mean exactly those rows, old marks too, and in place, as the original has it.
 */
export async function editAnnotations(db: Db, request: BulkRequest<BulkEditBody>): Promise<Answer> {
  const { table, caller, project, body, now } = request;
  if (request.query.start !== undefined || request.query.stop !== undefined) {
    throw badRequest('start and stop cannot be combined with an edit.');
  }
  const byRow = body.ids !== undefined || body.user_elemental_id !== undefined;
  const query = byRow ? { ...request.query, show_all_marks: 1 } : request.query;
  const inPlace = byRow || body.in_place === 1;
  const count = await db.transaction().execute(async (tx) => {
    await requireProject(tx, caller, project, body.user_elemental_id === undefined ? level.edit : level.full);
    const rows = await lockedSelection(tx, { ...request, query });
    const [first] = rows;
    if (!first) return 0;
    if (rows.some((row) => row.type !== first.type))
      throw badRequest('All selected rows must have the same type.');
    const attributes = attributesForEdit(await attributeTypesOf(tx, first.type), body);
    const moved = await movedTo(tx, project, body);
    const author = body.user_elemental_id;
    const user = author === undefined ? undefined : await userByElementalId(tx, author);
    const next = rows.map((row) => ({
      ...row,
      ...moved,
      attributes: { ...row.attributes, ...attributes },
      modified_by: user ?? caller.id,
      ...(user === undefined ? {} : { created_by: user }),
      modified_datetime: new Date(now),
    }));
    await lockChains(tx, table, next);
    if (!inPlace) {
      await appendMarks(tx, table, next.map(draftOf));
      return rows.length;
    }
    for (const [i, row] of rows.entries()) await rewrite(tx, table, row, next[i] ?? row);
    const changes = rows.map((row, i) => ({ id: row.id, before: { ...row }, after: { ...next[i] } }));
    await logChanges(tx, { kind: loggedKind[table], project, user: caller.id, now }, changes);
    return rows.length;
  });
  return ok({ message: `Successfully updated ${count} ${table}!` });
}

async function movedTo(
  tx: Tx,
  project: number,
  { new_version, new_elemental_id }: BulkEditBody,
): Promise<{ version?: number; elemental_id?: string }> {
  const elemental = checkElementalId(new_elemental_id);
  if (new_version !== undefined) {
    const version = await tx
      .selectFrom('versions')
      .select('id')
      .where('id', '=', new_version)
      .where('project', '=', project)
      .executeTakeFirst();
    if (!version) throw badRequest(`There is no version ${new_version} in this project.`);
  }
  return {
    ...(new_version === undefined ? {} : { version: new_version }),
    ...(elemental === undefined ? {} : { elemental_id: elemental }),
  };
}

export interface BulkDeleteBody extends AnnotationBody {
  prune?: number | undefined;
  in_place?: number | undefined;
}

/** Deletes all selected annotations in one transaction: tombstones, or with `prune` the rows for good. */
export async function deleteAnnotations(db: Db, request: BulkRequest<BulkDeleteBody>): Promise<Answer> {
  const { table, caller, project, body, now } = request;
  const count = await db.transaction().execute(async (tx) => {
    await requireProject(tx, caller, project, level.edit);
    const rows = await lockedSelection(tx, request);
    if (body.prune === 1) {
      await prune(tx, table, rows, now);
      const context = { kind: loggedKind[table], project, user: caller.id, now };
      await logRemovals(
        tx,
        context,
        rows.map((row) => row.id),
      );
    } else if (body.in_place === 1) await markDeleted(tx, table, rows, { caller, now });
    else await appendTombstones(tx, table, rows, { caller, now });
    return rows.length;
  });
  return ok({ message: `Successfully deleted ${count} ${table}!` });
}

async function markDeleted(
  tx: Tx,
  table: AnnotationTable,
  rows: readonly Row[],
  { caller, now }: { caller: Caller; now: number },
): Promise<void> {
  await sql`
    UPDATE ${sql.table(table)}
    SET variant_deleted = true, modified_by = ${caller.id}, modified_datetime = ${new Date(now)}
    WHERE id = ANY(${rows.map((row) => row.id)}::int[])`.execute(tx);
  const [row] = rows;
  if (!row) return;
  const [before, after] = [{ variant_deleted: false }, { variant_deleted: true }];
  const context = { kind: loggedKind[table], project: row.project, user: caller.id, now };
  await logChanges(
    tx,
    context,
    rows.map(({ id }) => ({ id, before, after })),
  );
}

/**
 * The selected rows with their chains locked. They are selected again under the locks: whatever was
 * written between the look and the locks counts.
 */
async function lockedSelection(
  tx: Tx,
  { table, project, query, body }: BulkRequest<AnnotationBody>,
): Promise<Row[]> {
  const { condition } = await selectAnnotations(tx, { table, project, query, body });
  const select = sql<Row>`SELECT row.* FROM ${sql.table(table)} AS row WHERE ${condition} ORDER BY row.id`;
  const seen = (await select.execute(tx)).rows;
  await lockChains(tx, table, seen);
  const locked = new Set(seen.map((row) => `${row.version}/${row.elemental_id}`));
  const again = (await select.execute(tx)).rows;
  const rows = again.filter((row) => locked.has(`${row.version}/${row.elemental_id}`));
  if (query.count !== undefined && query.count !== rows.length) {
    throw badRequest(`Safety check failed: ${rows.length} rows match, ${query.count} were expected.`);
  }
  return rows;
}
