import { systemClock } from '../../../../src/base/clock.ts';
import { openStore, type OpenedStore } from '../../../../src/store/open-store.ts';
import type { Annotation, EditCommand, Recorder } from '../../../../src/store/types.ts';
import type { ServerRow } from '../../../../src/sync/ports.ts';

/** The store in a real page, driven from the test; the recorder is the test's own process. */
interface RecorderBinding {
  recorderAppend(bodies: string[]): ReturnType<Recorder['append']>;
  recorderRead(after: number, limit: number): ReturnType<Recorder['read']>;
}

const binding = globalThis as unknown as RecorderBinding;
const media = 'm';

class StorePage {
  #opened: OpenedStore | null = null;
  #shown: Annotation[] = [];
  #waiting: { test: (shown: Annotation[]) => boolean; resolve: () => void }[] = [];

  async open(): Promise<void> {
    const recorder: Recorder = {
      append: (bodies) => binding.recorderAppend(bodies),
      read: (after, limit) => binding.recorderRead(after, limit),
      release: async () => undefined,
    };
    const makeId = (): string => crypto.randomUUID();
    this.#opened = await openStore({ accountId: 'crew', recorder, clock: systemClock(), makeId });
    await new Promise<void>((resolve) => {
      this.#store.annotations(media, []).subscribe((shown) => {
        this.#shown = shown;
        for (const { test, resolve: done } of this.#waiting) if (test(shown)) done();
        resolve();
      });
    });
  }

  get #store() {
    if (this.#opened === null) throw new Error('not open');
    return this.#opened.store;
  }

  async serve(rows: ServerRow[]): Promise<void> {
    await this.#opened?.sync.revise(
      rows.map((row) => ({ ref: row.ref, media })),
      () => rows.map((row) => ({ row })),
    );
  }

  async apply(command: EditCommand): Promise<void> {
    await this.#store.apply(command);
  }

  async undo(): Promise<void> {
    await this.#store.undo(media);
  }

  shown(): Annotation[] {
    return this.#shown;
  }

  /** ms until saved, and until the live query has shown it. */
  async timed(command: EditCommand, frame: number): Promise<{ saved: number; repainted: number }> {
    const started = performance.now();
    const repaint = new Promise<number>((resolve) => {
      const test = (shown: Annotation[]): boolean => shown.some(({ fields }) => fields.frame === frame);
      this.#waiting = [{ test, resolve: () => resolve(performance.now() - started) }];
    });
    await this.#store.apply(command);
    const saved = performance.now() - started;
    return { saved, repainted: await repaint };
  }
}

(globalThis as unknown as { storePage: StorePage }).storePage = new StorePage();
export type { StorePage };
