import type { Fault } from '../../contract/errors.ts';
import type { LocalizationType, ProjectCatalog } from '../../domain/entity-types.ts';
import type { Geometry } from '../../domain/geometry.ts';
import type { EntityKey, MediaKey } from '../../domain/identity.ts';
import type { AnnotationStore } from '../../store/types.ts';
import type { Backend } from '../backend/backend.ts';
import { LiveState } from '../backend/live.svelte.ts';
import { CanvasController } from '../editor/canvas-controller.svelte.ts';
import { defaultsOf, EditingController } from '../editor/editing-controller.svelte.ts';
import { colourOf } from '../editor/shape.ts';
import { isBusy } from '../editor/tools/machine.ts';
import type { Adjustment, ToolName } from '../editor/tools/tool.ts';
import { groupByFrame, rowsOf, shapesOf, type Row } from '../features/inspector/annotation-row.ts';
import { Drafts } from '../features/inspector/drafts.svelte.ts';
import { TaxonomyIndex } from '../features/inspector/taxonomy.ts';
import { PlayerController } from '../player/player-controller.svelte.ts';
import type { EditorCommand } from './editor-keys.ts';

/** The media that is open, from whatever source knows it. */
export interface OpenMedia {
  key: MediaKey;
  projectId: number;
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
  catalog: () => ProjectCatalog;
  onRefused: (fault: Fault) => void;
  onTooSmall: () => void;
}

/** Joins player, canvas, edits and inspector of one open media. */
export class EditorSession {
  readonly player: PlayerController;
  readonly editing: EditingController;
  readonly canvas: CanvasController;
  readonly drafts: Drafts;
  selectedKey = $state<EntityKey | null>(null);
  versionId = $state<number | null>(null);
  /** The type last chosen for each tool. */
  chosenTypes = $state.raw<Partial<Record<ToolName, number>>>({});
  readonly #media: OpenMedia;
  readonly #catalog: () => ProjectCatalog;
  readonly #annotations;
  readonly #history;
  /** Picked in a list; selected as soon as its frame is on the screen. */
  #wanted: { key: EntityKey; frame: number } | null = null;

  constructor({ backend, store, media, catalog, onRefused, onTooSmall }: Options) {
    this.#media = media;
    this.#catalog = catalog;
    this.#annotations = new LiveState(store.annotations(media.key, []), []);
    this.#history = new LiveState(store.history(media.key), { undo: null, redo: null });
    this.player = new PlayerController(media, backend.clock);
    this.editing = new EditingController({ store, media, makeId: backend.makeId, onRefused });
    this.drafts = new Drafts((ref, name, value) => this.editing.setAttribute(ref, name, value));
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

  readonly history = $derived.by(() => this.#history.current);
  readonly taxonomy = $derived.by(() => new TaxonomyIndex(this.#catalog().leaves));
  readonly versions = $derived.by(() => [...this.#catalog().versions].sort((a, b) => a.number - b.number));
  readonly version = $derived.by(
    () => this.versionId ?? this.versions.find(({ number }) => number >= 0)?.id ?? null,
  );
  readonly types = $derived.by(() => this.#drawableTypes());
  readonly rows = $derived.by(() => rowsOf(this.#annotations.current, this.#catalog().localizationTypes));
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

  colourFor(type: LocalizationType): string {
    return colourOf(type, defaultsOf(type.attribute_types), this.version ?? 0);
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
        if (history.undo !== null) void this.editing.undo();
        break;
      case 'redo':
        if (history.redo !== null) void this.editing.redo();
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
    }
  }

  async #create(geometry: Geometry, tool: ToolName): Promise<void> {
    const [type, version, frame] = [this.typeFor(tool), this.version, this.player.confirmed];
    if (type === null || version === null || frame === null) {
      this.canvas.preview = null;
      return;
    }
    const key = await this.editing.create({ type, version, frame, geometry });
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

  /** Types of this kind of media first come those that may be drawn on it. */
  #drawableTypes(): LocalizationType[] {
    const { type } = this.#media;
    return this.#catalog().localizationTypes.filter(
      ({ drawable, media }) => drawable && (type === null || media.length === 0 || media.includes(type)),
    );
  }
}
