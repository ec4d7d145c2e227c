import type { Clock } from '../../base/clock.ts';
import type { Db } from '../db/database.ts';
import type { RunRecord } from './workflow/run-record.ts';

/** Longest time that a reader of a job sees it as it was before, ms. */
const DELAY = 500;

/** Writes the record of a run to its row: soon after a change, one write at a time. */
export class RunSaver {
  readonly #options: { db: Db; clock: Clock; uid: string; report: (error: unknown, where: string) => void };
  #record: RunRecord | undefined;
  #planned: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: {
    db: Db;
    clock: Clock;
    uid: string;
    report: (error: unknown, where: string) => void;
  }) {
    this.#options = options;
  }

  follow(record: RunRecord): void {
    this.#record = record;
  }

  readonly changed = (): void => {
    this.#planned ??= this.#options.clock.after(DELAY, () => {
      this.flush().catch((error: unknown) => this.#options.report(error, 'record of a job'));
    });
  };

  /** Resolves when everything up to now is written. */
  flush(): Promise<void> {
    this.#planned?.();
    this.#planned = undefined;
    this.#saving = this.#saving.catch(() => undefined).then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    const record = this.#record;
    if (!record) return;
    const { db, uid } = this.#options;
    await db
      .updateTable('algorithm_runs')
      .set({ nodes: JSON.stringify(record.nodes), log: record.log })
      .where('uid', '=', uid)
      .execute();
  }
}
