import { SvelteSet } from 'svelte/reactivity';
import type { MakeId } from '../../../base/random.ts';
import type { Leaf, Project } from '../../../domain/entity-types.ts';
import { catalogRef, entityKey, projectHome } from '../../../domain/identity.ts';
import { permits } from '../../../domain/permission.ts';
import type { CatalogView, EntitySync } from '../../../store/types.ts';
import type { ProjectEdits } from '../../backend/project-edits.svelte.ts';
import { LabelTree, nameFault, type LabelRow, type NameFault } from './label-tree.ts';

/** The row whose name is being typed. */
export type Typing = { kind: 'new'; parent: Leaf | null } | { kind: 'name'; leaf: Leaf };
export type TreeRow = LabelRow | { kind: 'typing'; depth: number; value: string };

interface Options {
  edits: ProjectEdits;
  project: () => Project;
  projectId: number;
  makeId: MakeId;
  catalog: () => CatalogView | null;
}

/** What people do to the labels (leaves, in Tator's words) of one project; each is one undoable step. */
export class LabelsController {
  query = $state('');
  typing = $state.raw<Typing | null>(null);
  /** The label that is to be moved. */
  moving = $state.raw<Leaf | null>(null);
  #type = $state<number | null>(null);
  readonly #open = new SvelteSet<string>();
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  readonly types = $derived.by(() => this.#options.catalog()?.leafTypes ?? []);
  /** LeafType id of the labels that are shown; null where the project has none. */
  readonly type = $derived.by(
    () => (this.types.find(({ id }) => id === this.#type) ?? this.types[0])?.id ?? null,
  );
  readonly tree = $derived.by(() => new LabelTree(this.#options.catalog()?.leaves ?? [], this.type));
  readonly history = $derived.by(() => this.#options.edits.history);
  readonly mayChange = $derived.by(() => permits(this.#options.project().permission, 'control'));
  readonly isSearching = $derived.by(() => this.query.trim() !== '');
  readonly #found = $derived.by(() => (this.isSearching ? this.tree.search(this.query) : null));
  /** How many labels the search looks for has found. */
  readonly found = $derived.by(() => this.#found?.found ?? 0);
  readonly rows = $derived.by(() => withTyping(this.#found?.rows ?? this.tree.rows(this.#open), this.typing));

  choose(type: number): void {
    this.#type = type;
    this.typing = null;
  }

  toggle({ key }: Leaf): void {
    if (!this.#open.delete(key)) this.#open.add(key);
  }

  openAll(): void {
    for (const { leaf } of this.tree.search('').rows) this.#open.add(leaf.key);
  }

  closeAll(): void {
    this.#open.clear();
  }

  syncOf({ key }: Leaf): EntitySync {
    return this.#options.catalog()?.sync.get(entityKey(catalogRef('leaf', key))) ?? 'synced';
  }

  /** Begins a new label below `parent`. */
  add(parent: Leaf | null): void {
    if (parent !== null) this.#open.add(parent.key);
    this.query = '';
    this.typing = { kind: 'new', parent };
  }

  /** Why the name that is being typed would not do. */
  faultOf(name: string): NameFault | null {
    const { typing } = this;
    if (typing === null || name === '') return null;
    const parent = typing.kind === 'new' ? (typing.parent?.key ?? null) : typing.leaf.parent;
    const own = typing.kind === 'name' ? typing.leaf.key : null;
    return nameFault(
      name,
      this.tree.below(parent).filter(({ key }) => key !== own),
    );
  }

  /** What was typed is done; empty where it was given up. */
  async named(name: string): Promise<void> {
    const { typing } = this;
    this.typing = null;
    if (typing === null || name === '') return;
    if (typing.kind === 'new') await this.#create(name, typing.parent);
    else if (name !== typing.leaf.name) await this.#change('history.renameLabel', typing.leaf, { name });
  }

  /** Null: to the top. */
  async move(leaf: Leaf, parent: Leaf | null): Promise<boolean> {
    if (!this.tree.mayMove(leaf, parent)) return false;
    const moved = await this.#change('history.moveLabel', leaf, { parent: parent?.key ?? null });
    if (moved && parent !== null)
      for (const { key } of [parent, ...this.tree.above(parent)]) this.#open.add(key);
    return moved;
  }

  /** Refused where others are below it: a server would take them along, and no undo brings them back. */
  remove({ key }: Leaf): Promise<boolean> {
    return this.#options.edits.apply('history.deleteLabel', [
      { kind: 'delete', ref: catalogRef('leaf', key) },
    ]);
  }

  undo(): Promise<boolean> {
    return this.#options.edits.undo();
  }

  redo(): Promise<boolean> {
    return this.#options.edits.redo();
  }

  #create(name: string, parent: Leaf | null): Promise<boolean> {
    const { makeId, projectId } = this.#options;
    if (this.type === null) return Promise.resolve(false);
    return this.#options.edits.apply('history.newLabel', [
      {
        ...{ kind: 'create', ref: catalogRef('leaf', makeId()), type: this.type },
        ...{ media: projectHome(projectId), fields: { name, parent: parent?.key ?? null } },
      },
    ]);
  }

  #change(
    label: string,
    { key }: Leaf,
    fields: { name: string } | { parent: string | null },
  ): Promise<boolean> {
    return this.#options.edits.apply(label, [{ kind: 'change', ref: catalogRef('leaf', key), fields }]);
  }
}

/** A field stands in place of the label that is renamed, and right below the one that gets another below it. */
function withTyping(rows: readonly LabelRow[], typing: Typing | null): readonly TreeRow[] {
  if (typing === null) return rows;
  if (typing.kind === 'name')
    return rows.map((row) =>
      row.leaf.key === typing.leaf.key ? { kind: 'typing', depth: row.depth, value: row.leaf.name } : row,
    );
  const at = rows.findIndex(({ leaf }) => leaf.key === typing.parent?.key);
  const depth = (rows[at]?.depth ?? -1) + 1;
  return [...rows.slice(0, at + 1), { kind: 'typing', depth, value: '' }, ...rows.slice(at + 1)];
}
