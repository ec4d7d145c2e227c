import type { Fields } from '../domain/fields.ts';
import { withMembers } from '../domain/member-set.ts';
import type { Conflict, Edit, EntityState } from '../sync/ports.ts';
import { planCommand, planOf, type Plan, type PlanContext } from './commands.ts';
import { StorageError } from './errors.ts';
import { contentOf, visibleFields } from './overlay.ts';
import type { JournalStep } from './schema.ts';

/** Plans the same answer to conflicts of one media, each of another entity, as one undoable step. */
export function planResolutions(
  conflicts: readonly Conflict[],
  choice: 'mine' | 'theirs',
  states: readonly EntityState[],
  context: PlanContext,
): Plan {
  const plans = conflicts.map((conflict, i) =>
    planResolution(conflict, choice, states[i] ?? nothing, context),
  );
  if (plans.length === 0) throw new StorageError('no-such-entity');
  const entries = plans.flatMap(({ journal }) => (journal.kind === 'add' ? [journal.entry] : []));
  const entry = entries[0] && {
    ...entries[0],
    steps: entries.flatMap(({ steps }) => steps),
    settled: entries.flatMap(({ settled }) => settled),
  };
  const journal = entry === undefined ? ({ kind: 'none' } as const) : ({ kind: 'add', entry } as const);
  return planOf(
    plans.flatMap(({ rewrites }) => rewrites),
    journal,
    context,
  );
}

/** The conflicts by media; a second one of the same entity is for a step of its own. */
export function oneStepEach(conflicts: readonly Conflict[]): Conflict[][] {
  const steps: Conflict[][] = [];
  for (const conflict of conflicts) {
    const step = steps.find(
      (others) => others[0]?.media === conflict.media && !others.some((other) => other.key === conflict.key),
    );
    if (step === undefined) steps.push([conflict]);
    else step.push(conflict);
  }
  return steps;
}

const nothing: EntityState = { row: null, edit: null, attempt: null, conflicts: [] };

/**
 * Plans the user's answer to a conflict as an undoable step of the media's history.
 *
 *   theirs  the field takes their value (of `$deleted`: the entity goes, or my delete is given up);
 *           its undo brings my value and the question back
 *   mine    my value stays and may be sent over theirs; a deleted entity is made again; its undo
 *           takes theirs, since mine may be on the server by then
 */
export function planResolution(
  conflict: Conflict,
  choice: 'mine' | 'theirs',
  state: EntityState,
  context: PlanContext,
): Plan {
  const left = state.conflicts.filter(({ id }) => id !== conflict.id);
  const settledState = { ...state, conflicts: left };
  const { projectId, media, ref } = conflict;
  const label = choice === 'mine' ? 'history.keepMine' : 'history.takeTheirs';
  const changes = choice === 'theirs' ? theirChanges(conflict, state) : [];
  const plan = planCommand({ projectId, media, label, changes }, [settledState], context);
  const rewrite = plan.rewrites[0];
  const edit = rewrite === undefined ? keptMine(conflict, state, context) : (rewrite.revision.edit ?? null);
  const conflicts = rewrite?.revision.conflicts ?? left;
  const steps =
    plan.journal.kind === 'add'
      ? plan.journal.entry.steps
      : choice === 'mine'
        ? keptStep(conflict, state)
        : [];
  const settled =
    choice === 'mine' ? [] : state.conflicts.filter(({ id }) => !conflicts.some((kept) => kept.id === id));
  const entry = { id: context.id, media, order: context.order, label, undone: false, steps, settled };
  const journal = steps.length === 0 ? ({ kind: 'none' } as const) : ({ kind: 'add', entry } as const);
  return planOf([{ place: { ref, media }, before: state, revision: { edit, conflicts } }], journal, context);
}

function theirChanges(conflict: Conflict, state: EntityState): Parameters<typeof planCommand>[0]['changes'] {
  const { ref, field, theirs } = conflict;
  const visible = visibleFields(state) !== null;
  if (field !== '$deleted') return !visible ? [] : [{ kind: 'change', ref, fields: { [field]: theirs } }];
  if (theirs === true) return !visible ? [] : [{ kind: 'delete', ref }];
  const base = state.edit?.base ?? state.row;
  if (base === null) return [];
  // With the members that were taken out of a track for its delete.
  const fields = withMembers(conflict.content ?? base.fields, state.edit?.takenOut ?? []);
  return [{ kind: 'create', ref, type: base.type, media: base.media, fields }];
}

/** What "mine" means against "theirs": the undo of it is their value. */
function keptStep(
  { ref, projectId, media, field, mine, theirs }: Conflict,
  state: EntityState,
): JournalStep[] {
  const { edit, row } = state;
  const type = edit?.type ?? row?.type;
  if (type === undefined) return [];
  const step = { ref, projectId, type, media };
  if (field !== '$deleted') return [{ ...step, before: { [field]: theirs }, after: { [field]: mine } }];
  const content = visibleFields(state);
  if (theirs === true) return content === null ? [] : [{ ...step, before: null, after: content }];
  return row === null ? [] : [{ ...step, before: row.fields, after: null }];
}

/** Mine stays: what changes is only that it may now be sent. */
function keptMine(conflict: Conflict, { edit }: EntityState, { order, now }: PlanContext): Edit | null {
  if (edit === null) return null;
  const again = { ...edit, revision: order, updatedAt: now };
  const deletedThere = conflict.field === '$deleted' && conflict.theirs === true && edit.op === 'edit';
  if (!deletedThere) return again;
  const content: Fields = contentOf(edit);
  return { ...again, op: 'create', changes: content };
}
