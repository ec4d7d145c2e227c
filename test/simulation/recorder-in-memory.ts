import type { Recorder } from '../../src/store/types.ts';

/** Lines of a segment: the recorder drops whole ones only. */
const segment = 8;

/** Whether the recorder still has a line that it may drop up to `through`. */
export function isKept(seq: number, through: number): boolean {
  const last = (Math.floor(seq / segment) + 1) * segment - 1;
  return last > through;
}

/** A flight recorder that outlives every process and database of its device. */
export class RecorderInMemory implements Recorder {
  /** Refuses what it is given, before it has written it down or after. */
  fails: 'before' | 'after' | null = null;
  #entries: { seq: number; body: string }[] = [];
  #last = 0;
  /** Told when a line comes in that will never be answered. */
  #stalled: (() => void) | null = null;

  async append(bodies: string[]): Promise<{ seq: number }> {
    if (this.#stalled !== null) {
      this.#stalled();
      return new Promise(() => undefined);
    }
    if (this.fails === 'before') throw new Error('the recorder has no room');
    for (const body of bodies) this.#entries.push({ seq: (this.#last += 1), body });
    if (this.fails === 'after') throw new Error('the answer was lost');
    return { seq: this.#last };
  }

  async read(
    after: number,
    limit: number,
  ): Promise<{ entries: { seq: number; body: string }[]; first: number; last: number }> {
    const entries = this.#entries.filter(({ seq }) => seq > after).slice(0, limit);
    return { entries, first: this.#entries[0]?.seq ?? this.#last + 1, last: this.#last };
  }

  async release(through: number): Promise<void> {
    this.#entries = this.#entries.filter(({ seq }) => isKept(seq, through));
  }

  /** From now on nothing is written down or answered; resolves when something was to be. */
  stall(): Promise<void> {
    return new Promise((resolve) => (this.#stalled = resolve));
  }

  /** The next process finds it working. */
  revive(): void {
    this.#stalled = null;
  }
}
