import { sameJson } from '../base/json.ts';
import type { Failure, SyncStatus } from './ports.ts';

/** What the user is told of a failure; null for those that the connection state tells already. */
export function problemOf(failure: Failure): SyncStatus['problem'] {
  switch (failure.kind) {
    case 'offline':
    case 'sign-in':
    case 'stale-mark':
      return null;
    case 'throttled':
      return { code: 'throttled', message: 'The server asks for a slower pace.' };
    case 'unknown-outcome':
      return { code: 'garbled-answer', message: failure.message };
    case 'not-found':
      return { code: 'not-found', message: 'It no longer exists on the server.' };
    case 'forbidden':
      return { code: 'forbidden', message: failure.message };
    case 'rejected':
      return { code: 'rejected', message: failure.message };
  }
}

/** Whether two statuses show the same, but for the time. */
export function showSame(a: SyncStatus, b: SyncStatus): boolean {
  return a.activity === b.activity && sameJson(a.connection, b.connection) && sameJson(a.problem, b.problem);
}
