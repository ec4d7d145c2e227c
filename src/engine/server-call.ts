import type { Host } from '../contract/host-rpc.ts';

/** One operation of the account's server, by the names of the REST contract; throws `TidemarkError`. */
export type ServerCall = (
  operation: string,
  args: Record<string, unknown>,
  options?: { timeoutMs?: number },
) => Promise<unknown>;

/** One of a hub's own operations; null where the server has none of it. Throws `TidemarkError`. */
export type ReadExtension = (path: string) => Promise<unknown>;

export function readExtensionOf(host: Host, account: string): ReadExtension {
  return async (path) => (await host.call('server.extension', { account, path, query: {} })).value;
}

export function serverCallOf(host: Host, account: string): ServerCall {
  return async (operation, args, { timeoutMs } = {}) => {
    const params = { account, operation, args, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    return (await host.call('server.call', params)).value;
  };
}
