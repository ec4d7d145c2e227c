import type { Task } from './plan.ts';
import type { Phase } from './run-record.ts';
import type { Values } from './values.ts';

/** How a template or a task of one ended. */
export interface Outcome {
  phase: Phase;
  /** Why it did not succeed. */
  message: string;
  /** `result`, `parameters.<name>`. */
  outputs: Values;
  /** Nodes that whatever follows comes after. */
  exits: readonly string[];
}

/** What a task runs in. */
export interface Scope {
  values: Values;
  /** Nodes that it comes after. */
  parents: readonly string[];
  signal: AbortSignal;
}

export function isFailure({ phase }: Pick<Outcome, 'phase'>): boolean {
  return phase === 'Failed' || phase === 'Error';
}

export function goesOn({ continueOn }: Task, { phase }: Pick<Outcome, 'phase'>): boolean {
  return phase === 'Failed' ? continueOn.failed : phase === 'Error' ? continueOn.error : true;
}
