import type { Host } from '../contract/host-rpc.ts';

/** One operation of the account's server, by the names of the REST contract; throws `TidemarkError`. */
export type ServerCall = (
  operation: string,
  args: Record<string, unknown>,
  options?: { timeoutMs?: number; idempotencyKey?: string },
) => Promise<unknown>;

/** One of a hub's own operations; null where the server has none of it. Throws `TidemarkError`. */
export type ReadExtension = (
  path: string,
  query: Readonly<Record<string, string | number>>,
) => Promise<unknown>;

export function readExtensionOf(host: Host, account: string): ReadExtension {
  return async (path, query) =>
    (await host.call('server.extension', { account, path, query: { ...query } })).value;
}

export function serverCallOf(host: Host, account: string): ServerCall {
  return async (operation, args, options = {}) => {
    const params = { account, operation, args, ...options };
    return (await host.call('server.call', params)).value;
  };
}
