import { differing, sameValue } from '../domain/compare.ts';
import type { Fields } from '../domain/fields.ts';
import { entityKey } from '../domain/identity.ts';
import { stateMembers } from '../domain/member-set.ts';
import { puttingBack, type Conflict, type Edit, type EntityState } from '../sync/ports.ts';
import { StorageError } from './errors.ts';
import type { JournalStep } from './schema.ts';
import type { Change } from './types.ts';

/*
 * The overlay's rules: what a user's change makes of an entity's edit. All pure.
 *
 *   nothing --create--> create --change--> create --delete--> nothing (if it was never sent)
 *   row     --change--> edit   --change--> edit   --delete--> delete --create (undo)--> edit
 *   tombstone --create--> create over the tombstone
 *
 * An edit whose changes all equal its base again is gone, unless a request about it is open:
 * then it stays, empty, until the request is settled.
 */

export interface OverlayContext {
  projectId: number;
  /** Number of the command. */
  order: number;
  /** ms */
  now: number;
}

export interface OverlayOutcome {
  edit: Edit | null;
  /** The conflicts that are left. */
  conflicts: Conflict[];
  step: JournalStep;
}

/** The content that the user sees; null where there is nothing to see. */
export function visibleFields(state: Pick<EntityState, 'row' | 'edit'>): Fields | null {
  const { row, edit } = state;
  if (edit === null) return row === null || row.deleted ? null : row.fields;
  if (edit.op === 'delete') return null;
  return contentOf(edit);
}

/** The whole content that an edit of the kinds `create` and `edit` stands for. */
export function contentOf(edit: Pick<Edit, 'op' | 'base' | 'changes'>): Fields {
  return edit.op === 'create' ? edit.changes : { ...edit.base?.fields, ...edit.changes };
}

/** Made by a command; the edit that creates a dropped file on the server is the host's, and not recorded. */
export function isUsersWork({ revision }: Edit): boolean {
  return revision > 0;
}

/** Applies one change of the user; throws `StorageError` where the entity is not there to be changed. */
export function applyChange(state: EntityState, change: Change, context: OverlayContext): OverlayOutcome {
  switch (change.kind) {
    case 'create':
      return create(state, change, context);
    case 'change':
      return edited(state, change, context);
    case 'delete':
      return removed(state, change, context);
  }
}

function create(
  state: EntityState,
  change: Change & { kind: 'create' },
  context: OverlayContext,
): OverlayOutcome {
  const before = visibleFields(state);
  if (before !== null)
    return edited(state, { kind: 'change', ref: change.ref, fields: change.fields }, context);
  // Of his own element, deleted before the server was known to have it, the user has not seen the row.
  const base = state.edit === null ? state.row : state.edit.base;
  const fresh = newEdit(change, context);
  const edit: Edit =
    base === null || base.deleted
      ? { ...fresh, op: 'create', base, changes: change.fields }
      : { ...fresh, op: 'edit', base, changes: contentChanges(base.fields, change.fields) };
  return {
    ...settle({ ...edit, ...continuing(state, context) }, state),
    step: stepOf(change, context, {
      type: change.type,
      media: change.media,
      before: null,
      after: change.fields,
    }),
  };
}

function edited(
  state: EntityState,
  change: Change & { kind: 'change' },
  context: OverlayContext,
): OverlayOutcome {
  const visible = visibleFields(state);
  const home = state.edit ?? state.row;
  if (visible === null || home === null) throw new StorageError('no-such-entity');
  const after = differing(visible, change.fields);
  const before = Object.fromEntries(Object.keys(after).map((field) => [field, visible[field] ?? null]));
  const { type, media } = home;
  const previous: Edit = state.edit ?? {
    ...newEdit({ ref: change.ref, type, media }, context),
    op: 'edit',
    base: state.row,
    changes: {},
  };
  const changes = { ...previous.changes, ...after };
  const next = {
    ...previous,
    ...continuing(state, context),
    changes: previous.op === 'edit' ? againstBase(previous, changes) : changes,
  };
  // What he has changed himself is his from now on.
  const putBack = (previous.putBack ?? []).filter((field) => !(field in after));
  return {
    ...settle(puttingBack(next, putBack), state),
    step: stepOf(change, context, { type, media, before, after }),
  };
}

