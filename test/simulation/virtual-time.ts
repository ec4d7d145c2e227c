import type { Clock } from '../../src/base/clock.ts';

interface Timed {
  at: number;
  /** Order of entry; what is due at one instant runs in it. */
  order: number;
  run: () => void;
}

/**
 * Time that passes only when everybody waits. Activities (a round of an engine, a command of a user,
 * a request inside the server) wait with `sleep`, some at several places at once; the next one to go on
 * is the one whose time comes first, so they interleave at every wait, and the same seed interleaves
 * them in the same way.
 */
export class VirtualTime implements Clock {
  #now: number;
  #entered = 0;
  /** Activities that have begun and not ended. */
  #open = 0;
  readonly #queue: Timed[] = [];
  readonly #atRest: () => Promise<void>;

  /** `atRest` resolves when all that goes on waits; only storages that are not in memory need another. */
  constructor(start: number, atRest = noMicrotaskLeft) {
    this.#now = start;
    this.#atRest = atRest;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    let cancelled = false;
    this.at(this.#now + ms, () => {
      if (!cancelled) callback();
    });
    return () => (cancelled = true);
  }

  at(at: number, run: () => void): void {
    push(this.#queue, { at: Math.max(at, this.#now), order: (this.#entered += 1), run });
  }

  /** The calling activity goes on after `ms`. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.#now + ms, resolve));
  }

  /** Runs until it waits or ends; its failures are its own business. */
  start(activity: () => Promise<void>): void {
    this.#open += 1;
    void activity().finally(() => (this.#open -= 1));
  }

  /** Lets everything happen until nothing waits any more. */
  async drain(): Promise<void> {
    for (;;) {
      await this.#atRest();
      const next = pop(this.#queue);
      if (next !== undefined) {
        this.#now = next.at;
        next.run();
      } else if (this.#open === 0) return;
    }
  }
}

/** Ticks come after all microtasks, those that other microtasks have begun too. */
function noMicrotaskLeft(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function isBefore(a: Timed, b: Timed): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A binary heap, soonest first. */
function push(heap: Timed[], item: Timed): void {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent]!;
    if (!isBefore(item, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = item;
}

function pop(heap: Timed[]): Timed | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
