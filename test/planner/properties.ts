import type { Json } from '../../src/base/json.ts';
import { seededRandom } from '../../src/base/random.ts';
import { sameFields, sameValue } from '../../src/domain/compare.ts';
import type { Fields } from '../../src/domain/fields.ts';
import { isSetField, membersOf } from '../../src/domain/member-set.ts';
import { deletedField, fold, rebase, type MergeContext } from '../../src/sync/merge.ts';
import { needsLookup, nextStep } from '../../src/sync/plan.ts';
import type { EntityState, ServerRow } from '../../src/sync/ports.ts';
import { settle } from '../../src/sync/settle.ts';
import { meets, stateOf, viewOf, type MergeCase } from './cases.ts';

/** What holds for every plan; the first that a case breaks is told. */
export type Property = (one: MergeCase) => string | null;

function context(): MergeContext {
  let ids = 0;
  return { now: 1, makeId: () => `id-${(ids += 1)}` };
}

function merged(one: MergeCase, theirs: ServerRow): EntityState {
  const state = stateOf(one);
  return { ...state, ...rebase(state, theirs, context()) };
}

const text = (value: unknown): string => JSON.stringify(value);
const isEdit = ({ edit }: MergeCase): boolean => edit.op === 'edit' && Object.keys(edit.changes).length > 0;
const latest = ({ remote, base }: MergeCase): ServerRow => remote.at(-1) ?? base;

/** Fields that the user left alone are theirs; those that only he changed are his. */
const keepsBothSides: Property = (one) => {
  const theirs = latest(one);
  if (!isEdit(one) || theirs.deleted) return null;
  const view = viewOf(merged(one, theirs));
  for (const [field, value] of Object.entries(theirs.fields)) {
    const mine = one.edit.changes[field];
    const untouched = mine === undefined;
    if (untouched && !sameValue(view?.[field], value))
      return `${field} is ${text(view?.[field])}, not theirs`;
    const onlyMine = !untouched && sameValue(value, one.base.fields[field]);
    if (onlyMine && !sameValue(view?.[field], mine)) return `${field} is ${text(view?.[field])}, not mine`;
  }
  return null;
};

/** A question is asked exactly where both sides changed one field to different values. */
const asksWhereItMust: Property = (one) => {
  const theirs = latest(one);
  if (!isEdit(one)) return null;
  const asked = new Set(merged(one, theirs).conflicts.map(({ field }) => field));
  if (theirs.deleted) return asked.has(deletedField) ? null : 'nobody is asked about the delete';
  for (const [field, value] of Object.entries(theirs.fields)) {
    const mine = one.edit.changes[field];
    const differs =
      mine !== undefined && !sameValue(mine, value) && !sameValue(value, one.base.fields[field]);
    const wanted = differs && !isSetField(field);
    if (wanted !== asked.has(field)) return `${field} is ${wanted ? 'not ' : ''}asked about`;
  }
  return null;
};

/** A delete is never carried out over what its user has not seen, nor given up silently. */
const asksBeforeItDeletes: Property = (one) => {
  const theirs = latest(one);
  if (one.edit.op !== 'delete') return null;
  const state = merged(one, theirs);
  if (theirs.deleted) return state.edit === null ? null : 'the delete is still to do';
  if (state.edit?.op !== 'delete') return 'the delete is given up';
  const isAsked = state.conflicts.some(({ field }) => field === deletedField);
  // A track without its members is what everybody makes of one that is to be deleted.
  const { localizations = null } = theirs.fields;
  const isEmptied =
    membersOf(localizations).length === 0 && membersOf(one.base.fields.localizations).length > 0;
  const seen = isEmptied ? { ...one.base.fields, localizations } : one.base.fields;
  const isOther = !sameFields(theirs.fields, seen);
  return isAsked === isOther ? null : `the delete is ${isOther ? 'not ' : ''}asked about`;
};

/** Every value in the outcome is one that somebody wrote. */
const inventsNothing: Property = (one) => {
  const theirs = latest(one);
  const state = merged(one, theirs);
  const sources = [one.base.fields, theirs.fields, one.edit.changes];
  for (const [field, value] of Object.entries(viewOf(state) ?? {})) {
    const known = isSetField(field)
      ? membersOf(value).every((id) => sources.some((fields) => membersOf(fields[field]).includes(id)))
      : sources.some((fields) => field in fields && sameValue(fields[field], value));
    if (!known) return `${field} = ${text(value)} was written by nobody`;
  }
  const foreign = state.conflicts.find(({ field, theirs: value }) =>
    field === deletedField ? value !== theirs.deleted : !sameValue(value, theirs.fields[field]),
  );
  return foreign === undefined ? null : `the question about ${foreign.field} names what is not theirs`;
};

/** Hearing the same again changes nothing. */
const isIdempotent: Property = (one) => {
  const theirs = latest(one);
  const first = merged(one, theirs);
  const second = { ...first, ...rebase(first, theirs, context()) };
  return text(second) === text(first) ? null : `heard again: ${text(second.edit)} for ${text(first.edit)}`;
};

