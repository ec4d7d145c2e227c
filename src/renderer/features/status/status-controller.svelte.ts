import type { Clock } from '../../../base/clock.ts';
import { Stops, type Stop } from '../../../base/disposable.ts';
import type { AppInfo, Upload } from '../../../contract/host-rpc.ts';
import type { AnnotationStore } from '../../../store/types.ts';
import type { OutboxCounts, SyncStatus } from '../../../sync/ports.ts';
import { statusView, type StatusView } from './status-view.ts';

/** What the status bar needs of `backend/host-state.svelte.ts`. */
export interface Device {
  readonly connected: boolean;
  readonly info: AppInfo | null;
  readonly uploads: ReadonlyMap<string, Upload>;
}

export interface StatusControllerOptions {
  /** Null while nobody is signed in. */
  store: Pick<AnnotationStore, 'status' | 'counts'> | null;
  device: Device;
  clock: Clock;
}

const TICK_MS = 1000;

/** Joins the store's truth (counts, status) and the device's into what the status bar shows. */
export class StatusController {
  readonly #options: StatusControllerOptions;
  #status = $state.raw<SyncStatus>({
    connection: { kind: 'starting' },
    activity: 'idle',
    lastSyncedAt: null,
    problem: null,
  });
  #counts = $state.raw<OutboxCounts>({ unsynced: 0, inDoubt: 0, parked: 0, conflicts: 0 });
  #now = $state(0);
  #cancelTick: Stop | null = null;

  constructor(options: StatusControllerOptions) {
    this.#options = options;
    this.#now = options.clock.now();
  }

  get view(): StatusView {
    const { connected, info, uploads } = this.#options.device;
    return statusView({
      status: this.#status,
      counts: this.#counts,
      hostConnected: connected,
      info,
      uploads: [...uploads.values()],
      now: this.#now,
    });
  }

  start(): Stop {
    const stops = new Stops();
    stops.add(() => this.#stopTicking());
    const { store } = this.#options;
    if (store !== null) {
      stops.add(store.counts().subscribe((counts) => (this.#counts = counts)));
      stops.add(store.status().subscribe((status) => this.#takeStatus(status)));
    }
    return stops.stop;
  }

  #takeStatus(status: SyncStatus): void {
    this.#status = status;
    this.#now = this.#options.clock.now();
    this.#stopTicking();
    if (status.connection.kind === 'offline' && status.connection.retryAt !== null) this.#tick();
  }

  /** Only a countdown needs the seconds; the bar sleeps otherwise. */
  #tick(): void {
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => {
      this.#now = this.#options.clock.now();
      this.#tick();
    });
  }

  #stopTicking(): void {
    this.#cancelTick?.();
    this.#cancelTick = null;
  }
}
