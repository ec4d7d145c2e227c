import type { Fields } from '../domain/fields.ts';
import type { Conflict, Edit, EntityState } from '../sync/ports.ts';
import type { Plan, PlanContext } from './commands.ts';
import { planCommand } from './commands.ts';
import { contentOf, visibleFields } from './overlay.ts';

/**
 * Plans the user's answer to a conflict as an undoable step of the media's history.
 *
 *   theirs  the field takes their value (of `$deleted`: the entity goes, or my delete is given up)
 *   mine    my value stays and may be sent over theirs; a deleted entity is made again
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
  const steps = plan.journal.kind === 'add' ? plan.journal.entry.steps : [];
  const settled = state.conflicts.filter(({ id }) => !conflicts.some((kept) => kept.id === id));
  const entry = { id: context.id, media, order: context.order, label, undone: false, steps, settled };
  const journal = steps.length === 0 ? ({ kind: 'none' } as const) : ({ kind: 'add', entry } as const);
  return {
    rewrites: [{ place: { ref, media }, before: state, revision: { edit, conflicts } }],
    journal,
    op: { id: context.id, order: context.order, seq: null, keys: [conflict.key] },
    line: {
      v: 1,
      kind: 'edit',
      op: context.id,
      order: context.order,
      edits: [{ key: conflict.key, edit, conflicts }],
      journal,
    },
  };
}

function theirChanges(conflict: Conflict, state: EntityState): Parameters<typeof planCommand>[0]['changes'] {
  const { ref, field, theirs } = conflict;
  const visible = visibleFields(state) !== null;
  if (field !== '$deleted') return !visible ? [] : [{ kind: 'change', ref, fields: { [field]: theirs } }];
  if (theirs === true) return !visible ? [] : [{ kind: 'delete', ref }];
  const base = state.edit?.base ?? state.row;
  if (base === null) return [];
  return [{ kind: 'create', ref, type: base.type, media: base.media, fields: base.fields }];
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
