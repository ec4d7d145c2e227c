import type { Stop } from './disposable.ts';

/** A typed event with any number of listeners, called in the order of their registration. */
export class Emitter<T> {
  #listeners = new Set<(value: T) => void>();

  /** Calls `listener` for each later value until the result is called. */
  on(listener: (value: T) => void): Stop {
    const own = (value: T): void => listener(value);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}
