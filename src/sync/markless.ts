import { sameValue } from '../domain/compare.ts';
import type { Fields } from '../domain/fields.ts';
import { rebase, type MergeContext } from './merge.ts';
import {
  isSentKnown,
  type Attempt,
  type Edit,
  type EntityState,
  type Revision,
  type ServerRow,
} from './ports.ts';

/*
 * Medias, and what a catalog holds, have no marks: whether a request took effect is told by what the
 * server shows now. A field that shows what was sent has arrived. One that shows something else was
 * changed there by somebody (or never stored), and is merged against what the user had seen.
 */

export interface MarklessContext extends MergeContext {
  /** What is shown was read right after a yes. */
  answered: boolean;
  /** ms that a request without an answer may still take effect after it was sent. */
  lateFor: number;
  /** Whether a person can change this field of what is there. */
  isField: (field: string) => boolean;
}

/** What becomes of the user's work on an entity that it is to stay, when the server shows `row`. */
export function settleShown(
  state: EntityState & { edit: Edit },
  row: ServerRow,
  context: MarklessContext,
): Revision {
  const { edit, attempt } = state;
  if (edit.op === 'create') return created(state, row, context);
  const back = takenBack(edit, attempt);
  const [here, late] = split(back, (field) => sameValue(row.fields[field], attempt?.sent[field]));
  if (Object.keys(late).length > 0 && mayStillLand(attempt, context)) return {};
  const base = arrived(edit.base ?? row, attempt, row);
  const changes = { ...edit.changes, ...here };
  const known = { ...state, edit: { ...edit, base, changes, maybeSent: false }, attempt: null };
  const refused = context.answered ? unstored(known.edit, attempt, row) : [];
  const revision: Revision = { ...rebase(known, row, context), attempt: null };
  if (refused.length === 0 || !revision.edit) return revision;
  return {
    ...revision,
    ...parked(revision.edit, `The server did not store: ${refused.join(', ')}`, context),
  };
}

export function parked(edit: Edit, reason: string, { now }: { now: number }): { edit: Edit } {
  return { edit: { ...edit, status: { kind: 'parked', reason, at: now }, maybeSent: false } };
}

/** What was sent and the user has set back since: the values that he wants again. */
function takenBack({ base, changes }: Edit, attempt: Attempt | null): Fields {
  const sent = Object.entries(attempt?.sent ?? {});
  return Object.fromEntries(
    sent.flatMap(([field, value]) => {
      const before = base?.fields[field] ?? null;
      return field in changes || sameValue(before, value) ? [] : [[field, before]];
    }),
  );
}

function split(fields: Fields, isFirst: (field: string) => boolean): [Fields, Fields] {
  const entries = Object.entries(fields);
  return [
    Object.fromEntries(entries.filter(([field]) => isFirst(field))),
    Object.fromEntries(entries.filter(([field]) => !isFirst(field))),
  ];
}

function mayStillLand(attempt: Attempt | null, { now, lateFor }: MarklessContext): boolean {
  if (attempt?.state !== 'in-doubt') return false;
  const age = now - attempt.at;
  // Below zero the clock was set back, and tells nothing.
  return age >= 0 && age < lateFor;
}

/** What was sent and is there now is what the user has seen. */
function arrived(base: ServerRow, attempt: Attempt | null, row: ServerRow): ServerRow {
  const sent = Object.entries(attempt?.sent ?? {}).filter(([field, value]) =>
    sameValue(row.fields[field], value),
  );
  const { print: _print, ...seen } = base;
  return { ...seen, fields: { ...base.fields, ...Object.fromEntries(sent) } };
}

/** Fields that were sent, were said to be stored, and still show what was there before. */
function unstored({ base, changes }: Edit, attempt: Attempt | null, row: ServerRow): string[] {
  return Object.entries(attempt?.sent ?? {}).flatMap(([field, value]) => {
    const there = row.fields[field];
    const untouched = sameValue(there, base?.fields[field]) && !sameValue(there, value);
    return untouched && sameValue(changes[field], value) ? [field] : [];
  });
}

/** It is on the server. What the user changed since it was sent, or what it dropped, is left to do. */
function created(
  { edit, attempt, row: _row, ...rest }: EntityState & { edit: Edit },
  row: ServerRow,
  context: MarklessContext,
): Revision {
  const changes: Fields = {};
  const unknown = new Set<string>();
  // What was sent by a process whose database was lost may not be known: the user's values are not given up.
  const isUnknown = edit.revision > 0 && (attempt === null || !isSentKnown({ edit, attempt }));
  for (const [field, mine] of Object.entries(edit.changes)) {
    if (!context.isField(field) || sameValue(mine, row.fields[field])) continue;
    if (isUnknown) {
      changes[field] = mine;
      unknown.add(field);
      continue;
    }
    const sent = attempt === null ? mine : attempt.sent[field];
    const dropped = (row.fields[field] ?? null) === null;
    if (!sameValue(sent, mine) || dropped) changes[field] = mine;
  }
  const seen = Object.entries(row.fields).filter(([field]) => !unknown.has(field));
  const { print: _print, ...shown } = row;
  const base = { ...shown, fields: Object.fromEntries(seen) };
  const next: Edit = { ...edit, op: 'edit', base, changes, maybeSent: false };
  return { ...rebase({ ...rest, row, edit: next, attempt: null }, row, context), attempt: null };
}
