import { createSubscriber } from 'svelte/reactivity';
import type { Live } from '../../store/types.ts';

/**
 * A `Live` as a rune: read `.current` in a component or `$derived`. It subscribes with its first
 * reader and stops with its last.
 */
export class LiveState<T> {
  #value: T;
  readonly #subscribe: () => void;

  constructor(live: Live<T>, initial: T) {
    this.#value = initial;
    this.#subscribe = createSubscriber((update) =>
      live.subscribe((value) => {
        this.#value = value;
        update();
      }),
    );
  }

  get current(): T {
    this.#subscribe();
    return this.#value;
  }
}
