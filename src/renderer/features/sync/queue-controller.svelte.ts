import { SvelteSet } from 'svelte/reactivity';
import type { Clock } from '../../../base/clock.ts';
import { Stops, type Stop } from '../../../base/disposable.ts';
import type { Fault } from '../../../contract/errors.ts';
import type { EntityKey } from '../../../domain/identity.ts';
import type { AnnotationStore } from '../../../store/types.ts';
import type { Edit, SyncStatus } from '../../../sync/ports.ts';
import { storageFault } from '../../backend/storage-fault.ts';
import { queueIndex, type QueueFacts, type QueueIndex } from './queue-reason.ts';

type QueueStore = Pick<
  AnnotationStore,
  | 'outbox'
  | 'doubts'
  | 'conflicts'
  | 'projects'
  | 'hiddenProjects'
  | 'status'
  | 'retryParked'
  | 'discardParked'
>;

export interface QueueControllerOptions {
  /** Null while nobody is signed in. */
  store: QueueStore | null;
  clock: Clock;
}

export type QueueNotice =
  { kind: 'retried'; count: number } | { kind: 'discarded' } | { kind: 'failed'; fault: Fault };

/** Ages are shown in minutes. */
const TICK_MS = 20_000;

/** The edits that no server has confirmed, and what the user does about those that were refused. */
export class QueueController {
  readonly #options: QueueControllerOptions;
  #edits = $state.raw<readonly Edit[]>([]);
  #problem = $state.raw<SyncStatus['problem']>(null);
  #facts = $state.raw<QueueFacts>({
    doubts: [],
    conflicts: [],
    projects: [],
    hidden: [],
    connection: { kind: 'starting' },
  });
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

  /** What tells why an edit still waits. */
  get index(): QueueIndex {
    return queueIndex(this.#edits, this.#facts);
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
      stops.add(store.doubts().subscribe((doubts) => this.#learn({ doubts })));
      stops.add(store.conflicts().subscribe((conflicts) => this.#learn({ conflicts })));
      stops.add(store.projects().subscribe((projects) => this.#learn({ projects })));
      stops.add(store.hiddenProjects().subscribe((hidden) => this.#learn({ hidden })));
      stops.add(
        store.status().subscribe(({ problem, connection }) => {
          this.#problem = problem;
          this.#learn({ connection });
        }),
      );
    }
    this.#tick();
    stops.add(() => this.#cancelTick?.());
    return stops.stop;
  }

  /** Tries again what was refused, one after the other. */
  retry(keys: readonly EntityKey[]): Promise<void> {
    return this.#decide(keys, (store, key) => store.retryParked(key), {
      kind: 'retried',
      count: keys.length,
    });
  }

  discard(key: EntityKey): Promise<void> {
    return this.#decide([key], (store) => store.discardParked(key), { kind: 'discarded' });
  }

  async #decide(
    keys: readonly EntityKey[],
    act: (store: QueueStore, key: EntityKey) => Promise<void>,
    notice: QueueNotice,
  ): Promise<void> {
    const { store } = this.#options;
    const free = keys.filter((key) => !this.#busy.has(key));
    if (store === null || free.length === 0) return;
    for (const key of free) this.#busy.add(key);
    try {
      for (const key of free) await act(store, key);
      this.#notice = notice;
    } catch (thrown) {
      this.#notice = { kind: 'failed', fault: storageFault(thrown) };
    } finally {
      for (const key of free) this.#busy.delete(key);
    }
  }

  #learn(facts: Partial<QueueFacts>): void {
    this.#facts = { ...this.#facts, ...facts };
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
