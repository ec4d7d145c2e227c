import type { Random } from '../../src/base/random.ts';

/** Thrown where the process dies; everything after it never happens. */
export class Crash extends Error {
  override name = 'Crash';
}

export interface FaultRates {
  crash: number;
  lostBefore: number;
  lostAfter: number;
  garbage: number;
  refused: number;
}

/** Decides, from a seed, what goes wrong where. A dead process stays dead: each later step throws too. */
export class Faults {
  rates: FaultRates = { crash: 0, lostBefore: 0, lostAfter: 0, garbage: 0, refused: 0 };
  crashes = 0;
  /** Where the process was last; for finding out about a failing seed. */
  lastStep = '';
  #dead = false;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  get dead(): boolean {
    return this.#dead;
  }

  revive(): void {
    this.#dead = false;
  }

  async step(where: string): Promise<void> {
    this.lastStep = where;
    if (this.#dead) throw new Crash();
    if (this.happens('crash')) {
      this.#dead = true;
      this.crashes += 1;
      throw new Crash();
    }
  }

  happens(what: keyof FaultRates): boolean {
    const rate = this.rates[what];
    return rate > 0 && this.#random() < rate;
  }
}
