import type { Clock } from '../base/clock.ts';

/** Lets at most one call a `gap` ms through, and always the last one. */
export function throttled<T>(clock: Clock, gap: number, run: (value: T) => void): (value: T) => void {
  let lastRun = -Infinity;
  let pending: { value: T } | null = null;
  return (value) => {
    const wait = lastRun + gap - clock.now();
    if (wait <= 0 && pending === null) {
      lastRun = clock.now();
      run(value);
      return;
    }
    if (pending !== null) {
      pending.value = value;
      return;
    }
    const own = { value };
    pending = own;
    clock.after(wait, () => {
      pending = null;
      lastRun = clock.now();
      run(own.value);
    });
  };
}