/** In whatever order the marks arrive, the outcome is the same. */
const isOrderFree: Property = (one) => {
  // Where others granted the wish on the way, it depends on whether that was seen: both are right.
  if (one.remote.length < 2 || meets(one) || one.remote.some(({ deleted }) => deleted)) return null;
  const outcome = (rows: readonly ServerRow[]): EntityState => {
    let state = stateOf(one);
    const told = context();
    for (const row of rows) state = { ...state, ...fold(state, row, told) };
    return state;
  };
  const random = seededRandom(one.seed ^ 0x5f5f);
  const shuffled = one.remote
    .map((row) => ({ row, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
  const [straight, mixed] = [outcome(one.remote), outcome(shuffled)];
  const asked = ({ conflicts }: EntityState): Json => conflicts.map(({ field }) => field).sort();
  if (!sameFields(viewOf(straight) ?? {}, viewOf(mixed) ?? {}))
    return `${text(viewOf(straight))} in order, ${text(viewOf(mixed))} out of order`;
  // A delete may ask once more where others were seen to change it and change it back.
  if (one.edit.op === 'delete' && mixed.conflicts.length === 0) return null;
  return sameValue(asked(straight), asked(mixed))
    ? null
    : `asks about ${text(asked(straight))} in order, about ${text(asked(mixed))} out of order`;
};

/** What may be sent, told without the planner's own help: the changes about which nothing is asked. */
function unasked({ edit, conflicts }: EntityState): Fields {
  const isAsked = (name: string): boolean => conflicts.some(({ field }) => field === name);
  return Object.fromEntries(Object.entries(edit?.changes ?? {}).filter(([name]) => !isAsked(name)));
}

/** Carried out step by step against a server that does what it is told, a plan comes to an end. */
const ends: Property = (one) => {
  const theirs = latest(one);
  let state = merged(one, theirs);
  let server = theirs;
  const plan = { mediaIds: new Map([['m', 1]]), absent: new Set<never>(), keepsMembers: new Set<never>() };
  for (let step = 0; step < 4; step += 1) {
    const next = nextStep(state, plan);
    if (next === null) {
      if (state.edit === null || state.conflicts.length > 0) return null;
      if (needsLookup(state, plan)) {
        state = { ...state, ...settle(state, [server], { ...context(), lateFor: 0 }) };
        continue;
      }
      return `stands still with ${text(state.edit)}`;
    }
    // A track that is to be deleted lets go of its members first, so that the server leaves them there.
    const wanted = state.edit?.op === 'delete' ? { localizations: [] } : unasked(state);
    if (next.intent === 'patch' && !sameFields(next.fields, wanted)) return `sends ${text(next.fields)}`;
    const fields = next.intent === 'create' ? next.fields : { ...server.fields, ...next.fields };
    server = {
      ...server,
      mark: server.mark + 1,
      rowId: server.rowId + 1,
      fields,
      deleted: next.intent === 'delete',
    };
    const attempt = {
      id: 'a',
      key: one.edit.key,
      revision: 1,
      intent: next.intent,
      baseMark: next.baseMark,
      sent: next.fields,
      state: 'in-doubt' as const,
      at: 0,
    };
    const history = [theirs, server];
    state = { ...state, attempt };
    state = { ...state, ...settle(state, history, { ...context(), lateFor: 0 }) };
  }
  return state.edit === null || state.conflicts.length > 0 ? null : `does not end: ${text(state.edit)}`;
};

/** A request of which nothing was heard: whether it landed or not, no wish is lost and nothing of others. */
const settlesWithoutLoss: Property = (one) => {
  if (!isEdit(one) || one.remote.some(({ deleted }) => deleted)) return null;
  const { base, edit, remote } = one;
  const random = seededRandom(one.seed ^ 0x1234);
  const between = remote.slice(0, Math.floor(random() * (remote.length + 1)));
  const landed = random() < 0.5;
  // Which of two marks with the very same content is ours, nobody can tell (a limit that the docs name).
  const wanted = { ...base.fields, ...edit.changes };
  if (between.some(({ fields }) => sameFields(fields, wanted))) return null;
  const above: ServerRow = {
    ...base,
    mark: between.length + 1,
    rowId: 900,
    fields: wanted,
    modifiedBy: 1,
  };
  const history = [base, ...between, ...(landed ? [above] : [])];
  const attempt = {
    id: 'a',
    key: edit.key,
    revision: 1,
    intent: 'patch' as const,
    baseMark: 0,
    sent: edit.changes,
    state: 'in-doubt' as const,
    at: 0,
  };
  const before: EntityState = { ...stateOf(one), attempt };
  const after = { ...before, ...settle(before, history, { ...context(), lateFor: 0 }) };
  if (after.attempt !== null) return 'the request is still open';
  const view = viewOf(after) ?? {};
  const asked = new Set(after.conflicts.map(({ field }) => field));
  const last = between.at(-1) ?? base;
  for (const [field, value] of Object.entries(last.fields)) {
    if (asked.has(field) || isSetField(field)) continue;
    const mine = edit.changes[field];
    // Others may have come to the same on the way, and gone on from there.
    const granted = mine !== undefined && between.some((row) => sameValue(row.fields[field], mine));
    if (mine !== undefined && !granted && !sameValue(view[field], mine)) return `my ${field} is lost`;
    if (mine === undefined && !sameValue(view[field], value)) return `their ${field} is lost`;
  }
  return null;
};

export const properties: Readonly<Record<string, Property>> = {
  'keeps what each side alone changed': keepsBothSides,
  'asks exactly where both sides differ': asksWhereItMust,
  'asks before it deletes what was changed': asksBeforeItDeletes,
  'invents nothing': inventsNothing,
  'changes nothing when told the same again': isIdempotent,
  'comes to the same in any order': isOrderFree,
  'comes to an end': ends,
  'loses nothing when a request is in doubt': settlesWithoutLoss,
};

/** The broken properties of a case, with what was seen. */
export function broken(one: MergeCase): string[] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const seen = property(one);
    return seen === null ? [] : [`${name}: ${seen}`];
  });
}
