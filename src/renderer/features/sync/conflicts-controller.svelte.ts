import { SvelteSet } from 'svelte/reactivity';
import type { Stop } from '../../../base/disposable.ts';
import { faultOf, type Fault } from '../../../contract/errors.ts';
import type { AnnotationStore } from '../../../store/types.ts';
import type { Conflict } from '../../../sync/ports.ts';
import { alikeTo, type Choice } from './conflict-groups.ts';

export interface ConflictsControllerOptions {
  /** Null while nobody is signed in. */
  store: Pick<AnnotationStore, 'conflicts' | 'resolveConflict'> | null;
}

/** The open conflicts and the user's answers to them. */
export class ConflictsController {
  readonly #options: ConflictsControllerOptions;
  #conflicts = $state.raw<readonly Conflict[]>([]);
  readonly #busy = new SvelteSet<string>();
  #settled = $state(0);
  #fault = $state.raw<Fault | null>(null);

  constructor(options: ConflictsControllerOptions) {
    this.#options = options;
  }

  get conflicts(): readonly Conflict[] {
    return this.#conflicts;
  }

  /** Conflicts whose answer is being written. */
  get busy(): ReadonlySet<string> {
    return this.#busy;
  }

  /** How many the last answer settled; 0 before the first. */
  get settled(): number {
    return this.#settled;
  }

  /** Why the last answer could not be written; what it did not reach is still listed. */
  get fault(): Fault | null {
    return this.#fault;
  }

  start(): Stop {
    return (
      this.#options.store?.conflicts().subscribe((conflicts) => (this.#conflicts = conflicts)) ??
      (() => undefined)
    );
  }

  /** Answers one conflict, or with `alike` every conflict like it too, each as its own undoable step. */
  async choose(id: string, choice: Choice, options: { alike: boolean }): Promise<void> {
    const { store } = this.#options;
    const conflict = this.#conflicts.find((one) => one.id === id);
    if (store === null || conflict === undefined || this.#busy.has(id)) return;
    const all = options.alike ? alikeTo(conflict, this.#conflicts) : [conflict];
    const ids = all.map((one) => one.id).filter((one) => !this.#busy.has(one));
    for (const one of ids) this.#busy.add(one);
    this.#fault = null;
    let settled = 0;
    try {
      for (const one of ids) {
        await store.resolveConflict(one, choice);
        settled += 1;
      }
    } catch (thrown) {
      this.#fault = faultOf(thrown);
    } finally {
      this.#settled = settled;
      for (const one of ids) this.#busy.delete(one);
    }
  }
}
