import { differing, sameFields, sameValue } from '../domain/compare.ts';
import type { Fields } from '../domain/fields.ts';
import { isSetField, stateMembers, withMembers } from '../domain/member-set.ts';
import { deletedField, emptied, isSameToDelete, list, owing, rebase, type MergeContext } from './merge.ts';
import {
  isSentKnown,
  puttingBack,
  type Attempt,
  type Conflict,
  type Edit,
  type EntityState,
  type Revision,
  type ServerRow,
} from './ports.ts';

/*
 * What became of a request, told from all marks of its entity (`../docs/sync.md`):
 *
 *   not among the marks   it never took effect: the edit is pending again, over what is there now
 *   landed as mark m      m is the new base; what the user changed since the request stays his
 *                         change; marks between base and m were hidden by it and are repaired
 */

type Asked = EntityState & { attempt: Attempt };

export interface SettleContext extends MergeContext {
  /** ms that a request without an answer may still take effect after it was sent. */
  lateFor: number;
  /** The server knows requests by keys. */
  keyed?: boolean;
}

/**
 * Settles the open request of an entity with its whole history as the server has it now (all marks,
 * tombstones too). Without an edit or a request, it only folds the current mark.
 */
export function settle(state: EntityState, history: ServerRow[], context: SettleContext): Revision {
  const marks = history.toSorted((a, b) => a.mark - b.mark || a.rowId - b.rowId);
  const last = marks.at(-1) ?? null;
  const attempt = state.attempt ?? sentBefore(state);
  // A restore or a prune may have taken the number back that our tombstone follows.
  const isGone = attempt?.intent === 'delete' && last?.deleted === true;
  const current = last === null || isGone || isBack(state, last) ? last : newest(state.row, last);
  if (attempt === null) return { ...rebase(state, current, context) };
  const landed = findLanded({ ...state, attempt }, marks);
  if (landed === null) {
    if (mayStillLand(attempt, context)) return { row: current };
    return settleUnsent({ ...state, attempt, edit: asSeen(state.edit, marks) }, current, context);
  }
  const confirmed = confirm({ ...state, attempt }, landed, context);
  const repaired = repairHidden(
    { ...state, ...confirmed, attempt },
    { before: state.edit, marks, landed, context },
  );
  return onto(repaired, landed, current, context);
}

/**
 * It lives on the server under an older mark than the tombstone that the user wants to replace: a restore has
 * brought it back. Believed at once, since what follows is a PATCH of that mark, or a question.
 */
function isBack({ edit, attempt }: EntityState, last: ServerRow): boolean {
  if (attempt !== null || edit?.op !== 'create' || last.deleted) return false;
  return edit.base !== null && last.mark < edit.base.mark;
}

/**
 * A delete that follows a create without an answer (a lost database has only the delete): its user has seen
 * what he had made himself, which is the first mark.
 */
function asSeen(edit: Edit | null, marks: ServerRow[]): Edit | null {
  const [first] = marks;
  if (edit?.op !== 'delete' || edit.base !== null || first === undefined || first.deleted) return edit;
  return { ...edit, base: first };
}

/** A create that had been found absent once, and is there now after all: a restore has brought it back. */
function sentBefore({ edit }: EntityState): Attempt | null {
  if (edit?.sentBefore !== true || edit.op !== 'create' || edit.base !== null) return null;
  const { key, revision, changes: sent, updatedAt: at } = edit;
  return { id: key, key, revision, intent: 'create', baseMark: null, sent, state: 'sent', at };
}

/**
 * ms between what a server does first for a PATCH, which is to compare the mark, and what it does last. One that
 * was sent by a process that has just died may be between the two.
 */
const patchTakes = 5000;

/**
 * A create or a delete in doubt may still be at work in the server; sent again, it would be carried out
 * twice. A PATCH names its mark, so that the second one is refused; but if another mark has come meanwhile, the
 * first would hide it, and the second would not be the one that is told to have done so.
 */
