import { backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Stop } from '../base/disposable.ts';
import type { Random } from '../base/random.ts';
import type { HubState } from '../contract/host-rpc.ts';
import { TidemarkError } from '../contract/errors.ts';
import { HubEnded, type HubProcess } from './hub-process.ts';

/**
 * Runs the built-in server, and starts it again when it crashes.
 *
 *   stopped --start--> starting --ready--> running
 *      ^                  |  ^                |
 *      |                ends  '---backoff---. ends
 *    stop                 v                 | v
 *      '-------------- failed --------------'
 */
export interface HubSupervisor {
  state(): HubState;
  /** Resolves when it runs or has failed once; in the latter case it keeps trying. */
  start(): Promise<HubState>;
  /** Resolves when its process is gone. */
  stop(): Promise<HubState>;
}

export interface HubSupervisorOptions {
  /** Starts the hub's process; null where this installation has none. */
  launch: ((attempt: number) => HubProcess) | null;
  clock: Clock;
  random: Random;
  onState: (state: HubState) => void;
}

const restartLimits = { base: 1_000, cap: 30_000 };
/** A hub that ran this long, ms, was sound: the next crash counts as the first. */
const soundAfter = 60_000;
const stopPatience = 10_000;
const startPatience = 120_000;

export function createHubSupervisor({ launch, clock, random, onState }: HubSupervisorOptions): HubSupervisor {
  let state: HubState = launch === null ? { kind: 'disabled' } : { kind: 'stopped' };
  let current: HubProcess | null = null;
  let wanted = false;
  let failures = 0;
  let cancelRestart: Stop = () => {};

  const become = (next: HubState): HubState => {
    state = next;
    onState(next);
    return next;
  };

  const begin = async (): Promise<HubState> => {
    if (launch === null) return state;
    become({ kind: 'starting' });
    const hub = launch(failures);
    current = hub;
    const cancelTimer = clock.after(startPatience, () => void hub.stop(0));
    const startedAt = clock.now();
    void hub.ended.then(({ lastWords }) => {
      cancelTimer();
      onEnded(hub, { lastWords, lived: clock.now() - startedAt });
    });
    try {
      const url = await hub.ready;
      cancelTimer();
      return current === hub ? become({ kind: 'running', url }) : state;
    } catch (error) {
      if (!(error instanceof HubEnded)) throw error;
      return state; // `onEnded` has told why
    }
  };

  const onEnded = (hub: HubProcess, { lastWords, lived }: { lastWords: string; lived: number }): void => {
    if (current !== hub) return;
    current = null;
    if (!wanted) {
      become({ kind: 'stopped' });
      return;
    }
    failures = lived > soundAfter ? 0 : failures + 1;
    become({ kind: 'failed', fault: new TidemarkError('hub-failed', { detail: lastWords }).fault });
    cancelRestart = clock.after(200 + backoff(failures, random, restartLimits), () => void begin());
  };

  return {
    state: () => state,
    start: async () => {
      wanted = true;
      cancelRestart();
      if (state.kind === 'running' || state.kind === 'starting') return state;
      failures = 0;
      return begin();
    },
    stop: async () => {
      wanted = false;
      cancelRestart();
      await current?.stop(stopPatience);
      return state.kind === 'failed' ? become({ kind: 'stopped' }) : state;
    },
  };
}
