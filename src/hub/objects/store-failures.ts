import { HubError } from '../errors.ts';

/** Nothing that the client did: it may try again. The cause goes to the log only. */
export function storeFailure(cause: unknown): HubError {
  const failure = new HubError(503, 'The store of the files cannot be reached, or refuses this hub.');
  failure.cause = cause;
  return failure;
}

/** What is not there is no failure of a look or a delete: to be put behind the call's `catch`. */
export function absent(error: unknown): undefined {
  if (error instanceof HubError && error.status === 404) return undefined;
  throw error;
}
