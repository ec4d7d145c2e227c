import type { Json } from '../base/json.ts';
import type { MakeId } from '../base/random.ts';
import { differing, sameFields, sameValue } from '../domain/compare.ts';
import type { Fields } from '../domain/fields.ts';
import { isSetField, mergedSet, stateMembers, withMembers } from '../domain/member-set.ts';
import type { Conflict, Edit, EntityState, Revision, ServerRow } from './ports.ts';

/*
 * The three-way merge, pure and per field (geometry is one field, each attribute one):
 *
 *   theirs = base             mine stays, and will be sent
 *   mine = base, or theirs    theirs
 *   all three differ          sets of members: theirs, with my additions and without my removals
 *                             all else: conflict: mine stays in force and on the screen, theirs is listed,
 *                             and nothing of the field is sent until the user has chosen
 *
 * Delete against edit is a conflict on `$deleted`, in both directions.
 */

export const deletedField = '$deleted';

export interface MergeContext {
  /** ms */
  now: number;
  makeId: MakeId;
}

/**
 * What becomes of the user's work on an entity when the server's truth about it is `theirs`
 * (null: it is gone without a trace). The caller has no open request about the entity.
 */
export function rebase(state: EntityState, theirs: ServerRow | null, context: MergeContext): Revision {
  const { edit } = state;
  const gone = theirs === null || theirs.deleted;
  if (edit === null) return { row: theirs, conflicts: stillOpen(state.conflicts, theirs) };
  if (edit.op === 'delete') return rebaseDelete({ ...state, edit }, theirs, context);
  if (edit.op === 'create' && gone) return { row: theirs, edit: { ...edit, base: theirs } };
  if (theirs === null || theirs.deleted) return deletedUnderEdit({ ...state, edit }, theirs, context);
  return mergeFields({ ...state, edit }, theirs, context);
}

/** Of conflicts about values that are on the server already: those where mine is still in force. */
function stillOpen(conflicts: Conflict[], theirs: ServerRow | null): Conflict[] {
  if (theirs === null) return [];
  return conflicts.filter(({ field, mine }) =>
    field === deletedField
      ? theirs.deleted === mine
      : !theirs.deleted && sameValue(theirs.fields[field], mine),
  );
}

/**
 * The fields of an edit that may be sent now: those about which nobody has to be asked; of these first what is
 * put back for others.
 */
export function sendable(edit: Edit, conflicts: Conflict[]): Fields {
  if (conflicts.some(({ field }) => field === deletedField)) return {};
  const asked = new Set(conflicts.map(({ field }) => field));
  const free = Object.entries(edit.changes).filter(([field]) => !asked.has(field));
  const owed = free.filter(([field]) => edit.putBack?.includes(field));
  return Object.fromEntries(owed.length > 0 ? owed : free);
}

type WithEdit = EntityState & { edit: Edit };

function rebaseDelete(
  { edit, conflicts }: WithEdit,
  theirs: ServerRow | null,
  context: MergeContext,
): Revision {
  if (theirs === null || theirs.deleted) return { row: theirs, edit: null, conflicts: [] };
  if (edit.base === null || edit.base.deleted) return { row: theirs, edit: { ...edit, base: theirs } };
  const { fields } = edit.base;
  const taken = [...(edit.takenOut ?? []), ...emptied(fields, theirs.fields)];
  const next = { ...edit, base: theirs, ...owing(taken) };
  if (isSameToDelete(fields, theirs.fields)) return { row: theirs, edit: next };
  // What others do next is done to what our request has left of it.
  const left = conflicts.find(({ field }) => field === deletedField)?.content;
  const content = left && { ...left, ...differing(fields, theirs.fields) };
  const listed = list(
    conflicts,
    { edit, theirs, field: deletedField, base: false, mine: true, value: false, content },
    context,
  );
  return { row: theirs, edit: next, conflicts: listed };
}

/** The members of a track that somebody has emptied, which is what everybody does first who deletes one. */
export function emptied(before: Fields, after: Fields): string[] {
  return stateMembers(after).length === 0 ? stateMembers(before) : [];
}

/** What an edit has to remember of these members; nothing where there are none. */
export function owing(members: string[]): Pick<Edit, 'takenOut'> {
  return members.length === 0 ? {} : { takenOut: [...new Set(members)] };
}

/** Whether a delete that was meant for `seen` may go over `theirs`: that it is emptied is no change to ask about. */
export function isSameToDelete(seen: Fields, theirs: Fields): boolean {
  return sameFields(
    emptied(seen, theirs).length > 0 ? { ...seen, localizations: theirs.localizations ?? null } : seen,
    theirs,
  );
}

