import { sql } from 'kysely';
import { isUuid } from '../../base/random.ts';
import { requireProject, type Caller } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { attributesForEdit, type AttributeEdit } from '../attributes.ts';
import { ok, type Answer } from '../call.ts';
import { logChanges, logRemovals, type LoggedKind } from '../change-log.ts';
import type { Db, Tx } from '../db/database.ts';
import type { AttributeType } from '../db/schema.ts';
import { badRequest, notFound } from '../errors.ts';
import { userByElementalId } from '../access/users.ts';
import { omit } from '../omit.ts';
import { appendMarks, lockChains, refreshLatest, rowById, rowOfChain, type Chain } from './chains.ts';
import { annotationJsonOf, findRow, type Target } from './reading.ts';
import { insertColumns, type AnnotationRows, type AnnotationTable, type Draft } from './rows.ts';

/** What the change log calls the rows of a table. */
export const loggedKind: Record<AnnotationTable, LoggedKind> = {
  localizations: 'localization',
  states: 'state',
};

/** What an edit of one annotation may carry, apart from geometry and associations. */
export interface EditBody extends AttributeEdit {
  in_place?: number | undefined;
  pedantic?: number | undefined;
  user_elemental_id?: string | undefined;
}

export interface EditRequest<Table extends AnnotationTable> {
  table: Table;
  caller: Caller;
  target: Target;
  body: EditBody;
  now: number;
  /** The other members of the body as columns, given the row that is edited. */
  changes: (tx: Tx, row: AnnotationRows[Table]) => Promise<Partial<AnnotationRows[Table]>>;
}

/**
 * Edits one annotation: the members of the body over the current mark, as a new mark or in place.
 * The row is read under the chain's lock, so edits of different fields at one time all survive.
 * @throws HubError 404; 403; 400, with a message that begins "Pedantic mode", for a stale row.
 */
export async function editAnnotation<Table extends AnnotationTable>(
  db: Db,
  request: EditRequest<Table>,
): Promise<Answer> {
  const { table, caller, target, body, now } = request;
  const row = await db.transaction().execute(async (tx) => {
    const base = await lockedBase(tx, request);
    const types = await attributeTypesOf(tx, base.type);
    const author = body.user_elemental_id;
    const next: AnnotationRows[Table] = {
      ...base,
      ...(await request.changes(tx, base)),
      attributes: { ...base.attributes, ...attributesForEdit(types, body) },
      modified_by: caller.id,
      modified_datetime: new Date(now),
      ...(author === undefined ? {} : await authorship(tx, caller, base.project, author)),
    };
    await lockChains(tx, table, [next]);
    const inPlace = body.in_place === 1 || author !== undefined;
    if (!inPlace) {
      const [id = base.id] = await appendMarks(tx, table, [draftOf<Table>(next)]);
      return rowById(tx, table, id);
    }
    await rewrite(tx, table, base, next);
    const context = { kind: loggedKind[table], project: base.project, user: caller.id, now };
    await logChanges(tx, context, [{ id: base.id, before: { ...base }, after: { ...next } }]);
    return rowById(tx, table, base.id);
  });
  if (!row) throw notFound();
  const what = table === 'localizations' ? 'Localization' : 'State';
  const name = 'id' in target ? target.id : target.elemental_id;
  return ok({ message: `${what} ${name} successfully updated!`, object: annotationJsonOf(table, row) });
}

/** The current row of the chain that the target belongs to, with the chain's lock held. */
async function lockedBase<Table extends AnnotationTable>(
  tx: Tx,
  { table, caller, target, body }: EditRequest<Table>,
): Promise<AnnotationRows[Table]> {
  const seen = await findRow(tx, table, target);
  await requireProject(tx, caller, seen.project, level.edit);
  await lockChains(tx, table, [seen]);
  const current = await rowOfChain(tx, table, seen);
  if (!current) throw notFound(`There is no such ${table === 'localizations' ? 'localization' : 'state'}.`);
  const stale = current.id !== (await freshId(tx, table, target, seen.id));
  if (stale && body.pedantic === 1 && body.in_place !== 1) throw pedantic(current);
  return current;
}

/** By element, another mark may have come between the look and the lock; that is no stale target. */
async function freshId(tx: Tx, table: AnnotationTable, target: Target, seen: number): Promise<number> {
  if ('id' in target || target.mark !== undefined) return seen;
  return (await findRow(tx, table, target)).id;
}

function pedantic({ id, mark }: { id: number; mark: number }): Error {
  return badRequest(
    `Pedantic mode is enabled: the row is not the latest mark, which is ${mark} (row ${id}).`,
  );
}

async function authorship(
  tx: Tx,
  caller: Caller,
  project: number,
  elementalId: string,
): Promise<{ created_by: number; modified_by: number }> {
  await requireProject(tx, caller, project, level.full);
  const user = await userByElementalId(tx, elementalId);
  return { created_by: user, modified_by: user };
}

