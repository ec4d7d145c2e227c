import type { EntityKey } from '../domain/identity.ts';
import type { MemberDebt } from '../domain/member-debt.ts';
import type { Attempt, Conflict, Edit } from '../sync/ports.ts';
import type { JournalEntry } from './schema.ts';

/** One line of the flight recorder. */
export type RecorderLine =
  /**
   * A command: the overlay records after it (null: the work on the entity is gone), and its history.
   * `attempt`: the request that was on its way when the command was made; else the user might take back
   * what nobody would know any more to have been sent.
   */
  | {
      v: 1;
      kind: 'edit';
      op: string;
      order: number;
      edits: { key: EntityKey; edit: Edit | null; conflicts: Conflict[]; attempt?: Attempt }[];
      journal: JournalChange;
    }
  /** The command of this id was refused after it had been written down. */
  | { v: 1; kind: 'abort'; op: string }
  /** These requests are about to be sent. */
  | { v: 1; kind: 'request'; attempts: readonly Attempt[] }
  /** The tracks of a project name older rows of these members, or may do so soon. */
  | { v: 1; kind: 'debt'; projectId: number; debt: MemberDebt }
  /** A server has confirmed these revisions. */
  | { v: 1; kind: 'confirmed'; edits: { key: EntityKey; revision: number }[] };

/** What a command does to the history of its media. */
export type JournalChange =
  | { kind: 'none' }
  | { kind: 'add'; entry: JournalEntry }
  | { kind: 'undo'; id: string }
  | { kind: 'redo'; id: string };

export function encodeLine(line: RecorderLine): string {
  return JSON.stringify(line);
}

/** The line of a body; null for one that this program did not write. */
export function parseLine(body: string): RecorderLine | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { v, kind, op, edits, attempts, projectId } = value as Record<string, unknown>;
  if (v !== 1) return null;
  if (kind === 'abort' && typeof op === 'string') return value as RecorderLine;
  if (kind === 'request' && Array.isArray(attempts)) return value as RecorderLine;
  if (kind === 'debt' && typeof projectId === 'number') return value as RecorderLine;
  if (kind === 'confirmed' && Array.isArray(edits)) return value as RecorderLine;
  if (kind === 'edit' && typeof op === 'string' && Array.isArray(edits)) return value as RecorderLine;
  return null;
}
