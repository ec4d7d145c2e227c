import type { Stop } from '../../../base/disposable.ts';
import type { AnnotationStore, RecoveryReport } from '../../../store/types.ts';

/** What the last start had to repair, until the user has read it. */
export class RecoveryController {
  readonly #store: Pick<AnnotationStore, 'recovery' | 'dismissRecovery'>;
  #report = $state.raw<RecoveryReport | null>(null);

  constructor(store: Pick<AnnotationStore, 'recovery' | 'dismissRecovery'>) {
    this.#store = store;
  }

  get report(): RecoveryReport | null {
    return this.#report;
  }

  start(): Stop {
    return this.#store.recovery().subscribe((report) => (this.#report = report));
  }

  /** The notice goes at once; should the store fail to note it, it comes back at the next start. */
  dismiss(): void {
    this.#report = null;
    this.#store.dismissRecovery().catch(() => undefined);
  }
}
