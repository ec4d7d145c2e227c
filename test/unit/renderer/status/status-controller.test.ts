import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/base/clock.ts';
import { Emitter } from '../../../../src/base/emitter.ts';
import type { Live } from '../../../../src/store/types.ts';
import type { OutboxCounts, SyncStatus } from '../../../../src/sync/ports.ts';
import { StatusController } from '../../../../src/renderer/features/status/status-controller.svelte.ts';
import { appInfo } from './app-info.ts';

/** A live value that a test sets, with its number of subscribers. */
function source<T>(first: T) {
  const emitter = new Emitter<T>();
  let open = 0;
  const live: Live<T> = {
    subscribe(next) {
      next(first);
      const off = emitter.on(next);
      open += 1;
      return () => {
        off();
        open -= 1;
      };
    },
  };
  return { live, set: (value: T) => emitter.emit(value), subscribers: () => open };
}

function manualClock() {
  let now = 10_000;
  const timers = new Map<() => void, number>();
  const clock: Clock = {
    now: () => now,
    after: (ms, callback) => {
      timers.set(callback, now + ms);
      return () => timers.delete(callback);
    },
  };
  const advance = (ms: number): void => {
    now += ms;
    for (const [callback, at] of [...timers]) {
      if (at > now) continue;
      timers.delete(callback);
      callback();
    }
  };
  return { clock, advance, timers };
}

const online: SyncStatus = {
  connection: { kind: 'online' },
  activity: 'idle',
  lastSyncedAt: null,
  problem: null,
};
const none: OutboxCounts = { unsynced: 0, inDoubt: 0, parked: 0, conflicts: 0 };

function setup() {
  const status = source(online);
  const counts = source(none);
  const time = manualClock();
  const controller = new StatusController({
    store: { status: () => status.live, counts: () => counts.live },
    device: { connected: true, info: appInfo(), uploads: new Map() },
    clock: time.clock,
  });
  return { status, counts, time, controller, stop: controller.start() };
}

describe('the status controller', () => {
  it('shows the counts of the store as they come', () => {
    const { controller, counts } = setup();
    counts.set({ unsynced: 3, inDoubt: 1, parked: 0, conflicts: 2 });
    expect(controller.view.counts).toEqual({ unsynced: 3, inDoubt: 1, parked: 0, conflicts: 2 });
  });

  it('counts down each second while a retry is due, and sleeps otherwise', () => {
    const { controller, status, time } = setup();
    expect(time.timers.size).toBe(0);
    status.set({ ...online, connection: { kind: 'offline', reason: 'unreachable', retryAt: 15_000 } });
    expect(controller.view.connection.countdown).toBe('retry in 5 s');
    time.advance(1000);
    time.advance(1000);
    expect(controller.view.connection.countdown).toBe('retry in 3 s');
    status.set(online);
    expect(time.timers.size).toBe(0);
  });

  it('leaves no subscription and no timer behind when it is stopped', () => {
    const { status, counts, time, stop } = setup();
    status.set({ ...online, connection: { kind: 'offline', reason: 'unreachable', retryAt: 15_000 } });
    stop();
    expect([status.subscribers(), counts.subscribers(), time.timers.size]).toEqual([0, 0, 0]);
  });

  it('works without a store, before anyone has signed in', () => {
    const device = { connected: true, info: appInfo({ activeAccount: null }), uploads: new Map() };
    const controller = new StatusController({ store: null, device, clock: manualClock().clock });
    controller.start()();
    expect(controller.view.connection.text).toBe('Not signed in');
  });
});
