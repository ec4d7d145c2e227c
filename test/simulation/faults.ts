import type { Random } from '../../src/base/random.ts';

/** Thrown where the process dies; everything after it never happens. */
export class Crash extends Error {
  override name = 'Crash';
}

/** One for all deaths: nobody reads where it was thrown, and to note that costs more than the rest. */
const crash = new Crash();

/** Thrown by a storage that has no room. */
export class DiskFull extends Error {
  override name = 'QuotaExceededError';
}

/** What may go wrong, as probabilities at each point where it can. */
export interface Weather {
  /** The process dies before or after any call. */
  crash: number;
  /** The request never reaches the server. */
  lostBefore: number;
  /** The server has carried it out; the answer is lost. */
  lostAfter: number;
  /** No answer, and the server carries it out later, up to 20 minutes. */
  late: number;
  /** Something on the way sends the request twice. */
  doubled: number;
  /** A 200 whose body just ends. */
  cut: number;
  /** A 400 after the rows were stored. */
  refusedAfter: number;
  /** A 400 for reasons that have nothing to do with the request (the database, a deploy). */
  catchAll: number;
  throttled: number;
  /** The token is no longer good; until the user signs in again. */
  expired: number;
  /** A write of the server that reads, waits, and then writes without looking again. */
  race: number;
  /** The device has no room for this write. */
  diskFull: number;
}

export const calm: Weather = {
  crash: 0,
  lostBefore: 0,
  lostAfter: 0,
  late: 0,
  doubled: 0,
  cut: 0,
  refusedAfter: 0,
  catchAll: 0,
  throttled: 0,
  expired: 0,
  race: 0,
  diskFull: 0,
};

export const rough: Weather = {
  crash: 0.03,
  lostBefore: 0.03,
  lostAfter: 0.04,
  late: 0.04,
  doubled: 0.01,
  cut: 0.02,
  refusedAfter: 0.03,
  catchAll: 0.01,
  throttled: 0.01,
  expired: 0.005,
  race: 0.04,
  diskFull: 0.015,
};

/** One life of a process on a device, from its start to its death. A dead one stays dead. */
export class Life {
  dead = false;
  signedOut = false;
  /** What goes wrong in the activity that runs now; `random` is that of its step. */
  weather: Weather = calm;
  random: Random = () => 0.5;
  readonly #onDeath: () => void;

  constructor(onDeath: () => void) {
    this.#onDeath = onDeath;
  }

  /** A point where the process may die. */
  step(): void {
    this.check();
    if (this.happens('crash')) {
      this.kill();
      throw crash;
    }
  }

  check(): void {
    if (this.dead) throw crash;
  }

  kill(): void {
    if (this.dead) return;
    this.dead = true;
    this.#onDeath();
  }

  happens(what: keyof Weather): boolean {
    const rate = this.weather[what];
    return rate > 0 && this.random() < rate;
  }
}
