import { backoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Fault } from '../../contract/errors.ts';
import { errorCatalogue } from '../../contract/errors.ts';

/*
 * Who is fetched next, and what a failure means for those that wait. Where the line to a server is bad,
 * everything of its account waits, so that a thousand media do not try one after the other; where one
 * file is bad, it goes to the end and the others go on.
 */

export interface Waiter {
  key: string;
  account: string;
  /** Local ms before which it is not tried. */
  readyAt: number;
}

export type Verdict =
  /** Ends for this media until a person says otherwise. */
  | { kind: 'fail' }
  /** ms; null: until an event wakes it. */
  | { kind: 'hold'; wait: number | null; whom: 'media' | 'account' };

const retryLimits = { base: 1_000, cap: 60_000 };

/** `attempt`: failures in a row without a byte of progress. */
export function verdictOn(fault: Fault, { attempt, random }: { attempt: number; random: Random }): Verdict {
  const { advice } = errorCatalogue[fault.code];
  if (fault.code === 'offline-by-choice' || advice === 'sign-in')
    return { kind: 'hold', wait: null, whom: 'account' };
  if (advice !== 'retry') return { kind: 'fail' };
  const whom = fault.code === 'garbled-answer' ? 'media' : 'account';
  return { kind: 'hold', wait: 250 + backoff(attempt, random, retryLimits), whom };
}

/** The first that may be tried now, or else when the next one may; null when all wait for an event. */
export function nextInLine(
  line: readonly Waiter[],
  holds: ReadonlyMap<string, number>,
  now: number,
): { key: string } | { at: number } | null {
  const times = line.map(({ key, account, readyAt }) => ({
    key,
    at: Math.max(readyAt, holds.get(account) ?? 0),
  }));
  const ready = times.find(({ at }) => at <= now);
  if (ready !== undefined) return { key: ready.key };
  const at = Math.min(...times.map((one) => one.at));
  return Number.isFinite(at) ? { at } : null;
}

/** Runs `tick` once at the time; a new time takes the place of the old one. */
export function createAlarm(clock: Clock, tick: () => void): { set(at: number): void; stop(): void } {
  let cancel: () => void = () => {};
  return {
    set: (at) => {
      cancel();
      cancel = clock.after(Math.max(0, at - clock.now()), tick);
    },
    stop: () => cancel(),
  };
}
