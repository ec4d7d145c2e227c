import type { Failure } from './ports.ts';

/** The server has decided: it will not carry the request out, or could not find what it is about. */
export function isRefusal({ kind }: Failure): boolean {
  return kind === 'rejected' || kind === 'forbidden' || kind === 'not-found' || kind === 'stale-mark';
}

/** Refusals that come before anything is carried out, or before anything is sent. */
export function neverLeft(failure: Failure): boolean {
  return (
    failure.kind === 'sign-in' ||
    failure.kind === 'throttled' ||
    (failure.kind === 'offline' && failure.byChoice)
  );
}
