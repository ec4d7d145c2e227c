import { sql } from 'kysely';
import type { Caller } from '../access/access.ts';
import type { Tx } from '../db/database.ts';
import { lockChains } from './chains.ts';
import type { LocalizationRow, StateRow } from './rows.ts';
import { appendTombstones, prune as pruneRows } from './writing.ts';

/**
 * Deletes the members of states whose type asks for it, as far as no other visible state holds them.
 * They get tombstones of their own (the original flips a flag in place, which no client can see).
 */
export async function childrenOfStates(
  tx: Tx,
  states: readonly StateRow[],
  { caller, now, prune }: { caller: Caller; now: number; prune: boolean },
): Promise<void> {
  const { rows } = await sql<LocalizationRow>`
    SELECT member.* FROM states AS state
    JOIN entity_types AS type ON type.id = state.type AND type.details @> '{"delete_child_localizations": true}'
    JOIN localizations AS member ON member.id = ANY(state.localizations)
    WHERE state.id = ANY(${states.map((state) => state.id)}::int[])
      AND NOT member.deleted AND NOT member.variant_deleted AND member.mark = member.latest_mark
      AND NOT EXISTS (
        SELECT 1 FROM states AS other
        WHERE member.id = ANY(other.localizations)
          AND other.elemental_id <> state.elemental_id
          AND NOT other.deleted AND NOT other.variant_deleted AND other.mark = other.latest_mark)
    ORDER BY member.id`.execute(tx);
  if (rows.length === 0) return;
  await lockChains(tx, 'localizations', rows);
  if (prune) await pruneRows(tx, 'localizations', rows, now);
  else await appendTombstones(tx, 'localizations', rows, { caller, now });
}

/** Deletes those of the given localizations that no visible state holds (any more). */
export async function childrenOfLocalizations(
  tx: Tx,
  ids: readonly number[],
  { caller, now }: { caller: Caller; now: number },
): Promise<void> {
  const { rows } = await sql<LocalizationRow>`
    SELECT member.* FROM localizations AS member
    WHERE member.id = ANY(${[...ids]}::int[])
      AND NOT member.deleted AND NOT member.variant_deleted AND member.mark = member.latest_mark
      AND NOT EXISTS (
        SELECT 1 FROM states AS other
        WHERE other.localizations && ARRAY[member.id]
          AND NOT other.deleted AND NOT other.variant_deleted AND other.mark = other.latest_mark)
    ORDER BY member.id`.execute(tx);
  await lockChains(tx, 'localizations', rows);
  await appendTombstones(tx, 'localizations', rows, { caller, now });
}
