import type { Geometry, Point } from '../../domain/geometry.ts';
import { handleAt } from '../../domain/geometry.ts';
import type { EntityKey } from '../../domain/identity.ts';
import { isBusy, startOf, stepTool, toolOf } from './tools/machine.ts';
import type { Adjustment, ToolEffect, ToolEvent, ToolName, ToolScene, ToolState } from './tools/tool.ts';
import { shapeAt, type Shape } from './shape.ts';
import { panBy, pictureRect, toleranceOf, toRelative, zoomAt, type View } from './view-transform.ts';

/** CSS pixels. */
const REACH = 7;
const SLACK = 3;

export interface CanvasActions {
  create(geometry: Geometry, tool: ToolName): void;
  update(key: EntityKey, geometry: Geometry, adjustment: Adjustment): void;
  select(key: EntityKey | null): void;
  tooSmall(): void;
}

export interface CanvasData {
  shapes: readonly Shape[];
  selectedKey: EntityKey | null;
  media: { width: number; height: number };
  /** False while the frame on the screen is not confirmed. */
  mayDraw: boolean;
  /** Colour of what is being drawn. */
  drawColour: string;
}

/** View, tool and gesture of one canvas. Data comes in as a getter, decisions go out as actions. */
export class CanvasController {
  tool = $state.raw<ToolState>({ name: 'select.idle' });
  preview = $state.raw<Geometry | null>(null);
  /** The stored shapes over which the last gesture ended; once there are newer ones its preview has done its work. */
  #previewOver = $state.raw<readonly Shape[]>([]);
  view = $state.raw<Omit<View, 'media'>>({ width: 1, height: 1, zoom: 1, panX: 0, panY: 0 });
  panning = $state(false);
  hover = $state.raw<Point | null>(null);
  readonly #data: () => CanvasData;
  readonly #actions: CanvasActions;

  constructor(data: () => CanvasData, actions: CanvasActions) {
    this.#data = data;
    this.#actions = actions;
  }

  readonly rect = $derived.by(() => pictureRect({ ...this.view, media: this.#data().media }));
  readonly toolName = $derived(toolOf(this.tool));
  readonly selected = $derived.by(() => {
    const { shapes, selectedKey } = this.#data();
    return selectedKey === null ? null : (shapes.find(({ key }) => key === selectedKey) ?? null);
  });
  /** What the fabric layer shows. */
  readonly active = $derived.by((): Shape | null => {
    const { selected, preview } = this;
    const isPast = !isBusy(this.tool) && this.#previewOver !== this.#data().shapes;
    if (preview === null || isPast) return selected;
    if (selected !== null) return { ...selected, geometry: preview };
    return { key: '', geometry: preview, colour: this.#data().drawColour, lineWidth: 2 };
  });
  readonly cursor = $derived.by(() => this.#cursor());

  resize(width: number, height: number): void {
    this.view = { ...this.view, width: Math.max(1, width), height: Math.max(1, height) };
  }

  choose(tool: ToolName): void {
    if (isBusy(this.tool)) this.cancel();
    this.tool = startOf(tool);
    if (tool !== 'select') this.#actions.select(null);
  }

  /** Esc: ends the gesture, else the tool, else the selection. */
  cancel(): void {
    this.#feed({ kind: 'cancel' });
  }

  finish(): void {
    this.#feed({ kind: 'finish' });
  }

  pointer(kind: 'down' | 'move' | 'up', at: Point): void {
    const point = toRelative(this.rect, at);
    this.hover = point;
    if (kind === 'down' && !this.#data().mayDraw) return;
    this.#feed({ kind, point });
  }

  zoom(at: Point, factor: number): void {
    this.#look(zoomAt({ ...this.view, media: this.#data().media }, at, factor));
  }

  zoomMiddle(factor: number): void {
    this.zoom({ x: this.view.width / 2, y: this.view.height / 2 }, factor);
  }

  pan(dx: number, dy: number): void {
    this.#look(panBy({ ...this.view, media: this.#data().media }, dx, dy));
  }

  fit(): void {
    this.view = { ...this.view, zoom: 1, panX: 0, panY: 0 };
  }

  #look({ width, height, zoom, panX, panY }: View): void {
    this.view = { width, height, zoom, panX, panY };
  }

  #scene(): ToolScene {
    return {
      shapes: this.#data().shapes,
      selected: this.selected,
      reach: toleranceOf(this.rect, REACH),
      slack: toleranceOf(this.rect, SLACK),
    };
  }

  #feed(event: ToolEvent): void {
    const tool = this.toolName;
    if (event.kind === 'down' && !isBusy(this.tool)) this.preview = null;
    const { state, effects } = stepTool(this.tool, event, this.#scene());
    this.tool = state;
    for (const effect of effects) this.#carryOut(effect, tool);
  }

  #carryOut(effect: ToolEffect, tool: ToolName): void {
    switch (effect.kind) {
      case 'select':
        this.#actions.select(effect.key);
        return;
      case 'preview':
        this.preview = effect.geometry;
        return;
      case 'create':
        this.#hold(effect.geometry);
        this.#actions.create(effect.geometry, tool);
        return;
      case 'update':
        // Shown until the store tells the same, so that the shape does not jump back meanwhile.
        this.#hold(effect.geometry);
        this.#actions.update(effect.key, effect.geometry, effect.adjustment);
        return;
      case 'too-small':
        this.#actions.tooSmall();
        return;
    }
  }

  #hold(geometry: Geometry): void {
    this.preview = geometry;
    this.#previewOver = this.#data().shapes;
  }

  #cursor(): string {
    if (this.panning) return 'grabbing';
    if (!this.#data().mayDraw) return 'progress';
    if (this.tool.name === 'select.moving') return 'move';
    if (!this.tool.name.startsWith('select')) return 'crosshair';
    const { hover, selected } = this;
    if (hover === null) return 'default';
    const reach = toleranceOf(this.rect, REACH);
    const handle = selected === null ? null : handleAt(selected.geometry, hover, reach);
    if (handle !== null) return handle.id.startsWith('v') ? 'crosshair' : `${handle.id}-resize`;
    return shapeAt(this.#data().shapes, hover, reach) === null ? 'default' : 'move';
  }
}
