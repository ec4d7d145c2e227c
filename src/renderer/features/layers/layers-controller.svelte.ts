import { SvelteSet } from 'svelte/reactivity';
import type { MakeId } from '../../../base/random.ts';
import type { Project, Version } from '../../../domain/entity-types.ts';
import { catalogRef, projectHome, versionOf, type ElementalId } from '../../../domain/identity.ts';
import { permits } from '../../../domain/permission.ts';
import type { AnnotationStore, CatalogView } from '../../../store/types.ts';
import { LiveState } from '../../backend/live.svelte.ts';
import type { ProjectEdits } from '../../backend/project-edits.svelte.ts';
import { currentLayer, hiddenNumbers, inOrder, layerRows, nothingDirty, nothingUsed } from './layer-rows.ts';

/** What is asked of a layer when it is made; its name and description can be changed later. */
export interface LayerFields {
  name: string;
  description: string;
}

interface Options {
  edits: ProjectEdits;
  store: Pick<AnnotationStore, 'versionsInUse'>;
  project: () => Project;
  projectId: number;
  makeId: MakeId;
  catalog: () => CatalogView | null;
}

/** The layers of one project: which one is annotated in, which are shown, and what people do to them. */
export class LayersController {
  /** Whether the panel is open. */
  open = $state(false);
  /** What is being typed; `layer` null for one that is still to be made. */
  editing = $state.raw<{ layer: Version | null } | null>(null);
  #chosen = $state<ElementalId | null>(null);
  readonly #hidden = new SvelteSet<ElementalId>();
  readonly #options: Options;
  readonly #used;

  constructor(options: Options) {
    const { store, projectId } = options;
    this.#options = options;
    this.#used = new LiveState(store.versionsInUse(projectId), nothingUsed);
  }

  readonly versions = $derived.by(() => inOrder(this.#options.catalog()?.versions ?? []));
  /** The layer that new annotations go into; null where the project has none. */
  readonly current = $derived.by(() => currentLayer(this.versions, this.#chosen));
  /** How new annotations name their layer. */
  readonly number = $derived.by(() => (this.current === null ? null : versionOf(this.current)));
  /** Numbers of the layers that are not shown. */
  readonly hidden = $derived.by(() =>
    hiddenNumbers(this.versions, { current: this.current?.key ?? null, hidden: this.#hidden }),
  );
  /** Ready for the panel; asks what is in use as long as it is read. */
  readonly rows = $derived.by(() => {
    const sync = this.#options.catalog()?.sync ?? nothingDirty;
    const choice = { current: this.current?.key ?? null, hidden: this.#hidden, used: this.#used.current };
    return layerRows({ versions: this.versions, sync }, choice);
  });
  readonly mayChange = $derived.by(() => permits(this.#options.project().permission, 'edit'));

  /** By the number that annotations name it by. */
  chooseNumber(number: number): void {
    const version = this.versions.find((one) => versionOf(one) === number);
    if (version !== undefined) this.choose(version);
  }

  /** What is annotated in is shown. */
  choose({ key }: Version): void {
    this.#chosen = key;
    this.#hidden.delete(key);
  }

  show({ key }: Version, shown: boolean): void {
    if (shown) this.#hidden.delete(key);
    else if (key !== this.current?.key) this.#hidden.add(key);
  }

  /** Makes a layer, which is annotated in from then on. */
  async create({ name, description }: LayerFields, bases: readonly Version[]): Promise<boolean> {
    const { makeId, projectId } = this.#options;
    const key = makeId();
    const fields = {
      ...{ name, description, show_empty: true },
      bases: bases.flatMap(({ id }) => (id === 0 ? [] : [id])),
    };
    const media = projectHome(projectId);
    const made = await this.#options.edits.apply('history.newLayer', [
      { kind: 'create', ref: catalogRef('version', key), type: 0, media, fields },
    ]);
    if (made) this.#chosen = key;
    return made;
  }

  change({ key }: Version, { name, description }: LayerFields): Promise<boolean> {
    const fields = { name, description };
    return this.#options.edits.apply('history.changeLayer', [
      { kind: 'change', ref: catalogRef('version', key), fields },
    ]);
  }

  /** Refused where annotations are in it. */
  remove({ key }: Version): Promise<boolean> {
    return this.#options.edits.apply('history.deleteLayer', [
      { kind: 'delete', ref: catalogRef('version', key) },
    ]);
  }
}
