import { SvelteSet } from 'svelte/reactivity';
import type { Clock } from '../../../base/clock.ts';
import { Stops, type Stop } from '../../../base/disposable.ts';
import { faultOf, type Fault } from '../../../contract/errors.ts';
import type { EntityKey } from '../../../domain/identity.ts';
import type { AnnotationStore } from '../../../store/types.ts';
import type { Edit, OutboxCounts, SyncStatus } from '../../../sync/ports.ts';

type QueueStore = Pick<AnnotationStore, 'outbox' | 'counts' | 'status' | 'retryParked' | 'discardParked'>;

export interface QueueControllerOptions {
  /** Null while nobody is signed in. */
  store: QueueStore | null;
  clock: Clock;
}

export type QueueNotice = { kind: 'retried' } | { kind: 'discarded' } | { kind: 'failed'; fault: Fault };

/** Ages are shown in minutes. */
const TICK_MS = 20_000;

/** The edits that no server has confirmed, and what the user does about those that were refused. */
export class QueueController {
  readonly #options: QueueControllerOptions;
  #edits = $state.raw<readonly Edit[]>([]);
  #counts = $state.raw<OutboxCounts>({ unsynced: 0, inDoubt: 0, parked: 0, conflicts: 0 });
  #problem = $state.raw<SyncStatus['problem']>(null);
  readonly #busy = new SvelteSet<EntityKey>();
  #notice = $state.raw<QueueNotice | null>(null);
  #now = $state(0);
  #cancelTick: Stop | null = null;

  constructor(options: QueueControllerOptions) {
    this.#options = options;
    this.#now = options.clock.now();
  }

  get edits(): readonly Edit[] {
    return this.#edits;
  }

  get counts(): OutboxCounts {
    return this.#counts;
  }

  /** The newest problem that needs a person. */
  get problem(): SyncStatus['problem'] {
    return this.#problem;
  }

  /** Entities about which the user just decided; their buttons rest. */
  get busy(): ReadonlySet<EntityKey> {
    return this.#busy;
  }

  /** What came of the last decision. */
  get notice(): QueueNotice | null {
    return this.#notice;
  }

  /** Local time, ms; near enough for ages. */
  get now(): number {
    return this.#now;
  }

  start(): Stop {
    const stops = new Stops();
    const { store } = this.#options;
    if (store !== null) {
      stops.add(store.outbox().subscribe((edits) => this.#take(edits)));
      stops.add(store.counts().subscribe((counts) => (this.#counts = counts)));
      stops.add(store.status().subscribe(({ problem }) => (this.#problem = problem)));
    }
    this.#tick();
    stops.add(() => this.#cancelTick?.());
    return stops.stop;
  }

  retry(key: EntityKey): Promise<void> {
    return this.#decide(key, 'retried', (store) => store.retryParked(key));
  }

  discard(key: EntityKey): Promise<void> {
    return this.#decide(key, 'discarded', (store) => store.discardParked(key));
  }

  async #decide(
    key: EntityKey,
    kind: 'retried' | 'discarded',
    act: (store: QueueStore) => Promise<void>,
  ): Promise<void> {
    const { store } = this.#options;
    if (store === null || this.#busy.has(key)) return;
    this.#busy.add(key);
    try {
      await act(store);
      this.#notice = { kind };
    } catch (thrown) {
      this.#notice = { kind: 'failed', fault: faultOf(thrown) };
    } finally {
      this.#busy.delete(key);
    }
  }

  #take(edits: readonly Edit[]): void {
    this.#edits = edits;
    this.#now = this.#options.clock.now();
  }

  #tick(): void {
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => {
      this.#now = this.#options.clock.now();
      this.#tick();
    });
  }
}