function removed(
  state: EntityState,
  change: Change & { kind: 'delete' },
  context: OverlayContext,
): OverlayOutcome {
  const visible = visibleFields(state);
  const home = state.edit ?? state.row;
  if (visible === null || home === null) throw new StorageError('no-such-entity');
  const { type, media } = home;
  const base = state.edit === null ? state.row : state.edit.base;
  const next: Edit = {
    ...newEdit({ ref: change.ref, type, media }, context),
    op: 'delete',
    base,
    changes: {},
    ...continuing(state, context),
  };
  // Of what others have taken out he has seen the track without it.
  const takenOut = next.takenOut?.filter((id) => stateMembers(visible).includes(id)) ?? [];
  if (takenOut.length === 0) delete next.takenOut;
  else next.takenOut = takenOut;
  return {
    ...settle(next, state),
    step: stepOf(change, context, { type, media, before: visible, after: null }),
  };
}

/** What the work on an entity keeps from its earlier edit. A new change is a new try of a parked one. */
function continuing({ edit }: EntityState, { order, now }: OverlayContext): Partial<Edit> {
  return {
    revision: order,
    updatedAt: now,
    status: { kind: 'pending' },
    ...(edit === null ? {} : { createdAt: edit.createdAt, maybeSent: edit.maybeSent }),
    ...(edit?.takenOut === undefined ? {} : { takenOut: edit.takenOut }),
  };
}

/** No edit is left when nothing is to be told to a server and nothing can be on its way to one. */
function settle(edit: Edit, state: EntityState): Pick<OverlayOutcome, 'edit' | 'conflicts'> {
  const conflicts = state.conflicts.filter(
    (conflict) => !isSettledBy(conflict, { before: state.edit, after: edit }),
  );
  const open = state.attempt !== null || edit.maybeSent;
  return { edit: open || hasContent(edit) ? edit : null, conflicts };
}

function hasContent(edit: Edit): boolean {
  if (edit.op === 'delete') return edit.base !== null && !edit.base.deleted;
  return edit.op === 'create' || Object.keys(edit.changes).length > 0 || edit.base?.deleted === true;
}

/** The user settles a conflict by deleting the entity, or by giving up the value of his that collided. */
function isSettledBy({ field }: Conflict, { before, after }: { before: Edit | null; after: Edit }): boolean {
  if (after.op === 'delete') return true;
  return before !== null && field in before.changes && !(field in after.changes);
}

function againstBase(edit: Edit, changes: Fields): Fields {
  const base = edit.base?.fields ?? {};
  return Object.fromEntries(
    Object.entries(changes).filter(([field, value]) => !sameValue(base[field], value)),
  );
}

/** Changes that turn `base` into exactly `content`: what is missing there is set to null. */
function contentChanges(base: Fields, content: Fields): Fields {
  const gone = Object.keys(base).filter((field) => !(field in content));
  return differing(base, { ...Object.fromEntries(gone.map((field) => [field, null])), ...content });
}

function newEdit(
  { ref, type, media }: Pick<Edit, 'ref' | 'type' | 'media'>,
  { projectId, order, now }: OverlayContext,
): Omit<Edit, 'op' | 'base' | 'changes'> {
  return {
    key: entityKey(ref),
    ref,
    projectId,
    type,
    media,
    revision: order,
    maybeSent: false,
    status: { kind: 'pending' },
    createdAt: now,
    updatedAt: now,
  };
}

function stepOf(
  { ref }: Pick<Change, 'ref'>,
  { projectId }: OverlayContext,
  rest: Pick<JournalStep, 'type' | 'media' | 'before' | 'after'>,
): JournalStep {
  return { ref, projectId, ...rest };
}
