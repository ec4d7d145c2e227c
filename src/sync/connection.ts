import { backoff } from '../base/backoff.ts';
import type { Random } from '../base/random.ts';
import type { Connection, Failure } from './ports.ts';

/*
 *   starting --answer--> online <--answer-- offline (retry with backoff)
 *                          |  --failure-->     ^
 *                          +--sign-in--> sign-in-needed --signed in--> starting
 *   any --offline by choice--> offline by choice --online again--> starting
 */

/** How the connection stands, and how often in a row it has failed. */
export interface ConnectionState {
  connection: Connection;
  failures: number;
}

export type ConnectionEvent =
  { kind: 'answered' } | { kind: 'failed'; failure: Failure } | { kind: 'host-gone' } | { kind: 'restarted' };

const retryLimits = { base: 1000, cap: 30_000 };

export const initialConnection: ConnectionState = { connection: { kind: 'starting' }, failures: 0 };

export function nextConnection(
  state: ConnectionState,
  event: ConnectionEvent,
  { now, random }: { now: number; random: Random },
): ConnectionState {
  switch (event.kind) {
    case 'answered':
      return { connection: { kind: 'online' }, failures: 0 };
    case 'restarted':
      return initialConnection;
    case 'host-gone':
      return offline(state, 'host-gone', { now, random });
    case 'failed':
      return afterFailure(state, event.failure, { now, random });
  }
}

function afterFailure(
  state: ConnectionState,
  failure: Failure,
  context: { now: number; random: Random },
): ConnectionState {
  switch (failure.kind) {
    case 'sign-in':
      return { connection: { kind: 'sign-in-needed' }, failures: 0 };
    case 'offline':
      if (failure.byChoice)
        return { connection: { kind: 'offline', reason: 'by-choice', retryAt: null }, failures: 0 };
      return offline(state, 'unreachable', context);
    case 'throttled':
    case 'stale-mark':
    case 'not-found':
    case 'forbidden':
    case 'rejected':
      // It answers, though not as we want: online, but at a slower pace.
      return { connection: { kind: 'online' }, failures: state.failures + 1 };
    case 'unknown-outcome':
      return offline(state, 'unreachable', context);
  }
}

function offline(
  { failures }: ConnectionState,
  reason: 'unreachable' | 'host-gone',
  { now, random }: { now: number; random: Random },
): ConnectionState {
  const retryAt = now + 250 + backoff(failures, random, retryLimits);
  return { connection: { kind: 'offline', reason, retryAt }, failures: failures + 1 };
}

/** ms until the next round; null: not before something happens. */
export function restFor(
  { connection, failures }: ConnectionState,
  { now, random, poll }: { now: number; random: Random; poll: number },
): number | null {
  switch (connection.kind) {
    case 'starting':
      return 0;
    case 'online':
      return failures === 0 ? poll : poll + backoff(failures, random, retryLimits);
    case 'sign-in-needed':
      return null;
    case 'offline':
      return connection.retryAt === null ? null : Math.max(0, connection.retryAt - now);
  }
}
