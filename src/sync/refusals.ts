import type { EntityKey } from '../domain/identity.ts';

/** ms between two tries of what a server refused whose refusals may mean anything. */
const restBetween = 20_000;
const tries = 3;

/**
 * What a server has refused. A stock Tator says 400 also when its database is down, so there a refusal
 * is believed when it comes a third time, each a while after the last. Forgotten at the end of the
 * process: then it is tried afresh.
 */
export class Refusals {
  readonly #known = new Map<string, { count: number; at: number }>();

  /** Notes one; whether it is to be believed. */
  note(key: EntityKey, revision: number, { now, exact }: { now: number; exact: boolean }): boolean {
    const name = `${key}@${revision}`;
    const count = (this.#known.get(name)?.count ?? 0) + 1;
    if (exact || count >= tries) {
      this.#known.delete(name);
      return true;
    }
    this.#known.set(name, { count, at: now });
    return false;
  }

  /** Whether it may be tried (again) now. */
  isDue(key: EntityKey, revision: number, now: number): boolean {
    const known = this.#known.get(`${key}@${revision}`);
    // A clock that was set back tells nothing, and must not hold it up for as long as that.
    return known === undefined || now < known.at || now - known.at >= restBetween;
  }

  /** Refused before: to be sent alone, so that it holds no others back. */
  isSuspect(key: EntityKey, revision: number): boolean {
    return this.#known.has(`${key}@${revision}`);
  }
}
