import { sleep, type Clock } from '../../base/clock.ts';

/** Keeps all uploads together below a rate. */
export interface Pace {
  /** Bytes a second; null for as fast as the link allows. */
  setLimit(limit: number | null): void;
  /** Resolves when these bytes may leave. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

/** Rest that was not used is kept for this long, ms: a pause must not be followed by a burst. */
const burst = 250;

/**
 * Each taker is given its time slot at once, right behind the last one's; so many lanes share the rate
 * without asking each other.
 */
export function createPace(clock: Clock, initial: number | null): Pace {
  let limit = initial;
  let free = 0;
  return {
    setLimit: (next) => {
      limit = next;
      free = clock.now();
    },
    take: async (bytes, signal) => {
      if (limit === null) return;
      const now = clock.now();
      const begin = Math.max(free, now - burst);
      free = begin + (bytes / limit) * 1000;
      if (free > now) await sleep(clock, free - now, signal);
    },
  };
}
