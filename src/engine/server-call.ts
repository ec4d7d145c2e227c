import { TidemarkError } from '../contract/errors.ts';
import type { Host } from '../contract/host-rpc.ts';

/** One operation of the account's server, by the names of the REST contract; throws `TidemarkError`. */
export type ServerCall = (
  operation: string,
  args: Record<string, unknown>,
  options?: { timeoutMs?: number; idempotencyKey?: string },
) => Promise<unknown>;

/**
 * A read of a list that may be known by its digest: `value` is null where it is. The empty text is no digest:
 * with it the list is told in any case, and the print of each row. Throws `TidemarkError`.
 */
export type ReadUnless = (
  operation: string,
  args: Record<string, unknown>,
  known: string,
) => Promise<{ value: unknown; digest: string; prints: readonly number[] }>;

/** One of a hub's own operations; null where the server has none of it. Throws `TidemarkError`. */
export type ReadExtension = (
  path: string,
  query: Readonly<Record<string, string | number>>,
) => Promise<unknown>;

export function readExtensionOf(host: Host, account: string): ReadExtension {
  return async (path, query) =>
    (await host.call('server.extension', { account, path, query: { ...query } })).value;
}

export function readUnlessOf(host: Host, account: string): ReadUnless {
  return async (operation, args, known) => {
    const { value, digest, prints } = await host.call('server.call', { account, operation, args, known });
    if (digest === undefined) throw new TidemarkError('garbled-answer', { detail: 'no digest' });
    return { value, digest, prints: isNumbers(prints) ? prints : [] };
  };
}

export function serverCallOf(host: Host, account: string): ServerCall {
  return async (operation, args, options = {}) => {
    const params = { account, operation, args, ...options };
    return (await host.call('server.call', params)).value;
  };
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'number');
}
