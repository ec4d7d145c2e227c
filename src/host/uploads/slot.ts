/** Lets one piece of work run at a time: of those that wait, the one with the lowest rank. */
export interface Slot {
  /** `rank` is asked when the slot becomes free, so the order may change while it waits. */
  run<T>(signal: AbortSignal, rank: () => number, work: () => Promise<T>): Promise<T>;
  /** Whether somebody of a lower rank waits. */
  isWanted(rank: number): boolean;
}

interface Waiting {
  rank: () => number;
  begin: () => void;
}

export function createSlot(): Slot {
  const waiting = new Set<Waiting>();
  let busy = false;

  const next = (): void => {
    if (busy) return;
    const first = [...waiting].reduce<Waiting | null>(
      (best, one) => (best === null || one.rank() < best.rank() ? one : best),
      null,
    );
    if (first === null) return;
    waiting.delete(first);
    busy = true;
    first.begin();
  };

  const turn = (signal: AbortSignal, rank: () => number): Promise<void> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const one: Waiting = {
        rank,
        begin: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        if (waiting.delete(one)) reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.add(one);
      // Whoever asks in the same moment takes part in the choice.
      queueMicrotask(next);
    });

  return {
    run: async (signal, rank, work) => {
      await turn(signal, rank);
      try {
        signal.throwIfAborted();
        return await work();
      } finally {
        busy = false;
        next();
      }
    },
    isWanted: (rank) => [...waiting].some((one) => one.rank() < rank),
  };
}
