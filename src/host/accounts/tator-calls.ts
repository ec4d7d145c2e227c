import { createTatorClient } from '../../api/client.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { TidemarkError } from '../../contract/errors.ts';
import { isOperationName } from '../../contract/table.ts';
import type { CallServer } from './server-link.ts';

/** The contract's operations over the typed client, by name, as pages ask for them. */
export function tatorCalls({ clock, random }: { clock: Clock; random: Random }): CallServer {
  return async ({ host, token }, operation, args, { timeoutMs, signal, idempotencyKey, isKnown } = {}) => {
    if (!isOperationName(operation)) throw new TidemarkError('unsupported-operation', { detail: operation });
    const client = createTatorClient({ host, token: token ?? undefined, fetch, clock, random });
    return client.call(operation, args, {
      signal,
      idempotencyKey,
      isKnown,
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
  };
}
