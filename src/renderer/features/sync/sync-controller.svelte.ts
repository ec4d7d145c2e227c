import type { Clock } from '../../../base/clock.ts';
import { Stops, type Stop } from '../../../base/disposable.ts';
import type { Host } from '../../../contract/host-rpc.ts';
import type { AnnotationStore } from '../../../store/types.ts';
import { ConflictsController } from './conflicts-controller.svelte.ts';
import { QueueController } from './queue-controller.svelte.ts';
import { ServerController } from './server-controller.svelte.ts';
import { UploadsController } from './uploads-controller.svelte.ts';

export type SyncTab = 'queue' | 'conflicts' | 'uploads' | 'server';

export interface SyncControllerOptions {
  /** Null while nobody is signed in; make a new controller when the account changes. */
  store: AnnotationStore | null;
  host: Pick<Host, 'call'>;
  clock: Clock;
}

/** The controllers behind the four tabs of the sync panel. */
export class SyncController {
  readonly queue: QueueController;
  readonly conflicts: ConflictsController;
  readonly uploads: UploadsController;
  readonly server: ServerController;

  constructor({ store, host, clock }: SyncControllerOptions) {
    this.queue = new QueueController({ store, clock });
    this.conflicts = new ConflictsController({ store });
    this.uploads = new UploadsController(host);
    this.server = new ServerController(host);
  }

  start(): Stop {
    const stops = new Stops();
    stops.add(this.queue.start());
    stops.add(this.conflicts.start());
    return stops.stop;
  }
}
