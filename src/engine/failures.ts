import { TidemarkError, faultOf, type Fault } from '../contract/errors.ts';
import type { Answer, Failure } from '../sync/ports.ts';

/**
 * What the engine decides by, of a fault of a call. A `write` that failed on its way may have been
 * carried out; a read is just tried again.
 */
export function failureOf(fault: Fault, { write }: { write: boolean }): Failure {
  const message = fault.detail ?? fault.message;
  switch (fault.code) {
    case 'offline-by-choice':
      return { kind: 'offline', byChoice: true };
    case 'offline':
    case 'host-gone':
      return write
        ? { kind: 'unknown-outcome', message: fault.message }
        : { kind: 'offline', byChoice: false };
    case 'no-token':
    case 'bad-token':
    case 'bad-credentials':
    case 'locked-out':
      return { kind: 'sign-in' };
    case 'throttled':
      return { kind: 'throttled' };
    case 'stale-mark':
      return { kind: 'stale-mark' };
    case 'not-found':
      return { kind: 'not-found' };
    case 'forbidden':
      return { kind: 'forbidden', message };
    case 'rejected':
    case 'bad-request':
    case 'would-widen':
    case 'unsupported-operation':
      return { kind: 'rejected', message };
    default:
      return { kind: 'unknown-outcome', message: fault.message };
  }
}

/** An answer from a call that throws its faults. What cannot be read counts as garbled. */
export async function answerOf<T>(call: () => Promise<T>, options: { write: boolean }): Promise<Answer<T>> {
  try {
    return { ok: true, value: await call() };
  } catch (thrown) {
    return { ok: false, failure: failureOf(faultOf(thrown), options) };
  }
}

export function garbled(detail: string): TidemarkError {
  return new TidemarkError('garbled-answer', { detail });
}
