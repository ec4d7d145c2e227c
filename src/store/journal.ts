import type { Change } from './types.ts';
import type { JournalEntry, JournalStep } from './schema.ts';

/** Entries kept for one media; older ones can no longer be undone. */
export const historyLength = 1000;

/** The changes that take a step of the user back, last first. */
export function inverseChanges(entry: JournalEntry): Change[] {
  return entry.steps.toReversed().map((step) => changeBetween(step, step.before));
}

/** The changes that do a step again. */
export function forwardChanges(entry: JournalEntry): Change[] {
  return entry.steps.map((step) => changeBetween(step, step.after));
}

function changeBetween(step: JournalStep, target: JournalStep['before']): Change {
  const { ref, type, media } = step;
  if (target === null) return { kind: 'delete', ref };
  const wasThere = target === step.before ? step.after !== null : step.before !== null;
  return wasThere
    ? { kind: 'change', ref, fields: target }
    : { kind: 'create', ref, type, media, fields: target };
}
