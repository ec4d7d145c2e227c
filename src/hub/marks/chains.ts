import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { insertColumns, type AnnotationRows, type AnnotationTable, type Draft } from './rows.ts';

/**
 * A chain is all marks of one element in one version. Everything that adds to a chain, or reads it in
 * order to add, first takes the chain's lock; a chain without a row has nothing else to lock, so two
 * first creates would both become mark 0.
 *
 *     lockChains --> read the current mark --> decide --> appendMarks --> commit gives the lock back
 */
export interface Chain {
  version: number;
  elemental_id: string;
}

/** Locks share this many names, so that a bulk create of 500 cannot exhaust the server's lock table. */
const LOCK_NAMES = 512;
const LOCK_SPACE = 0x7de3;

/** Name of a chain's lock: the same in every process. */
function lockNameOf(table: AnnotationTable, { version, elemental_id }: Chain): number {
  const digest = createHash('sha256').update(`${table}/${version}/${elemental_id.toLowerCase()}`).digest();
  return digest.readUInt32BE(0) % LOCK_NAMES;
}

/** Takes the chains' locks until the end of the transaction, in ascending order so that nobody deadlocks. */
export async function lockChains(tx: Tx, table: AnnotationTable, chains: readonly Chain[]): Promise<void> {
  const names = [...new Set(chains.map((chain) => lockNameOf(table, chain)))].sort((a, b) => a - b);
  if (names.length === 0) return;
  await sql`SELECT pg_advisory_xact_lock(${LOCK_SPACE}, name) FROM unnest(${names}::int[]) AS name`.execute(
    tx,
  );
}

function chainKey({ version, elemental_id }: Chain): string {
  return `${version}/${elemental_id.toLowerCase()}`;
}

/**
 * Appends one mark per draft, in order (several of one chain become successive marks), and moves
 * `latest_mark` of the touched chains. The locks must be held.
 * @returns the new row ids, in the order of the drafts.
 */
export async function appendMarks<Table extends AnnotationTable>(
  tx: Tx,
  table: Table,
  drafts: readonly Draft<Table>[],
): Promise<number[]> {
  if (drafts.length === 0) return [];
  const tops = await topMarks(tx, table, drafts);
  const known = new Set(tops.keys());
  const marked = drafts.map((draft) => {
    const key = chainKey(draft);
    const mark = (tops.get(key) ?? -1) + 1;
    tops.set(key, mark);
    return { ...draft, mark };
  });
  const rows = marked.map((row) => ({ ...row, latest_mark: tops.get(chainKey(row)) }));
  const ids = await insertRows(tx, table, rows);
  const continued = drafts.filter((draft) => known.has(chainKey(draft)));
  await refreshLatest(tx, table, continued);
  return ids;
}

/** Highest live mark by chain; -1 where only pruned rows are left; absent where there is no row. */
async function topMarks(
  tx: Tx,
  table: AnnotationTable,
  chains: readonly Chain[],
): Promise<Map<string, number>> {
  const { rows } = await sql<Chain & { top: number | null }>`
    SELECT version, elemental_id, max(mark) FILTER (WHERE NOT deleted) AS top
    FROM ${sql.table(table)}
    WHERE (version, elemental_id) IN (${pairs(chains)})
    GROUP BY version, elemental_id`.execute(tx);
  return new Map(rows.map((row) => [chainKey(row), row.top ?? -1]));
}

function pairs(chains: readonly Chain[]): ReturnType<typeof sql> {
  const versions = chains.map((chain) => chain.version);
  const elements = chains.map((chain) => chain.elemental_id);
  return sql`SELECT * FROM unnest(${versions}::int[], ${elements}::uuid[])`;
}

async function insertRows(tx: Tx, table: AnnotationTable, rows: readonly object[]): Promise<number[]> {
  const columns = Object.entries(insertColumns[table]);
  const names = sql.join(columns.map(([name]) => sql.ref(name)));
  const definitions = sql.join(columns.map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)}`));
  const inserted = await sql<{ id: number }>`
    INSERT INTO ${sql.table(table)} (${names})
    SELECT ${names}
    FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS (${definitions})) WITH ORDINALITY
    ORDER BY ordinality
    RETURNING id`.execute(tx);
  return inserted.rows.map((row) => row.id);
}

/** Recomputes `latest_mark` on every row of the chains, pruned ones too; 0 when no live row is left. */
export async function refreshLatest(tx: Tx, table: AnnotationTable, chains: readonly Chain[]): Promise<void> {
  if (chains.length === 0) return;
  await sql`
    UPDATE ${sql.table(table)} AS row SET latest_mark = chain.top
    FROM (
      SELECT version, elemental_id, coalesce(max(mark) FILTER (WHERE NOT deleted), 0) AS top
      FROM ${sql.table(table)}
      WHERE (version, elemental_id) IN (${pairs(chains)})
      GROUP BY version, elemental_id
    ) AS chain
    WHERE row.version = chain.version AND row.elemental_id = chain.elemental_id
      AND row.latest_mark IS DISTINCT FROM chain.top`.execute(tx);
}

type Row<Table extends AnnotationTable> = AnnotationRows[Table];

/** A row by id that is not pruned. */
export async function rowById<Table extends AnnotationTable>(
  db: Db | Tx,
  table: Table,
  id: number,
): Promise<Row<Table> | undefined> {
  const { rows } = await sql<Row<Table>>`
    SELECT * FROM ${sql.table(table)} WHERE id = ${id} AND NOT deleted`.execute(db);
  return rows[0];
}

/** The given live mark of a chain, or its highest one. */
export async function rowOfChain<Table extends AnnotationTable>(
  db: Db | Tx,
  table: Table,
  { version, elemental_id }: Chain,
  mark?: number,
): Promise<Row<Table> | undefined> {
  const { rows } = await sql<Row<Table>>`
    SELECT * FROM ${sql.table(table)}
    WHERE version = ${version} AND elemental_id = ${elemental_id} AND NOT deleted
      AND (${mark ?? null}::int IS NULL OR mark = ${mark ?? null}::int)
    ORDER BY mark DESC, id DESC LIMIT 1`.execute(db);
  return rows[0];
}

/** Rows by id, in no order; pruned ones too. */
export async function rowsByIds<Table extends AnnotationTable>(
  db: Db | Tx,
  table: Table,
  ids: readonly number[],
): Promise<Row<Table>[]> {
  const { rows } = await sql<Row<Table>>`
    SELECT * FROM ${sql.table(table)} WHERE id = ANY(${[...ids]}::int[])`.execute(db);
  return rows;
}
