import { readExtension } from '../api/extensions.ts';
import { systemClock } from '../base/clock.ts';
import { TidemarkError } from '../contract/errors.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { CallOptions, CallServer } from './accounts/server-link.ts';

/** The servers as the other services see them: by account, and silent while working offline is switched on. */
export interface ServerAccess {
  call(
    account: string,
    operation: string,
    args: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<unknown>;
  /** One of the hub's own operations; null where the account's server has none of it. */
  extension(
    account: string,
    path: string,
    query: Readonly<Record<string, string | number>>,
    signal: AbortSignal,
  ): Promise<unknown>;
  /** Fetches or sends bytes at a URL that the server gave out. No token goes along. */
  transfer(url: string, init: RequestInit): Promise<Response>;
  /** Base address of the account's server, without a trailing slash. */
  hostOf(account: string): string;
}

export interface ServerCalls {
  /** For calls before there is an account: signing in. */
  call: CallServer;
  forAccounts(accounts: Accounts): ServerAccess;
}

export function createServerCalls(options: {
  callServer: CallServer;
  isOffline: () => boolean;
}): ServerCalls {
  const refuseOffline = (operation: string, host: string): void => {
    // The built-in server is part of this device, but "work offline" is the user's word: nothing is sent.
    if (options.isOffline()) throw new TidemarkError('offline-by-choice', { detail: `${operation} ${host}` });
  };
  const call: CallServer = async (connection, operation, args, callOptions) => {
    refuseOffline(operation, connection.host);
    return options.callServer(connection, operation, args, callOptions);
  };
  return {
    call,
    forAccounts: (accounts) => ({
      call: async (account, operation, args, callOptions) => {
        refuseOffline(operation, account);
        try {
          return await call(accounts.connection(account), operation, args, callOptions);
        } catch (thrown) {
          if (thrown instanceof TidemarkError && thrown.code === 'bad-token')
            await accounts.markRefused(account);
          throw thrown;
        }
      },
      extension: async (account, path, query, signal) => {
        refuseOffline(path, account);
        const clock = systemClock();
        return readExtension(path, query, { ...accounts.connection(account), fetch, clock, signal });
      },
      transfer: async (url, init) => {
        refuseOffline('transfer', new URL(url).host);
        try {
          return await fetch(url, init);
        } catch (cause) {
          if (init.signal?.aborted === true) throw init.signal.reason;
          throw new TidemarkError('offline', { detail: new URL(url).host, cause });
        }
      },
      hostOf: (account) => accounts.connection(account).host,
    }),
  };
}
