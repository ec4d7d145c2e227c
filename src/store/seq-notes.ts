import type { Clock } from '../base/clock.ts';
import type { Stop } from '../base/disposable.ts';
import type { OpRecord, TidemarkDatabase } from './schema.ts';

/** ms */
const noteEvery = 500;

/**
 * Notes where the recorder has each command, some time after: only the release of the recorder's log
 * needs it, and a transaction for each would stand in the way of the next edit. What is not noted when
 * the page goes away is found again at the next start.
 */
export class SeqNotes {
  readonly #db: TidemarkDatabase;
  readonly #clock: Clock;
  #waiting: OpRecord[] = [];
  #cancel: Stop | null = null;

  constructor(db: TidemarkDatabase, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  note(op: OpRecord, seq: number): void {
    this.#waiting.push({ ...op, seq });
    this.#cancel ??= this.#clock.after(noteEvery, () => this.#write());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #write(): void {
    const ops = this.#waiting;
    this.#waiting = [];
    this.#cancel = null;
    this.#db.ops.bulkPut(ops).catch(() => undefined);
  }
}
