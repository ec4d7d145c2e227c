import type { Fault } from '../../contract/errors.ts';
import { projectHome } from '../../domain/identity.ts';
import type { AnnotationStore, Change, HistoryState } from '../../store/types.ts';
import { LiveState } from './live.svelte.ts';
import { storageFault } from './storage-fault.ts';

/** Commands on what a project holds beside its media: one history for all of it. */
export class ProjectEdits {
  readonly #store: AnnotationStore;
  readonly #projectId: number;
  readonly #onFault: (fault: Fault) => void;
  readonly #history;

  constructor(options: { store: AnnotationStore; projectId: number; onFault: (fault: Fault) => void }) {
    this.#store = options.store;
    this.#projectId = options.projectId;
    this.#onFault = options.onFault;
    const none: HistoryState = { undo: null, redo: null };
    this.#history = new LiveState(options.store.history(projectHome(options.projectId)), none);
  }

  readonly history = $derived.by(() => this.#history.current);

  /** One undoable step; whether it is saved. A refusal is told to `onFault` and has changed nothing. */
  apply(label: string, changes: Change[]): Promise<boolean> {
    const [projectId, media] = [this.#projectId, projectHome(this.#projectId)];
    return this.#run(() => this.#store.apply({ projectId, media, label, changes }));
  }

  undo(): Promise<boolean> {
    return this.#run(() => this.#store.undo(projectHome(this.#projectId)));
  }

  redo(): Promise<boolean> {
    return this.#run(() => this.#store.redo(projectHome(this.#projectId)));
  }

  async #run(command: () => Promise<void>): Promise<boolean> {
    try {
      await command();
      return true;
    } catch (error) {
      this.#onFault(storageFault(error));
      return false;
    }
  }
}
