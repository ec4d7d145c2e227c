import type { Json } from '../../../base/json.ts';
import type { MakeId } from '../../../base/random.ts';
import type { LocalizationType } from '../../../domain/entity-types.ts';
import { catalogRef, entityKey, projectHome } from '../../../domain/identity.ts';
import type { CatalogView, EntitySync } from '../../../store/types.ts';
import type { ProjectEdits } from '../../backend/project-edits.svelte.ts';
import { t } from '../../strings/t.ts';
import { favoritesOf, fitTo, keepable, summaryOf, type Fit, type Keepable } from './favorite-values.ts';

export interface FavoriteRow {
  key: string;
  name: string;
  page: number;
  /** Its values in one line. */
  summary: string;
  fit: Fit;
  /** What is drawn next gets its values. */
  isNext: boolean;
  sync: EntitySync;
}

/** The favorite that is about to be saved. */
export interface FavoriteDraft {
  type: LocalizationType;
  name: string;
  choices: (Keepable & { kept: boolean })[];
}

interface Options {
  edits: ProjectEdits;
  makeId: MakeId;
  projectId: number;
  catalog: () => CatalogView;
  /** Of what is selected, else of what is drawn next. */
  type: () => LocalizationType | null;
  /** What is selected, with what is typed and not saved yet. */
  selected: () => { label: string | null; attributes: Record<string, Json> } | null;
  /** Values that the type alone gives to a new one. */
  defaults: (type: LocalizationType) => Record<string, Json>;
  /** One undoable edit of what is selected. */
  apply: (values: Record<string, Json>) => Promise<boolean>;
  tell: (notice: { tone: 'info' | 'danger'; title: string; body: string }) => void;
}

/** The user's favorites of the type at hand: values that are given at once. */
export class FavoritesController {
  draft = $state.raw<FavoriteDraft | null>(null);
  /** Key of the favorite whose name is being typed. */
  naming = $state<string | null>(null);
  /** Favorite for new ones, by type. */
  #next = $state.raw<Record<number, string>>({});
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  readonly type = $derived.by(() => this.#options.type());
  readonly applies = $derived.by(() => this.#options.selected() !== null);
  readonly rows = $derived.by((): FavoriteRow[] => (this.type === null ? [] : this.#rowsOf(this.type)));
  readonly keepable = $derived.by(() =>
    this.type === null ? [] : keepable(this.type.attribute_types, this.#present(this.type)),
  );

  /** The favorite that the next one of this type is drawn with. */
  nextOf(type: LocalizationType): FavoriteRow | null {
    return this.#rowsOf(type).find(({ isNext }) => isNext) ?? null;
  }

  /** What a new one of this type begins with. */
  startValues(type: LocalizationType): Record<string, Json> {
    return { ...this.#options.defaults(type), ...this.nextOf(type)?.fit.values };
  }

  /** Applied to what is selected; where nothing is, what is drawn next gets it, or no longer. */
  async use(row: FavoriteRow): Promise<void> {
    if (this.applies) await this.applyTo(row);
    else this.toggleNext(row);
  }

  /** By its place in the list, 1 to 9. */
  async useNth(n: number): Promise<void> {
    const row = this.rows[n - 1];
    if (row !== undefined) await this.use(row);
  }

  async applyTo(row: FavoriteRow): Promise<void> {
    if (!this.#fitsAtAll(row)) return;
    const done = await this.#options.apply(row.fit.values);
    if (done) this.#tellMisfits(row);
  }

  toggleNext(row: FavoriteRow): void {
    const { type } = this;
    if (type === null || (!row.isNext && !this.#fitsAtAll(row))) return;
    if (row.isNext) this.stopNext(type);
    else {
      this.#next = { ...this.#next, [type.id]: row.key };
      this.#tellMisfits(row);
    }
  }

  /** What is drawn next of this type gets the type's own values again. */
  stopNext(type: LocalizationType): void {
    this.#next = Object.fromEntries(Object.entries(this.#next).filter(([id]) => Number(id) !== type.id));
  }

  /** Asks what to save. */
  askToSave(): void {
    const { type } = this;
    if (type === null || this.keepable.length === 0) return;
    const name = this.#options.selected()?.label ?? this.keepable[0]?.text ?? type.name;
    this.draft = { type, name, choices: this.keepable.map((one) => ({ ...one, kept: true })) };
  }

  change(change: { name: string } | { attribute: string; kept: boolean }): void {
    const { draft } = this;
    if (draft === null) return;
    if ('name' in change) this.draft = { ...draft, name: change.name };
    else {
      const { attribute, kept } = change;
      const choices = draft.choices.map((one) => (one.attribute === attribute ? { ...one, kept } : one));
      this.draft = { ...draft, choices };
    }
  }

  /** Saves what the draft says; the draft stays where it was refused. */
  async save(): Promise<void> {
    const { draft } = this;
    const kept = draft?.choices.filter((one) => one.kept) ?? [];
    if (draft === null || draft.name.trim() === '' || kept.length === 0) return;
    const { edits, makeId, projectId } = this.#options;
    const fields = {
      name: draft.name.trim(),
      page: 1,
      values: Object.fromEntries(kept.map(({ attribute, value }) => [attribute, value])),
      entity_type_name: 'Localization',
    };
    const ref = catalogRef('favorite', makeId());
    const place = { type: draft.type.id, media: projectHome(projectId) };
    const saved = await edits.apply('history.newFavorite', [{ kind: 'create', ref, ...place, fields }]);
    if (saved && this.draft === draft) this.draft = null;
  }

  /** Ends the typing of a name. */
  async rename(row: FavoriteRow, name: string): Promise<void> {
    this.naming = null;
    if (name === '' || name === row.name) return;
    const ref = catalogRef('favorite', row.key);
    await this.#options.edits.apply('history.renameFavorite', [{ kind: 'change', ref, fields: { name } }]);
  }

  remove({ key }: FavoriteRow): Promise<boolean> {
    const ref = catalogRef('favorite', key);
    return this.#options.edits.apply('history.deleteFavorite', [{ kind: 'delete', ref }]);
  }

  #rowsOf(type: LocalizationType): FavoriteRow[] {
    const { favorites, sync } = this.#options.catalog();
    const definitions = type.attribute_types;
    return favoritesOf(favorites, type.id).map(({ key, name, page, values }) => ({
      ...{ key, name, page },
      summary: summaryOf(definitions, values),
      fit: fitTo(definitions, values),
      isNext: this.#next[type.id] === key,
      sync: sync.get(entityKey(catalogRef('favorite', key))) ?? 'synced',
    }));
  }

  #present(type: LocalizationType): Record<string, Json> {
    return this.#options.selected()?.attributes ?? this.startValues(type);
  }

  #fitsAtAll({ name, fit }: FavoriteRow): boolean {
    if (Object.keys(fit.values).length > 0) return true;
    this.#options.tell({ tone: 'danger', title: t('favorites.nothing', { name }), body: misfitText(fit) });
    return false;
  }

  #tellMisfits({ name, fit }: FavoriteRow): void {
    if (fit.misfits.length === 0) return;
    this.#options.tell({ tone: 'info', title: t('favorites.partly', { name }), body: misfitText(fit) });
  }
}

export function misfitText({ misfits }: Fit): string {
  return misfits.map((one) => t('favorites.misfit', { ...one })).join(' ');
}