function mayStillLand(
  { intent, state, at, batch }: Attempt,
  { now, lateFor, keyed = false }: SettleContext,
): boolean {
  // It will be sent again under its key (`resend.ts`).
  if (keyed && batch !== undefined) return state === 'in-doubt';
  const age = now - at;
  // Below zero the clock was set back, and tells nothing.
  return (
    state === 'in-doubt' && age >= 0 && age < (intent === 'patch' ? Math.min(patchTakes, lateFor) : lateFor)
  );
}

/** Settles with the row that a PATCH answered, where its mark follows the base directly. */
export function settleEcho(state: EntityState, echo: ServerRow, context: MergeContext): Revision {
  const { attempt } = state;
  if (attempt === null) return {};
  return onto(confirm({ ...state, attempt }, echo, context), echo, newest(state.row, echo), context);
}

/** The edit stays with its reason until the user decides; what was changed since `revision` is tried anew. */
export function park(
  { edit }: EntityState,
  { reason, revision, now }: { reason: string; revision: number; now: number },
): Revision {
  if (edit === null) return { attempt: null };
  return {
    attempt: null,
    edit:
      edit.revision !== revision
        ? edit
        : { ...edit, status: { kind: 'parked', reason, at: now }, maybeSent: false },
  };
}

/** The mark that the request made, or null. */
function findLanded({ edit, attempt }: Asked, marks: ServerRow[]): ServerRow | null {
  const after = marks.filter(({ mark }) => attempt.baseMark === null || mark > attempt.baseMark);
  switch (attempt.intent) {
    case 'delete':
      // Marks may have been taken back since (a restore, a prune): what counts is that it is gone.
      return (
        after.findLast(({ deleted }) => deleted) ?? marks.slice(-1).find(({ deleted }) => deleted) ?? null
      );
    case 'create':
      if (attempt.baseMark === null) return after.find(({ deleted }) => !deleted) ?? after[0] ?? null;
      return (
        [...after, ...marks.slice(-1)].find(
          ({ deleted, fields }) => !deleted && sameFields(fields, attempt.sent),
        ) ?? null
      );
    case 'patch': {
      const base = marks.find(({ mark }) => mark === attempt.baseMark)?.fields ?? edit?.base?.fields ?? {};
      const wanted = { ...base, ...attempt.sent };
      return after.find(({ deleted, fields }) => !deleted && sameFields(fields, wanted)) ?? null;
    }
  }
}

function settleUnsent(state: Asked, current: ServerRow | null, context: MergeContext): Revision {
  const edit = state.edit === null ? null : { ...state.edit, maybeSent: false, sentBefore: true };
  if (edit?.op === 'delete' && edit.base === null && current === null) {
    return { row: null, edit: null, attempt: null, conflicts: [] };
  }
  if (edit?.op === 'edit' && Object.keys(edit.changes).length === 0) {
    return { row: current, edit: null, attempt: null, conflicts: [] };
  }
  return { ...rebase({ ...state, edit, attempt: null }, current, context), attempt: null };
}

/** The request took effect as `landed`: what of the user's will is not in it yet? */
function confirm(
  { edit, attempt, conflicts }: Asked,
  landed: ServerRow,
  context: MergeContext,
): Pick<EntityState, 'edit' | 'conflicts'> {
  if (edit === null) return { edit: null, conflicts };
  const { takenOut: _before, ...known } = edit;
  const settled: Edit = { ...known, base: landed, maybeSent: false, sentBefore: false };
  const taken = takenOut(edit, attempt, landed);
  if (edit.op === 'delete') {
    if (landed.deleted) return { edit: null, conflicts: [] };
    return { edit: { ...settled, changes: {}, ...owing(taken) }, conflicts };
  }
  if (landed.deleted && attempt.intent === 'delete') {
    const content = edit.op === 'create' ? edit.changes : { ...edit.base?.fields, ...edit.changes };
    return { edit: { ...settled, op: 'create', changes: content }, conflicts };
  }
  if (landed.deleted) return deletedMeanwhile({ edit, attempt, conflicts }, landed, context);
  const { changes, unstored } = remaining(edit, attempt, landed);
  if (Object.keys(changes).length === 0) return { edit: null, conflicts };
  // Of those only what the user wants back is owed, should he delete it again.
  const wanted = new Set(stateMembers(changes));
  const rest = puttingBack(
    { ...settled, op: 'edit', changes, ...owing(taken.filter((id) => wanted.has(id))) },
    edit.putBack ?? [],
  );
  // What exactly was sent by a process whose database was lost may not be known: it is sent again.
  const unsure = !isSentKnown({ edit, attempt });
  const asked = rewrittenMeanwhile({ edit: rest, attempt, conflicts }, landed, {
    ...context,
    unsure,
    seen: edit.base?.fields ?? {},
  });
  if (unstored.length === 0 || unsure) return { edit: rest, conflicts: asked };
  const reason = `The server did not store: ${unstored.join(', ')}`;
  return { edit: { ...rest, status: { kind: 'parked', reason, at: edit.updatedAt } }, conflicts: asked };
}

