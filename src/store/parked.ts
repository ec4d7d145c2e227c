import type { Fields } from '../domain/fields.ts';
import { withMembers } from '../domain/member-set.ts';
import type { Edit, EntityState, ServerRow } from '../sync/ports.ts';
import { planOf, type Plan, type PlanContext } from './commands.ts';
import { visibleFields } from './overlay.ts';
import type { JournalStep } from './schema.ts';

/** The user wants a refused edit to be tried again as it is. */
export function planRetry(edit: Edit, state: EntityState, context: PlanContext): Plan {
  const again: Edit = {
    ...edit,
    status: { kind: 'pending' },
    revision: context.order,
    updatedAt: context.now,
  };
  return settled({ edit, next: again, state, step: null, conflicts: state.conflicts }, context);
}

/**
 * The user gives a refused edit up: the entity shows server truth again; its undo brings the edit back. A track
 * that is not to be deleted after all gets the members back that were taken out for it.
 */
export function planDiscard(edit: Edit, state: EntityState, context: PlanContext): Plan {
  const mine = visibleFields(state);
  const next = leftToDo(edit, state, context);
  const truth = visibleFields({ row: state.row, edit: next });
  const { ref, projectId, type, media } = edit;
  const step: JournalStep | null =
    edit.ref.kind === 'media' || (mine === null && truth === null)
      ? null
      : { ref, projectId, type, media, before: mine, after: truth };
  return settled({ edit, next, state, step, conflicts: [] }, context);
}

/** What an edit that is given up leaves to do: members to put back, or a request that may still take effect. */
function leftToDo(edit: Edit, { row, attempt }: EntityState, { order, now }: PlanContext): Edit | null {
  const { op, takenOut = [], ref } = edit;
  const again: Edit = { ...edit, status: { kind: 'pending' }, revision: order, updatedAt: now };
  const isLosing = op === 'delete' && takenOut.length > 0 && row?.deleted === false;
  const changes: Fields = isLosing ? memberChange(row.fields, takenOut) : {};
  const isOpen = attempt !== null || edit.maybeSent;
  if (isOpen && (ref.kind === 'localization' || ref.kind === 'state'))
    return { ...again, op: op === 'create' || isGone(edit, row) ? 'delete' : 'edit', changes };
  return Object.keys(changes).length === 0 ? null : { ...again, op: 'edit', base: row, changes };
}

function isGone({ base }: Edit, row: ServerRow | null): boolean {
  const known = row ?? base;
  return known === null || known.deleted;
}

function memberChange(fields: Fields, members: string[]): Fields {
  const { localizations = null } = withMembers(fields, members);
  return { localizations };
}

function settled(
  {
    edit,
    next,
    state,
    step,
    conflicts,
  }: {
    edit: Edit;
    next: Edit | null;
    state: EntityState;
    step: JournalStep | null;
    /** Those that are left to be answered. */
    conflicts: EntityState['conflicts'];
  },
  context: PlanContext,
): Plan {
  const { ref, media } = edit;
  const entry = {
    id: context.id,
    media,
    order: context.order,
    label: 'history.discard',
    undone: false,
    steps: step === null ? [] : [step],
    settled: state.conflicts.filter((one) => !conflicts.includes(one)),
  };
  const journal = step === null ? ({ kind: 'none' } as const) : ({ kind: 'add', entry } as const);
  return planOf(
    [{ place: { ref, media }, before: state, revision: { edit: next, conflicts } }],
    journal,
    context,
  );
}
