import type { Edit, EntityState } from '../sync/ports.ts';
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
  return settled({ edit, next: again, state, step: null }, context);
}

/** The user gives a refused edit up: the entity shows server truth again; its undo brings the edit back. */
export function planDiscard(edit: Edit, state: EntityState, context: PlanContext): Plan {
  const mine = visibleFields(state);
  const truth = visibleFields({ row: state.row, edit: null });
  const { ref, projectId, type, media } = edit;
  const step: JournalStep | null =
    edit.ref.kind === 'media' || (mine === null && truth === null)
      ? null
      : { ref, projectId, type, media, before: mine, after: truth };
  return settled({ edit, next: null, state, step }, context);
}

function settled(
  {
    edit,
    next,
    state,
    step,
  }: { edit: Edit; next: Edit | null; state: EntityState; step: JournalStep | null },
  context: PlanContext,
): Plan {
  const { ref, media } = edit;
  const conflicts = next === null ? [] : state.conflicts;
  const entry = {
    id: context.id,
    media,
    order: context.order,
    label: 'history.discard',
    undone: false,
    steps: step === null ? [] : [step],
    settled: next === null ? state.conflicts : [],
  };
  const journal = step === null ? ({ kind: 'none' } as const) : ({ kind: 'add', entry } as const);
  return planOf(
    [{ place: { ref, media }, before: state, revision: { edit: next, conflicts } }],
    journal,
    context,
  );
}