/** The members that the track has lost to our requests for its delete. */
function takenOut(edit: Edit, { intent, sent }: Attempt, landed: ServerRow): string[] {
  const there = new Set(stateMembers(landed.fields));
  const lost = intent === 'patch' && 'localizations' in sent ? stateMembers(edit.base?.fields ?? {}) : [];
  return [...new Set([...(edit.takenOut ?? []), ...lost])].filter((id) => !there.has(id));
}

/**
 * Somebody rewrote in place what had just arrived, and the user has changed the same field since; or
 * the mark that a PATCH named was another one than the user had seen (its number was given again).
 * `unsure`: after a lost database it is not known what was sent, so whatever differs is asked about.
 */
function rewrittenMeanwhile(
  {
    edit,
    attempt: { sent, intent },
    conflicts,
  }: Pick<EntityState, 'conflicts'> & { edit: Edit; attempt: Attempt },
  landed: ServerRow,
  { unsure, seen, ...context }: MergeContext & { unsure: boolean; seen: Fields },
): Conflict[] {
  let listed = conflicts;
  for (const [field, mine] of Object.entries(edit.changes)) {
    const value = landed.fields[field] ?? null;
    if (intent === 'patch' && !(field in sent) && !isSetField(field)) {
      const base = seen[field] ?? null;
      if (!sameValue(value, base) && !listed.some((one) => one.field === field))
        listed = list(listed, { edit, theirs: landed, field, base, mine, value }, context);
      continue;
    }
    const base = unsure ? null : (sent[field] ?? null);
    const isOurs = !unsure && (sameValue(sent[field], mine) || sameValue(value, base));
    if (isSetField(field) || !(field in sent) || isOurs) continue;
    listed = list(listed, { edit, theirs: landed, field, base, mine, value }, context);
  }
  return listed;
}

/** Ours had arrived, and somebody deleted it: what the user changed since it was sent is asked about. */
function deletedMeanwhile(
  { edit, attempt, conflicts }: Pick<EntityState, 'conflicts'> & { edit: Edit; attempt: Attempt },
  landed: ServerRow,
  context: MergeContext,
): Pick<EntityState, 'edit' | 'conflicts'> {
  const content = edit.op === 'create' ? edit.changes : { ...edit.base?.fields, ...edit.changes };
  // What exactly was sent by a process whose database was lost is not known; what arrived is.
  const sent = edit.maybeSent ? landed.fields : arrived(attempt, landed);
  const changes = differing(sent, content);
  const alive = { ...landed, deleted: false, fields: sent };
  const state: EntityState = {
    row: landed,
    attempt: null,
    edit: { ...edit, op: 'edit', base: alive, changes, maybeSent: false },
    conflicts,
  };
  return { edit: state.edit, conflicts, ...rebase(state, landed, context) };
}

/**
 * What was sent, but for what the row of a create has otherwise: left out by the server, whose types have no
 * such attribute, or never seen by its user in another way.
 */
function arrived({ sent, intent }: Attempt, { fields }: ServerRow): Fields {
  if (intent !== 'create') return sent;
  return Object.fromEntries(Object.entries(sent).filter(([field, value]) => sameValue(fields[field], value)));
}

