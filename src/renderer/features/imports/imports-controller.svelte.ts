import { faultOf, type Fault } from '../../../contract/errors.ts';
import type { Importer, ImportTarget } from '../../backend/backend.ts';

export type ImportState =
  { kind: 'waiting' } | { kind: 'reading'; done: number } | { kind: 'failed'; fault: Fault };

export interface ImportJob {
  id: number;
  file: File;
  target: ImportTarget;
  state: ImportState;
}

/**
 * Files on their way to the host, one after the other. A file that the host has leaves the list:
 * from then on its own card tells how it goes on. One that failed stays until the user decides.
 */
export class ImportsController {
  jobs = $state.raw<ImportJob[]>([]);
  readonly #importer: Importer;
  readonly #abort = new AbortController();
  #last = 0;
  #running = false;

  constructor(importer: Importer) {
    this.#importer = importer;
  }

  add(files: readonly File[], target: ImportTarget): void {
    const jobs = files.map((file): ImportJob => ({
      id: ++this.#last,
      file,
      target,
      state: { kind: 'waiting' },
    }));
    this.jobs = [...this.jobs, ...jobs];
    void this.#work();
  }

  retry(id: number): void {
    this.#set(id, { kind: 'waiting' });
    void this.#work();
  }

  dismiss(id: number): void {
    this.jobs = this.jobs.filter((job) => job.id !== id);
  }

  stop(): void {
    this.#abort.abort();
  }

  async #work(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const job = this.jobs.find(({ state }) => state.kind === 'waiting');
      if (job === undefined || this.#abort.signal.aborted) break;
      await this.#take(job);
    }
    this.#running = false;
  }

  async #take({ id, file, target }: ImportJob): Promise<void> {
    this.#set(id, { kind: 'reading', done: 0 });
    try {
      const onProgress = (done: number): void => this.#set(id, { kind: 'reading', done });
      await this.#importer.add(file, target, { onProgress, signal: this.#abort.signal });
      this.dismiss(id);
    } catch (error) {
      this.#set(id, { kind: 'failed', fault: faultOf(error) });
    }
  }

  #set(id: number, state: ImportState): void {
    this.jobs = this.jobs.map((job) => (job.id === id ? { ...job, state } : job));
  }
}
