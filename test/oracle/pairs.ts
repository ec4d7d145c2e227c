import type { Kind } from './steps.ts';

/** What each side numbers in its own way. */
export type Space = Kind | 'media' | 'time';

type Value = number | string;

/** What is one and the same thing on both sides, learned as it is told; each has one partner only. */
export class Pairs {
  readonly #ofSimulated = new Map<string, Value>();
  readonly #ofHub = new Map<string, Value>();
  readonly #told = new Map<Space, [Value, Value][]>();

  /** Whether both can mean the same: they are known as a pair, or neither was told before. */
  match(space: Space, simulated: Value, hub: Value): boolean {
    const [one, other] = [`${space}/${simulated}`, `${space}/${hub}`];
    const known = this.#ofSimulated.get(one);
    if (known !== undefined) return known === hub;
    if (this.#ofHub.has(other)) return false;
    this.#ofSimulated.set(one, hub);
    this.#ofHub.set(other, simulated);
    this.#told.set(space, [...(this.#told.get(space) ?? []), [simulated, hub]]);
    return true;
  }

  /** The pair of this number, counted around; null where none was told yet. */
  pair(space: Space, number: number): [Value, Value] | null {
    const told = this.#told.get(space) ?? [];
    return told[number % Math.max(1, told.length)] ?? null;
  }
}
