/** Lets one piece of work run at a time, in the order of asking. */
export interface Slot {
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createSlot(): Slot {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run: (signal, work) => {
      const mine = last.then(() => {
        signal.throwIfAborted();
        return work();
      });
      last = mine.catch(() => {});
      return mine;
    },
  };
}