function remaining(
  edit: Edit,
  { sent, intent }: Attempt,
  landed: ServerRow,
): { changes: Fields; unstored: string[] } {
  const base = intent === 'create' ? {} : (edit.base?.fields ?? {});
  const changes: Fields = {};
  const unstored: string[] = [];
  for (const field of new Set([...Object.keys(sent), ...Object.keys(edit.changes)])) {
    const mine = (field in edit.changes ? edit.changes[field] : base[field]) ?? null;
    const there = landed.fields[field] ?? null;
    if (sameValue(mine, there)) continue;
    changes[field] = mine;
    if (field in sent && sameValue(mine, sent[field])) unstored.push(field);
  }
  return { changes, unstored };
}

/**
 * A PATCH is made from the mark it names; marks that came between are hidden by its result. Their
 * fields are changed again, by us, except where they collide with ours: those are listed.
 */
function repairHidden(
  state: Asked,
  {
    before,
    marks,
    landed,
    context,
  }: { before: Edit | null; marks: ServerRow[]; landed: ServerRow; context: MergeContext },
): Pick<EntityState, 'edit' | 'conflicts'> {
  const { attempt } = state;
  const { baseMark } = attempt;
  if (baseMark === null || attempt.intent === 'create') return state;
  const hidden = marks.filter(({ mark }) => mark > baseMark && mark < landed.mark);
  const last = hidden.at(-1);
  const base = marks.find(({ mark }) => mark === baseMark);
  if (last === undefined || base === undefined) return state;
  const owner = state.edit ?? before;
  if (owner === null) return state;
  if (attempt.intent === 'delete' || state.edit?.op === 'delete') {
    if (last.deleted || isSameToDelete(base.fields, last.fields)) return state;
    const collision = {
      edit: owner,
      theirs: last,
      field: deletedField,
      base: false,
      mine: true,
      value: false,
      // Whoever keeps it wants it as they had made it, and with the members that were taken out for the delete.
      content: withMembers(last.fields, [...(before?.takenOut ?? []), ...emptied(base.fields, last.fields)]),
    };
    return { edit: state.edit, conflicts: list(state.conflicts, collision, context) };
  }
  const changed = Object.keys(last.fields).filter(
    (field) => !sameValue(last.fields[field], base.fields[field]),
  );
  const theirs: Fields = {};
  let conflicts: Conflict[] = state.conflicts;
  for (const field of changed) {
    const value = last.fields[field] ?? null;
    const mine = state.edit?.changes[field] ?? attempt.sent[field];
    if (mine === undefined) theirs[field] = value;
    else if (!sameValue(mine, value)) {
      conflicts = list(
        conflicts,
        { edit: owner, theirs: last, field, base: base.fields[field] ?? null, mine, value },
        context,
      );
    }
  }
  if (last.deleted) {
    conflicts = list(
      conflicts,
      { edit: owner, theirs: last, field: deletedField, base: false, mine: false, value: true },
      context,
    );
  }
  if (Object.keys(theirs).length === 0) return { edit: state.edit, conflicts };
  const edit: Edit = state.edit ?? {
    ...owner,
    op: 'edit',
    base: landed,
    changes: {},
    maybeSent: false,
    status: { kind: 'pending' },
  };
  const whole: Edit = { ...edit, changes: { ...theirs, ...edit.changes } };
  return { edit: puttingBack(whole, [...(edit.putBack ?? []), ...Object.keys(theirs)]), conflicts };
}

/** Puts the outcome over the current mark, where that is newer than the one that landed. */
function onto(
  confirmed: Pick<EntityState, 'edit' | 'conflicts'>,
  landed: ServerRow,
  current: ServerRow | null,
  context: MergeContext,
): Revision {
  const { edit, conflicts } = confirmed;
  const row = newest(landed, current);
  const state: EntityState = { row, attempt: null, edit, conflicts };
  if (row === null || row === landed || row.mark <= landed.mark) return { ...state, row };
  return { edit, conflicts, ...rebase(state, row, context), attempt: null };
}

function newest(a: ServerRow | null, b: ServerRow | null): ServerRow | null {
  if (a === null || b === null) return a ?? b;
  return b.mark >= a.mark ? b : a;
}
