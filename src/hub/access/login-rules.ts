/** Failed logins after which an account rests, and for how long; every try meanwhile restarts the rest. */
const FAILURES_ALLOWED = 3;
const REST_MS = 10 * 60 * 1000;

export interface LoginHistory {
  failures: number;
  lastFailure: number | undefined;
}

export function isLockedOut({ failures, lastFailure }: LoginHistory, now: number): boolean {
  return failures >= FAILURES_ALLOWED && lastFailure !== undefined && now - lastFailure < REST_MS;
}

/** The history after another failure; an old run of failures is forgotten. */
export function afterFailure({ failures, lastFailure }: LoginHistory, now: number): LoginHistory {
  const stale = lastFailure === undefined || now - lastFailure >= REST_MS;
  return { failures: stale ? 1 : failures + 1, lastFailure: now };
}
