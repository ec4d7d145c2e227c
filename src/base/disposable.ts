/** Ends what was started. Calling it twice is allowed and does nothing more. */
export type Stop = () => void;

/** Collects stops and runs them in reverse order; whatever starts is registered here. */
export class Stops {
  #stops: Stop[] = [];
  #stopped = false;

  add(stop: Stop): void {
    if (this.#stopped) stop();
    else this.#stops.push(stop);
  }

  readonly stop: Stop = () => {
    this.#stopped = true;
    for (const stop of this.#stops.splice(0).reverse()) stop();
  };
}