function deletedUnderEdit(
  { edit, conflicts }: WithEdit,
  theirs: ServerRow | null,
  context: MergeContext,
): Revision {
  const marked = theirs ?? (edit.base === null ? null : { ...edit.base, deleted: true });
  if (marked === null) return { row: theirs, edit: { ...edit, op: 'create' } };
  if (Object.keys(edit.changes).length === 0) return { row: theirs, edit: null, conflicts: [] };
  const listed = list(
    conflicts,
    { edit, theirs: marked, field: deletedField, base: false, mine: false, value: true },
    context,
  );
  // Of the fields that the user has changed the base stays what he had seen: if somebody makes it again
  // with other values, these are theirs.
  const seen = Object.fromEntries(
    Object.keys(edit.changes).map((field) => [field, edit.base?.fields[field] ?? null]),
  );
  // Whoever deletes a track takes its members out first: it is to have them if it is kept.
  const taken = [...(edit.takenOut ?? []), ...emptied(edit.base?.fields ?? {}, marked.fields)];
  const fields = stateMembers(marked.fields).length === 0 ? withMembers(marked.fields, taken) : marked.fields;
  const base = edit.base === null ? marked : { ...marked, fields: { ...fields, ...seen } };
  return { row: theirs, edit: { ...edit, base }, conflicts: listed };
}

function mergeFields({ edit, conflicts }: WithEdit, theirs: ServerRow, context: MergeContext): Revision {
  const base = edit.base?.fields ?? {};
  const changes: Fields = {};
  let listed = conflicts.filter(({ field }) => field !== deletedField);
  for (const [field, mine] of Object.entries(edit.changes)) {
    const [before, value] = [base[field] ?? null, theirs.fields[field] ?? null];
    const known = listed.find((conflict) => conflict.field === field);
    if (sameValue(value, mine)) {
      listed = listed.filter((conflict) => conflict !== known);
      continue;
    }
    if (isSetField(field) && !sameValue(value, before)) {
      const merged = mergedSet(before, { mine, theirs: value });
      if (!sameValue(merged, value)) changes[field] = merged;
      continue;
    }
    changes[field] = mine;
    if (sameValue(value, before)) continue;
    if (known !== undefined && sameValue(value, known.base))
      listed = listed.filter((conflict) => conflict !== known);
    else listed = list(listed, { edit, theirs, field, base: before, mine, value }, context);
  }
  const rest =
    Object.keys(changes).length === 0
      ? null
      : { ...edit, op: 'edit' as const, base: theirs, changes, ...owing(emptied(base, theirs.fields)) };
  return { row: theirs, edit: rest, conflicts: rest === null ? [] : listed };
}

export interface Collision {
  edit: Pick<Edit, 'key' | 'ref' | 'projectId' | 'media'> & Partial<Pick<Edit, 'base'>>;
  /** The row that holds their value. */
  theirs: ServerRow;
  field: string;
  base: Json;
  mine: Json;
  value: Json;
  content?: Fields | undefined;
}

/** The list with this collision in it; a field is listed once, with the base it began from. */
export function list(conflicts: Conflict[], collision: Collision, { now, makeId }: MergeContext): Conflict[] {
  const { edit, theirs, field, base, mine, value, content } = collision;
  const known = conflicts.find((conflict) => conflict.field === field);
  const conflict: Conflict = {
    id: known?.id ?? makeId(),
    key: edit.key,
    ref: edit.ref,
    projectId: edit.projectId,
    media: edit.media,
    field,
    base: known === undefined ? base : known.base,
    ...baseAuthor(known, edit),
    mine,
    theirs: value,
    theirsBy: theirs.modifiedBy,
    theirsAt: theirs.modifiedAt,
    theirsMark: theirs.mark,
    ...(content === undefined ? {} : { content }),
    at: known?.at ?? now,
  };
  return [...conflicts.filter(({ id }) => id !== conflict.id), conflict];
}

/** Who gave the value that both sides have changed. */
function baseAuthor(
  known: Conflict | undefined,
  { base }: Collision['edit'],
): Pick<Conflict, 'baseBy' | 'baseAt'> {
  if (known !== undefined) {
    const { baseBy, baseAt } = known;
    return baseAt === undefined ? {} : { baseBy: baseBy ?? null, baseAt };
  }
  return base == null ? {} : { baseBy: base.modifiedBy ?? base.createdBy, baseAt: base.modifiedAt };
}

/** Whether a row that was just read is newer than, or the same mark as, what is known. */
export function isNews(known: ServerRow | null, read: ServerRow): boolean {
  if (known === null || read.mark > known.mark) return true;
  if (read.mark < known.mark) return false;
  if (read.rowId !== known.rowId) return read.rowId > known.rowId;
  return read.modifiedAt >= known.modifiedAt;
}

/** What a pulled row does to an entity. While a request about it is open, its settlement does the merge. */
export function fold(state: EntityState, read: ServerRow, context: MergeContext): Revision {
  if (!isNews(state.row, read)) return {};
  if (state.attempt !== null) return { row: read };
  return rebase(state, read, context);
}
