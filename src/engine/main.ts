import { systemClock } from '../base/clock.ts';
import type { Stop } from '../base/disposable.ts';
import { sleep, type Clock } from '../base/clock.ts';
import type { Host } from '../contract/host-rpc.ts';
import { startEngine } from './start-engine.ts';

export interface EnginePageOptions {
  host: Host;
  clock?: Clock;
  /** Web Locks of the page. */
  locks?: LockManager;
}

/** ms */
const retryEvery = 3000;

/**
 * Entry of the engine page: runs one engine, for the active account, in whichever page or tab holds
 * the lock `engine-<account>`; the others wait, and one of them takes over when it goes away.
 */
export function runEnginePage({
  host,
  clock = systemClock(),
  locks = navigator.locks,
}: EnginePageOptions): Stop {
  let current: { account: string; abort: AbortController } | null = null;
  const follow = (account: string | null): void => {
    if (current?.account === account) return;
    current?.abort.abort();
    current = account === null ? null : { account, abort: new AbortController() };
    if (current !== null)
      holdEngine({ host, clock, locks, account: current.account, signal: current.abort.signal });
  };
  const stopAccounts = host.on('accounts.changed', ({ activeAccount }) => follow(activeAccount));
  const stopConnection = host.onConnection((connected) => {
    if (!connected) return;
    host.call('app.info', {}).then(
      ({ activeAccount }) => follow(activeAccount),
      () => undefined,
    );
  });
  return () => {
    stopAccounts();
    stopConnection();
    follow(null);
  };
}

interface Holding {
  host: Host;
  clock: Clock;
  locks: LockManager;
  account: string;
  signal: AbortSignal;
}

function holdEngine(holding: Holding): void {
  const { locks, account, signal } = holding;
  locks.request(`engine-${account}`, { signal }, () => runUntilAborted(holding)).catch(() => undefined);
}

/** A database or a host that is not there yet is tried again; the lock is kept meanwhile. */
async function runUntilAborted({ host, clock, account, signal }: Holding): Promise<void> {
  const random = Math.random;
  const makeId = (): string => crypto.randomUUID();
  while (!signal.aborted) {
    try {
      const stop = await startEngine({ host, account, clock, random, makeId });
      await aborted(signal);
      stop();
      return;
    } catch {
      await sleep(clock, retryEvery, signal).catch(() => undefined);
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
