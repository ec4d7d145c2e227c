import type { Json } from '../../base/json.ts';
import type { Fault } from '../../contract/errors.ts';
import type { LocalizationType } from '../../domain/entity-types.ts';
import type { Geometry } from '../../domain/geometry.ts';
import type { EntityKey, MediaKey } from '../../domain/identity.ts';
import type { AnnotationStore, CatalogView } from '../../store/types.ts';
import type { Backend } from '../backend/backend.ts';
import { LiveState } from '../backend/live.svelte.ts';
import type { ProjectEdits } from '../backend/project-edits.svelte.ts';
import { CanvasController } from '../editor/canvas-controller.svelte.ts';
import { defaultsOf, EditingController } from '../editor/editing-controller.svelte.ts';
import { colourOf } from '../editor/shape.ts';
import { isBusy } from '../editor/tools/machine.ts';
import type { Adjustment, ToolName } from '../editor/tools/tool.ts';
import { groupByFrame, rowsOf, shapesOf, type Row } from '../features/inspector/annotation-row.ts';
import { Drafts } from '../features/inspector/drafts.svelte.ts';
import { FavoritesController } from '../features/inspector/favorites-controller.svelte.ts';
import { TaxonomyIndex } from '../features/inspector/taxonomy.ts';
import type { LayersController } from '../features/layers/layers-controller.svelte.ts';
import { PlayerController } from '../player/player-controller.svelte.ts';
import { bothHistories } from './both-histories.ts';
import type { EditorCommand } from './editor-keys.ts';
import { presentKey } from './present-key.ts';

/** The media that is open, from whatever source knows it. */
export interface OpenMedia {
  key: MediaKey;
  projectId: number;
  /** Null until the server has it. */
  serverId: number | null;
  kind: 'video' | 'image';
  name: string;
  width: number;
  height: number;
  /** MediaType id; null where only the file is known. */
  type: number | null;
}

/** Commands that also work while something is being drawn or dragged. */
const ALWAYS: ReadonlySet<EditorCommand['kind']> = new Set(['pause', 'tool', 'cancel', 'finish', 'fit']);

interface Options {
  backend: Backend;
  store: AnnotationStore;
  media: OpenMedia;
  catalog: () => CatalogView;
  /** Commands on bookmarks and favorites. */
  edits: ProjectEdits;
  layers: LayersController;
  onRefused: (fault: Fault) => void;
  onTooSmall: () => void;
  /** The frame on the screen is to be kept as a bookmark. */
  onBookmark: (frame: number) => void;
  tell: (notice: { tone: 'info' | 'danger'; title: string; body: string }) => void;
}

/** Joins player, canvas, edits and inspector of one open media. */
export class EditorSession {
  readonly player: PlayerController;
  readonly editing: EditingController;
  readonly canvas: CanvasController;
  readonly drafts: Drafts;
  readonly favorites: FavoritesController;
  #picked = $state<EntityKey | null>(null);
  /** The type last chosen for each tool. */
  chosenTypes = $state.raw<Partial<Record<ToolName, number>>>({});
  readonly #media: OpenMedia;
  readonly #catalog: () => CatalogView;
  readonly #edits: ProjectEdits;
  readonly #layers: LayersController;
  readonly #onBookmark: (frame: number) => void;
  readonly #annotations;
  readonly #history;
  /** Picked in a list; selected as soon as its frame is on the screen. */
  #wanted: { key: EntityKey; frame: number } | null = null;

