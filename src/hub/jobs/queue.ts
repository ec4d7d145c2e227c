import { sql, type Selectable } from 'kysely';
import type { Clock } from '../../base/clock.ts';
import type { Db, Tx } from '../db/database.ts';
import type { Jobs } from '../db/schema.ts';

export type JobRow = Selectable<Jobs>;

export interface NewJob {
  uid: string;
  gid: string;
  kind: string;
  project: number;
  user: number;
  media: number[];
  spec: Record<string, unknown>;
}

/** Thrown by a worker for a job that can never succeed: it is not tried again. */
export class HopelessJob extends Error {
  override readonly name = 'HopelessJob';
  /** `Error`: not the job's own fault. */
  readonly status: 'Failed' | 'Error';

  constructor(message: string, status: 'Failed' | 'Error' = 'Failed') {
    super(message);
    this.status = status;
  }
}

export interface JobContext {
  /** Aborts when the job is cancelled, its lease is lost, or the hub stops. */
  signal: AbortSignal;
  /** Honest share of the work done, 0 to 1. */
  progress(done: number): void;
}

export type Worker = (job: JobRow, context: JobContext) => Promise<void>;

const LEASE_MS = 30_000;
const HEARTBEAT_MS = 5_000;
const POLL_MS = 2_000;
/** Tries of a job that fails. */
const MOST_ATTEMPTS = 3;
/** Deaths of the hub are hardly ever the job's doing (power, kills), but a job that is deadly must not come back for ever. */
const MOST_DEATHS = 30;

/**
 * A durable queue in the database. A job is taken by a lease, which the worker renews; when the
 * process dies the lease runs out and another worker, or the next start, takes the job again.
 *
 *     Pending --take--> Running --done--> Succeeded
 *        ^                 |----failed---> Failed, Error (after the last attempt, or hopeless)
 *        '--lease lost-----'----cancel---> Failed
 */
export class JobQueue {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #holder: string;
  readonly #workers = new Map<string, Worker>();
  readonly #report: (error: unknown, where: string) => void;
  #stopped = new AbortController();
  #wake: () => void = () => undefined;
  #loop: Promise<void> | undefined;

  constructor(options: {
    db: Db;
    clock: Clock;
    holder: string;
    report: (error: unknown, where: string) => void;
  }) {
    this.#db = options.db;
    this.#clock = options.clock;
    this.#holder = options.holder;
    this.#report = options.report;
  }

  /** Registers who does jobs of a kind; before `start`. */
  work(kind: string, worker: Worker): void {
    this.#workers.set(kind, worker);
  }

  /** `db`: a transaction that the job belongs to; call `wake` when it is committed. */
  async add(job: NewJob, db: Db | Tx = this.#db): Promise<void> {
    await db
      .insertInto('jobs')
      .values({
        uid: job.uid,
        gid: job.gid,
        kind: job.kind,
        project: job.project,
        user_id: job.user,
        media: job.media,
        spec: JSON.stringify(job.spec),
      })
      .execute();
    this.#wake();
  }

  /** There may be something to do. */
  wake(): void {
    this.#wake();
  }