/** A row as the draft of a further mark. */
export function draftOf<Table extends AnnotationTable>(row: AnnotationRows[Table]): Draft<Table> {
  return omit(row, ['id', 'mark', 'latest_mark', 'deleted']);
}

/**
 * Writes `next` over the row `base`. Moved to another chain it becomes the newest mark there, so that
 * no chain ever has two rows of one mark. Both chains' locks must be held.
 */
export async function rewrite<Table extends AnnotationTable>(
  tx: Tx,
  table: Table,
  base: AnnotationRows[Table],
  next: AnnotationRows[Table],
): Promise<number> {
  const moved = base.version !== next.version || base.elemental_id !== next.elemental_id;
  const mark = moved ? ((await rowOfChain(tx, table, next))?.mark ?? -1) + 1 : base.mark;
  const columns = Object.entries(insertColumns[table]).filter(([name]) => name !== 'latest_mark');
  const names = sql.join(columns.map(([name]) => sql.ref(name)));
  const definitions = sql.join(columns.map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)}`));
  await sql`
    UPDATE ${sql.table(table)} SET (${names}) = (
      SELECT ${names} FROM jsonb_to_record(${JSON.stringify({ ...next, mark })}::jsonb) AS record (${definitions})
    ) WHERE id = ${base.id}`.execute(tx);
  if (moved) await refreshLatest(tx, table, [base, next]);
  return base.id;
}

export interface DeleteRequest {
  table: AnnotationTable;
  caller: Caller;
  target: Target;
  body: { prune?: number | undefined; pedantic?: number | undefined };
  now: number;
  /** Runs in the transaction, for what goes with the annotation. */
  also?: (tx: Tx, row: AnnotationRows[AnnotationTable]) => Promise<void>;
}

/** Deletes one annotation: a tombstone mark, or with `prune` the named row for good. */
export async function deleteAnnotation(db: Db, request: DeleteRequest): Promise<Answer> {
  const { table, caller, target, body, now } = request;
  const id = await db.transaction().execute(async (tx) => {
    const seen = await findRow(tx, table, target);
    await requireProject(tx, caller, seen.project, level.edit);
    await lockChains(tx, table, [seen]);
    const current = await rowOfChain(tx, table, seen);
    const named = await rowById(tx, table, await freshId(tx, table, target, seen.id));
    if (!current || !named)
      throw notFound(`There is no such ${table === 'localizations' ? 'localization' : 'state'}.`);
    if (body.pedantic === 1 && named.id !== current.id) throw pedantic(current);
    await request.also?.(tx, current);
    if (body.prune === 1) {
      await prune(tx, table, [named], now);
      const context = { kind: loggedKind[table], project: named.project, user: caller.id, now };
      await logRemovals(tx, context, [named.id]);
      return named.id;
    }
    return (await appendTombstones(tx, table, [current], { caller, now }))[0];
  });
  const what = table === 'localizations' ? 'Localization' : 'State';
  const name = 'id' in target ? target.id : target.elemental_id;
  return ok({ message: `${what} ${name} successfully deleted!`, id });
}

/** Adds a tombstone with the content of each row. The chains' locks must be held. */
export function appendTombstones<Table extends AnnotationTable>(
  tx: Tx,
  table: Table,
  rows: readonly AnnotationRows[Table][],
  { caller, now }: { caller: Caller; now: number },
): Promise<number[]> {
  const drafts = rows.map((row) => ({
    ...draftOf<Table>(row),
    variant_deleted: true,
    modified_by: caller.id,
    modified_datetime: new Date(now),
  }));
  return appendMarks(tx, table, drafts);
}

/** Hides rows for good; what is below them becomes current again. The chains' locks must be held. */
export async function prune(
  tx: Tx,
  table: AnnotationTable,
  rows: readonly (Chain & { id: number })[],
  now: number,
): Promise<void> {
  await sql`
    UPDATE ${sql.table(table)} SET deleted = true, modified_datetime = ${new Date(now)}
    WHERE id = ANY(${rows.map((row) => row.id)}::int[])`.execute(tx);
  await refreshLatest(tx, table, rows);
}

export async function attributeTypesOf(db: Db | Tx, type: number): Promise<AttributeType[]> {
  const row = await db
    .selectFrom('entity_types')
    .select('attribute_types')
    .where('id', '=', type)
    .executeTakeFirst();
  return row?.attribute_types ?? [];
}

/** @throws HubError 400 */
export function checkElementalId(id: string | undefined | null): string | undefined {
  if (id === undefined || id === null) return undefined;
  if (!isUuid(id)) throw badRequest(`"${id.slice(0, 60)}" is no elemental ID (a UUID).`);
  return id.toLowerCase();
}