  constructor(options: Options) {
    const { backend, store, media, catalog, onRefused, onTooSmall } = options;
    this.#media = media;
    this.#catalog = catalog;
    this.#edits = options.edits;
    this.#layers = options.layers;
    this.#onBookmark = options.onBookmark;
    this.#annotations = new LiveState(store.annotations(media.key, []), []);
    this.#history = new LiveState(store.history(media.key), { undo: null, redo: null });
    this.player = new PlayerController(media, backend.clock);
    this.editing = new EditingController({ store, media, makeId: backend.makeId, onRefused });
    this.drafts = new Drafts((ref, name, value) => this.editing.setAttribute(ref, name, value));
    this.favorites = new FavoritesController({
      edits: options.edits,
      makeId: backend.makeId,
      projectId: media.projectId,
      catalog,
      type: () => this.selected?.type ?? this.drawType,
      selected: () => this.#selectedValues(),
      defaults: ({ attribute_types: definitions }) => defaultsOf(definitions),
      apply: (values) => this.#applyFavorite(values),
      tell: options.tell,
    });
    this.canvas = new CanvasController(
      () => ({
        shapes: this.shapes,
        selectedKey: this.selectedKey,
        media,
        mayDraw: this.player.confirmed !== null,
        drawColour: this.drawColour,
      }),
      {
        create: (geometry, tool) => void this.#create(geometry, tool),
        update: (key, geometry, adjustment) => void this.#update(key, geometry, adjustment),
        select: (key) => (this.selectedKey = key),
        tooSmall: onTooSmall,
      },
    );
  }