  /** Asks the worker to stop; a job that waits ends at once. */
  async cancel(uid: string): Promise<void> {
    await sql`UPDATE jobs SET cancel_requested = true,
        status = CASE WHEN status = 'Pending' THEN 'Failed' ELSE status END,
        message = CASE WHEN status = 'Pending' THEN 'Cancelled.' ELSE message END,
        stop_time = CASE WHEN status = 'Pending' THEN now() ELSE stop_time END
      WHERE uid = ${uid} AND status IN ('Pending', 'Running')`.execute(this.#db);
  }

  /**
   * Begins to work, one job at a time. `alone`: no other process works on this database, so whatever
   * is still leased is left over from a crash and is taken back at once.
   */
  async start({ alone }: { alone: boolean }): Promise<void> {
    const kinds = [...this.#workers.keys()];
    if (alone)
      await sql`UPDATE jobs SET lease_until = now()
        WHERE status = 'Running' AND kind = ANY(${kinds}::text[])`.execute(this.#db);
    this.#loop = this.#run();
  }

  /** Ends the running job without finishing it (it is taken again at the next start). */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped()) {
      try {
        const job = await this.#take();
        if (job) await this.#perform(job);
        else await this.#pause();
      } catch (error) {
        if (this.#isStopped()) return;
        this.#report(error, 'job queue');
        await this.#pause();
      }
    }
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(POLL_MS, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
      if (this.#stopped.signal.aborted) this.#wake();
    });
  }

  async #take(): Promise<JobRow | undefined> {
    const { rows } = await sql<JobRow>`
      UPDATE jobs SET status = 'Running', attempts = attempts + 1,
        deaths = deaths + CASE WHEN status = 'Running' THEN 1 ELSE 0 END, lease_holder = ${this.#holder},
        lease_until = now() + ${LEASE_MS} * interval '1 millisecond', start_time = coalesce(start_time, now())
      WHERE uid = (
        SELECT uid FROM jobs
        WHERE kind = ANY(${[...this.#workers.keys()]}::text[])
          AND (status = 'Pending' OR (status = 'Running' AND lease_until <= now()))
        ORDER BY created FOR UPDATE SKIP LOCKED LIMIT 1)
      RETURNING *`.execute(this.#db);
    return rows[0];
  }

  async #perform(job: JobRow): Promise<void> {
    const stop = new AbortController();
    const onStop = (): void => stop.abort();
    this.#stopped.signal.addEventListener('abort', onStop);
    let progress = job.progress;
    const beat = setInterval(() => {
      this.#heartbeat(job.uid, progress).then(
        (mayGoOn) => mayGoOn || stop.abort(),
        (error: unknown) => this.#report(error, 'job heartbeat'),
      );
    }, HEARTBEAT_MS / 5);
    try {
      if (job.cancel_requested) throw new HopelessJob('Cancelled.');
      if (job.deaths > MOST_DEATHS)
        throw new HopelessJob(`Given up: the hub has died ${job.deaths} times while it did this.`);
      const worker = this.#workers.get(job.kind);
      await worker?.(job, {
        signal: stop.signal,
        progress: (done) => (progress = Math.min(1, Math.max(progress, done))),
      });
      await this.#finish(job.uid, { status: 'Succeeded', message: '', progress: 1 });
    } catch (error) {
      if (this.#stopped.signal.aborted) await this.#handBack(job.uid);
      else await this.#failed(job, error, progress);
    } finally {
      clearInterval(beat);
      this.#stopped.signal.removeEventListener('abort', onStop);
    }
  }

  async #failed(job: JobRow, error: unknown, progress: number): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    const cancelled = await this.#isCancelled(job.uid);
    const over = cancelled || error instanceof HopelessJob || job.attempts - job.deaths >= MOST_ATTEMPTS;
    if (over)
      return this.#finish(job.uid, {
        status: !cancelled && error instanceof HopelessJob ? error.status : 'Failed',
        message: cancelled ? 'Cancelled.' : message,
        progress,
      });
    await this.#handBack(job.uid, message);
  }

  /** Renews the lease; false when the job was cancelled or taken by another process. */
  async #heartbeat(uid: string, progress: number): Promise<boolean> {
    const { rows } = await sql<{ cancel_requested: boolean }>`
      UPDATE jobs SET lease_until = now() + ${LEASE_MS} * interval '1 millisecond', progress = ${progress}
      WHERE uid = ${uid} AND lease_holder = ${this.#holder} AND status = 'Running'
      RETURNING cancel_requested`.execute(this.#db);
    return rows[0]?.cancel_requested === false;
  }

  async #isCancelled(uid: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom('jobs')
      .select('cancel_requested')
      .where('uid', '=', uid)
      .executeTakeFirst();
    return row?.cancel_requested ?? true;
  }

  async #finish(
    uid: string,
    {
      status,
      message,
      progress,
    }: { status: 'Succeeded' | 'Failed' | 'Error'; message: string; progress: number },
  ): Promise<void> {
    await sql`UPDATE jobs SET status = ${status}, message = ${message}, progress = ${progress},
        stop_time = now(), lease_until = NULL, lease_holder = NULL
      WHERE uid = ${uid} AND lease_holder = ${this.#holder}`.execute(this.#db);
  }

  async #handBack(uid: string, message = ''): Promise<void> {
    await sql`UPDATE jobs SET status = 'Pending', message = ${message}, lease_until = NULL, lease_holder = NULL,
        attempts = CASE WHEN ${message} = '' THEN attempts - 1 ELSE attempts END
      WHERE uid = ${uid} AND lease_holder = ${this.#holder}`.execute(this.#db);
  }
}
