import { SvelteSet } from 'svelte/reactivity';
import type { Stop } from '../../../base/disposable.ts';
import { groupBy } from '../../../base/group.ts';
import { faultOf, type Fault } from '../../../contract/errors.ts';
import type { AnnotationStore, SettledStep } from '../../../store/types.ts';
import type { Conflict } from '../../../sync/ports.ts';
import { alikeTo, type Choice } from './conflict-groups.ts';

export interface ConflictsControllerOptions {
  /** Null while nobody is signed in. */
  store: Pick<AnnotationStore, 'conflicts' | 'resolveConflicts' | 'undoStep'> | null;
}

/** The open conflicts and the user's answers to them. */
export class ConflictsController {
  readonly #options: ConflictsControllerOptions;
  #conflicts = $state.raw<readonly Conflict[]>([]);
  readonly #busy = new SvelteSet<string>();
  #settled = $state(0);
  #fault = $state.raw<Fault | null>(null);
  /** The steps of the last answer, to be taken back. */
  #steps = $state.raw<readonly SettledStep[]>([]);
  #undone = $state.raw<'all' | 'some' | null>(null);

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

  /** The last answer can be taken back. */
  get undoable(): boolean {
    return this.#steps.length > 0;
  }

  /** What became of taking it back; null before. `some`: the user has changed something else since. */
  get undone(): 'all' | 'some' | null {
    return this.#undone;
  }

  start(): Stop {
    return (
      this.#options.store?.conflicts().subscribe((conflicts) => (this.#conflicts = conflicts)) ??
      (() => undefined)
    );
  }

  /** Answers one conflict, or with `alike` every conflict like it too: one undoable step in each media. */
  async choose(id: string, choice: Choice, options: { alike: boolean }): Promise<void> {
    const { store } = this.#options;
    const conflict = this.#conflicts.find((one) => one.id === id);
    if (store === null || conflict === undefined || this.#busy.has(id)) return;
    const all = options.alike ? alikeTo(conflict, this.#conflicts) : [conflict];
    const open = all.filter((one) => !this.#busy.has(one.id));
    const ids = open.map((one) => one.id);
    for (const one of ids) this.#busy.add(one);
    this.#fault = null;
    this.#undone = null;
    const steps: SettledStep[] = [];
    try {
      // Media by media: what was written before a failure can be taken back.
      for (const group of groupBy(open, ({ media }) => media).values())
        steps.push(
          ...(await store.resolveConflicts(
            group.map((one) => one.id),
            choice,
          )),
        );
    } catch (thrown) {
      this.#fault = faultOf(thrown);
    } finally {
      this.#steps = steps;
      this.#settled = steps.reduce((sum, { count }) => sum + count, 0);
      for (const one of ids) this.#busy.delete(one);
    }
  }

  /** Takes the last answer back where it is still the newest step of its media. */
  async undo(): Promise<void> {
    const { store } = this.#options;
    const steps = this.#steps;
    if (store === null || steps.length === 0) return;
    this.#steps = [];
    this.#settled = 0;
    this.#fault = null;
    try {
      let back = 0;
      for (const { media, id } of steps) if (await store.undoStep(media, id)) back += 1;
      this.#undone = back === steps.length ? 'all' : 'some';
    } catch (thrown) {
      this.#fault = faultOf(thrown);
    }
  }
}
