import { entityKey } from '../domain/identity.ts';
import type { EntityState, Place } from '../sync/ports.ts';
import type { Rewrite } from './entities.ts';
import { forwardChanges, inverseChanges } from './journal.ts';
import { applyChange } from './overlay.ts';
import type { JournalChange, RecorderLine } from './recorder-lines.ts';
import type { JournalEntry, JournalStep, OpRecord } from './schema.ts';
import type { Change, EditCommand } from './types.ts';
import { StorageError } from './errors.ts';

/** A command worked out against the states as they are: all that is to be written, for both copies. */
export interface Plan {
  rewrites: Rewrite[];
  journal: JournalChange;
  op: OpRecord;
  line: RecorderLine;
}

export interface PlanContext {
  id: string;
  order: number;
  /** ms */
  now: number;
}

/** Plans a new command of the user. */
export function planCommand(command: EditCommand, states: EntityState[], context: PlanContext): Plan {
  const { steps, rewrites, settled } = applied(command.changes, states, {
    projectId: command.projectId,
    ...context,
  });
  const entry: JournalEntry = {
    id: context.id,
    media: command.media,
    order: context.order,
    label: command.label,
    undone: false,
    steps,
    settled,
  };
  return planOf(rewrites, steps.length === 0 ? { kind: 'none' } : { kind: 'add', entry }, context);
}

/**
 * Plans the undo or the redo of a step. What the step meant and is no longer there (someone deleted
 * it meanwhile) is left out: undo takes back the user's own work, never that of others.
 */
export function planReversal(
  entry: JournalEntry,
  direction: 'undo' | 'redo',
  states: EntityState[],
  context: PlanContext,
): Plan {
  const changes = direction === 'undo' ? inverseChanges(entry) : forwardChanges(entry);
  const projectId = entry.steps[0]?.projectId ?? 0;
  const { rewrites } = applied(changes, states, { projectId, ...context, skipMissing: true });
  if (direction === 'undo') relist(entry, rewrites);
  return planOf(rewrites, { kind: direction, id: entry.id }, context);
}

/** Where a command's changes happen. */
export function placesOf(changes: Change[], home: Place['media']): Place[] {
  const places = changes.map((change) => ({
    ref: change.ref,
    media: change.kind === 'create' ? change.media : home,
  }));
  return [...new Map(places.map((place) => [entityKey(place.ref), place])).values()];
}

function applied(
  changes: Change[],
  states: EntityState[],
  context: PlanContext & { projectId: number; skipMissing?: boolean },
): { steps: JournalStep[]; rewrites: Rewrite[]; settled: JournalEntry['settled'] } {
  const before = new Map(states.flatMap((state) => keyOf(state)));
  const now = new Map<string, { place: Place; state: EntityState }>();
  const steps: JournalStep[] = [];
  for (const change of changes) {
    const key = entityKey(change.ref);
    const state = now.get(key)?.state ?? before.get(key) ?? nothing;
    const outcome = tryApply(state, change, context);
    if (outcome === null || isIdle(outcome.step)) continue;
    steps.push(outcome.step);
    const place = { ref: change.ref, media: outcome.step.media };
    now.set(key, { place, state: { ...state, edit: outcome.edit, conflicts: outcome.conflicts } });
  }
  const rewrites = [...now].map(([key, { place, state }]) => {
    const { edit, conflicts } = state;
    return { place, before: before.get(key) ?? nothing, revision: { edit, conflicts } };
  });
  const settled = rewrites.flatMap(({ before: { conflicts }, revision }) =>
    conflicts.filter(({ id }) => !revision.conflicts.some((left) => left.id === id)),
  );
  return { steps, rewrites, settled };
}

const nothing: EntityState = { row: null, edit: null, attempt: null, conflicts: [] };

function keyOf(state: EntityState): [string, EntityState][] {
  const ref = state.edit?.ref ?? state.row?.ref;
  return ref === undefined ? [] : [[entityKey(ref), state]];
}

/** The entity has these values already. */
function isIdle({ before, after }: JournalStep): boolean {
  return before !== null && after !== null && Object.keys(after).length === 0;
}

function tryApply(
  state: EntityState,
  change: Change,
  context: PlanContext & { projectId: number; skipMissing?: boolean },
): ReturnType<typeof applyChange> | null {
  try {
    return applyChange(state, change, context);
  } catch (error) {
    if (context.skipMissing === true && error instanceof StorageError && error.code === 'no-such-entity')
      return null;
    throw error;
  }
}

/** Lists again the conflicts that the step had settled, where the value that collided is back. */
function relist(entry: JournalEntry, rewrites: Rewrite[]): void {
  for (const { place, revision } of rewrites) {
    const back = entry.settled.filter(
      ({ key, field }) => key === entityKey(place.ref) && revision.edit && field in revision.edit.changes,
    );
    if (back.length > 0) revision.conflicts = [...(revision.conflicts ?? []), ...back];
  }
}

/** All that is to be written for these rewrites; the line tells the requests that are on their way as well. */
export function planOf(rewrites: Rewrite[], journal: JournalChange, { id, order }: PlanContext): Plan {
  const edits = rewrites.map(({ place, before: { attempt }, revision }) => ({
    key: entityKey(place.ref),
    edit: revision.edit ?? null,
    conflicts: revision.conflicts ?? [],
    ...(attempt === null ? {} : { attempt }),
  }));
  return {
    rewrites,
    journal,
    op: { id, order, seq: null, keys: edits.map(({ key }) => key) },
    line: { v: 1, kind: 'edit', op: id, order, edits, journal },
  };
}