  /** Of the media, with the user's steps on bookmarks and favorites in it. */
  readonly history = $derived.by(() => bothHistories(this.#history.current, this.#edits.history));
  readonly taxonomy = $derived.by(() => new TaxonomyIndex(this.#catalog().leaves));
  readonly types = $derived.by(() => this.#drawableTypes());
  readonly rows = $derived.by(() => {
    const { hidden } = this.#layers;
    const shown = this.#annotations.current.filter(({ ref }) => !hidden.has(ref.version));
    return rowsOf(shown, this.#catalog().localizationTypes);
  });
  readonly #present = $derived.by(() => (this.#picked === null ? null : presentKey(this.#picked, this.rows)));
  readonly byFrame = $derived.by(() => groupByFrame(this.rows));
  /** Frame of the picture on the screen; -1 while none is known. */
  readonly shownFrame = $derived.by(() => {
    const state = this.player.clockState;
    if (state === null) return -1;
    return state.kind === 'confirmed' || state.kind === 'playing' ? state.frame : (state.shown ?? -1);
  });
  readonly frameRows = $derived.by((): Row[] => this.byFrame.get(this.shownFrame) ?? []);
  readonly shapes = $derived.by(() => shapesOf(this.frameRows.filter(({ type }) => type.visible)));
  readonly selected = $derived.by(() => this.rows.find(({ key }) => key === this.selectedKey) ?? null);
  readonly marks = $derived.by(() => this.rows.map(({ localization }) => localization.frame));
  readonly drawType = $derived.by(() => this.typeFor(this.canvas.toolName));
  readonly drawColour = $derived.by(() =>
    this.drawType === null ? '#ffffff' : this.colourFor(this.drawType),
  );

  get selectedKey(): EntityKey | null {
    return this.#present;
  }

  set selectedKey(key: EntityKey | null) {
    this.#picked = key;
  }

  /** What is selected may be known under another key now; what was typed about it goes along. */
  followSelected(): void {
    const [picked, present] = [this.#picked, this.#present];
    if (picked === null || present === null || picked === present) return;
    this.drafts.move(picked, present);
    this.#picked = present;
  }

  colourFor(type: LocalizationType): string {
    return colourOf(type, this.favorites.startValues(type), this.#layers.number ?? 0);
  }

  typeFor(tool: ToolName): LocalizationType | null {
    const fitting = this.types.filter(({ dtype }) => tool === 'select' || dtype === tool);
    return fitting.find(({ id }) => id === this.chosenTypes[tool]) ?? fitting[0] ?? null;
  }

  chooseType(id: number): void {
    const type = this.types.find((candidate) => candidate.id === id);
    if (type === undefined) return;
    this.chosenTypes = { ...this.chosenTypes, [type.dtype]: id };
    this.canvas.choose(type.dtype);
  }

  pick(row: Row): void {
    const { frame } = row.localization;
    this.canvas.choose('select');
    if (this.player.confirmed === frame) this.selectedKey = row.key;
    else {
      this.#wanted = { key: row.key, frame };
      this.player.seek(frame);
    }
  }

  /** Another frame is on the screen: what was picked on it is selected, what is elsewhere no longer. */
  frameArrived(frame: number): void {
    if (this.#wanted?.frame === frame) this.selectedKey = this.#wanted.key;
    else if (this.selected !== null && this.selected.localization.frame !== frame) this.selectedKey = null;
    this.#wanted = null;
  }

  /** Keeps the frame that is seen; nothing while none is. */
  bookmark(): void {
    if (this.shownFrame >= 0) this.#onBookmark(this.shownFrame);
  }

  deleteSelected(): void {
    const row = this.selected;
    if (row === null) return;
    this.selectedKey = null;
    void this.editing.delete(row.annotation);
  }

  run(command: EditorCommand): void {
    const { player, canvas, history } = this;
    // In the middle of a gesture the frame and the data stay as they are.
    if (isBusy(canvas.tool) && !ALWAYS.has(command.kind)) return;
    switch (command.kind) {
      case 'step':
        player.step(command.by);
        break;
      case 'first':
        player.seek(0);
        break;
      case 'last':
        player.seekEnd();
        break;
      case 'reverse':
        player.reverse();
        break;
      case 'pause':
        player.pause();
        break;
      case 'forward':
        player.play();
        break;
      case 'tool':
        if (command.tool === 'select' || this.typeFor(command.tool) !== null) canvas.choose(command.tool);
        break;
      case 'delete':
        this.deleteSelected();
        break;
      case 'undo':
        if (history.undo !== null) void (history.undo.ofProject ? this.#edits : this.editing).undo();
        break;
      case 'redo':
        if (history.redo !== null) void (history.redo.ofProject ? this.#edits : this.editing).redo();
        break;
      case 'cancel':
        canvas.cancel();
        break;
      case 'finish':
        canvas.finish();
        break;
      case 'fit':
        canvas.fit();
        break;
      case 'bookmark':
        this.bookmark();
        break;
      case 'favorite':
        void this.favorites.useNth(command.nth);
        break;
    }
  }

  async #create(geometry: Geometry, tool: ToolName): Promise<void> {
    const [type, version, frame] = [this.typeFor(tool), this.#layers.number, this.player.confirmed];
    if (type === null || version === null || frame === null) {
      this.canvas.preview = null;
      return;
    }
    const attributes = this.favorites.startValues(type);
    const key = await this.editing.create({ type, version, frame, geometry, attributes });
    if (key === null) this.canvas.preview = null;
    else this.selectedKey = key;
  }

  async #update(key: EntityKey, geometry: Geometry, adjustment: Adjustment): Promise<void> {
    const row = this.rows.find((candidate) => candidate.key === key);
    const saved =
      row !== undefined &&
      (await this.editing.setGeometry(row.annotation.ref, geometry, `history.${adjustment}`));
    if (!saved) this.canvas.preview = null;
  }

  #selectedValues(): { label: string | null; attributes: Record<string, Json> } | null {
    const row = this.selected;
    if (row === null) return null;
    const { annotation, label, localization, type } = row;
    const attributes = this.drafts.over(annotation.ref, type.attribute_types, localization.attributes);
    return { label, attributes };
  }

  /** What was typed into these fields and not saved gives way to the favorite. */
  async #applyFavorite(values: Record<string, Json>): Promise<boolean> {
    const ref = this.selected?.annotation.ref;
    if (ref === undefined) return false;
    const done = await this.editing.applyFavorite(ref, values);
    if (done) for (const name of Object.keys(values)) this.drafts.drop(ref, name);
    return done;
  }

  /** Types of this kind of media first come those that may be drawn on it. */
  #drawableTypes(): LocalizationType[] {
    const { type } = this.#media;
    return this.#catalog().localizationTypes.filter(
      ({ drawable, media }) => drawable && (type === null || media.length === 0 || media.includes(type)),
    );
  }
}
