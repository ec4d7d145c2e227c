import type { Clock } from '../base/clock.ts';
import type { MakeId } from '../base/random.ts';
import type { MergeContext } from './merge.ts';
import type { Failure, ServerPort, ServerTraits, SyncStorage } from './ports.ts';
import type { Permissions } from './permissions.ts';
import type { Refusals } from './refusals.ts';
import type { SettleContext } from './settle.ts';

/** What every part of the engine works with. */
export interface SyncDeps {
  storage: SyncStorage;
  server: ServerPort;
  clock: Clock;
  makeId: MakeId;
  /** As the server told them last. */
  traits: ServerTraits;
  /** What was refused in the life of this engine. */
  refusals: Refusals;
  permissions: Permissions;
}

/** How a part of a round ended: at rest, or stopped by the connection. */
export type PartOutcome = { kind: 'done' } | { kind: 'stopped'; failure: Failure };

export const done: PartOutcome = { kind: 'done' };

export function stopped(failure: Failure): PartOutcome {
  return { kind: 'stopped', failure };
}

export function mergeContext({ clock, makeId }: SyncDeps): MergeContext {
  return { now: clock.now(), makeId };
}

export function settleContext(deps: SyncDeps): SettleContext {
  return { ...mergeContext(deps), lateFor: deps.traits.lateFor, keyed: deps.traits.keyed };
}

/** The items in runs of at most `size`. */
export function inBatches<T>(items: readonly T[], size: number): T[][] {
  const batches: T[][] = [];
  for (let from = 0; from < items.length; from += size) batches.push(items.slice(from, from + size));
  return batches;
}
