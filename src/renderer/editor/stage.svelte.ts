import { translate, type Geometry, type Point } from '../../domain/geometry.ts';
import type { EntityKey } from '../../domain/identity.ts';
import type { EditorShape } from './editor-shape.ts';
import { shapeAt } from './editor-shape.ts';
import { idle, type Gesture, type GestureEffect, type GestureInput, type Scene } from './gestures/gesture.ts';
import { cursorOf, previewOf, stepGesture } from './gestures/step-gesture.ts';
import type { ToolName } from './tool-name.ts';
import {
  fitted,
  panBy,
  pictureRect,
  resized,
  toleranceOf,
  toRelative,
  zoomAt,
  type Size,
  type Viewport,
} from './viewport.ts';

/** CSS pixels. */
export const reachPixels = 7;
const slackPixels = 3;
/** How long a reported edit stays on the screen while the stored shape is still the old one, ms. */
const patience = 1500;
const drawnColor = '#7adadb';

export interface StageData {
  shapes: readonly EditorShape[];
  selected: EntityKey | null;
  tool: ToolName;
  picture: Size;
  enabled: boolean;
}

export interface StageReports {
  select(key: EntityKey | null): void;
  create(geometry: Geometry): void;
  change(key: EntityKey, geometry: Geometry): void;
}

/** An edit that was reported and whose stored shape is still the old one. */
interface Reported {
  readonly key: EntityKey | null;
  readonly geometry: Geometry;
  /** The stored state when it was reported; once it differs, the store has taken over. */
  readonly stored: unknown;
}

/** Viewport, gesture and preview of one canvas. Data come in by a getter; edits go out once, at their end. */
export class Stage {
  #view = $state.raw<Omit<Viewport, 'picture'>>({
    stage: { width: 1, height: 1 },
    zoom: 1,
    panX: 0,
    panY: 0,
  });
  #gesture = $state.raw<Gesture>(idle);
  #reported = $state.raw<Reported | null>(null);
  #pointer = $state.raw<Point | null>(null);
  /** Why the last attempt did nothing. */
  refusal = $state.raw<'too-small' | 'unconfirmed' | null>(null);
  readonly #data: () => StageData;
  readonly #reports: StageReports;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(data: () => StageData, reports: StageReports) {
    this.#data = data;
    this.#reports = reports;
  }

  readonly viewport = $derived.by((): Viewport => ({ ...this.#view, picture: this.#data().picture }));
  readonly rect = $derived.by(() => pictureRect(this.viewport));
  readonly busy = $derived.by(() => this.#gesture.kind !== 'idle');
  readonly tracing = $derived.by(() => this.#gesture.kind === 'tracing');
  /** The selected shape as it is stored. */
  readonly #stored = $derived.by(
    () => this.#data().shapes.find(({ key }) => key === this.#data().selected) ?? null,
  );
  /** The reported edit, until the store tells the same. */
  readonly #pending = $derived.by(() => {
    const reported = this.#reported;
    return reported !== null && reported.stored === this.#storedStateOf(reported.key) ? reported : null;
  });
  /** The selected shape with what was reported of it. */
  readonly selected = $derived.by((): EditorShape | null => {
    const [stored, pending] = [this.#stored, this.#pending];
    return stored !== null && pending?.key === stored.key
      ? { ...stored, geometry: pending.geometry }
      : stored;
  });
  /** What the active layer shows: the gesture's outcome so far, else the selected shape. */
  readonly active = $derived.by((): EditorShape | null => {
    const preview = previewOf(this.#gesture);
    if (preview === null) return this.#pending?.key === null ? drawn(this.#pending.geometry) : this.selected;
    if (preview.key === null) return drawn(preview.geometry);
    const shape = this.#data().shapes.find(({ key }) => key === preview.key);
    return shape === undefined ? this.selected : { ...shape, geometry: preview.geometry };
  });
  readonly hovered = $derived.by((): EditorShape | null => {
    const { tool, shapes } = this.#data();
    if (tool !== 'select' || this.#pointer === null || this.busy) return null;
    return shapeAt(shapes, this.#pointer, toleranceOf(this.rect, reachPixels));
  });
  readonly cursor = $derived.by(() => cursorOf(this.#gesture, this.#pointer, this.#scene()));

  resize(size: Size): void {
    this.#look(resized(this.viewport, size));
  }

  zoom(factor: number, at?: Point): void {
    const { width, height } = this.viewport.stage;
    this.#look(zoomAt(this.viewport, at ?? { x: width / 2, y: height / 2 }, factor));
  }

  pan(dx: number, dy: number): void {
    this.#look(panBy(this.viewport, dx, dy));
  }

  fit(): void {
    this.#look(fitted(this.viewport));
  }

  down(at: Point, alt: boolean): void {
    this.refusal = null;
    this.#feed({ kind: 'down', at: this.#point(at), alt });
  }

  move(at: Point): void {
    const point = this.#point(at);
    if (this.busy) this.#feed({ kind: 'move', at: point });
  }

  up(at: Point): void {
    if (this.busy) this.#feed({ kind: 'up', at: this.#point(at) });
  }

  finish(): void {
    if (this.busy) this.#feed({ kind: 'finish' });
  }

  /** Ends the gesture without an edit. */
  cancel(): void {
    this.#feed({ kind: 'cancel' });
  }

  leave(): void {
    this.#pointer = null;
  }

  /** Moves the selected shape by whole pixels of the media. */
  nudge(dx: number, dy: number): void {
    const { enabled, picture } = this.#data();
    const shape = this.selected;
    if (shape === null || this.busy) return;
    if (!enabled) {
      this.refusal = 'unconfirmed';
      return;
    }
    const geometry = translate(
      shape.geometry,
      dx / Math.max(1, picture.width),
      dy / Math.max(1, picture.height),
    );
    this.#carryOut({ kind: 'change', key: shape.key, geometry });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #point(at: Point): Point {
    const point = toRelative(this.rect, at);
    this.#pointer = point;
    return point;
  }

  #look({ stage, zoom, panX, panY }: Viewport): void {
    this.#view = { stage, zoom, panX, panY };
  }

  #scene(): Scene {
    const { tool, shapes, enabled } = this.#data();
    const rect = this.rect;
    return {
      tool,
      shapes,
      enabled,
      selected: this.selected,
      reach: toleranceOf(rect, reachPixels),
      slack: toleranceOf(rect, slackPixels),
    };
  }

  #feed(input: GestureInput): void {
    const { gesture, effects } = stepGesture(this.#gesture, input, this.#scene());
    this.#gesture = gesture;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: GestureEffect): void {
    switch (effect.kind) {
      case 'select':
        return this.#reports.select(effect.key);
      case 'refuse':
        this.refusal = effect.why;
        return;
      case 'create':
        this.#report(null, effect.geometry);
        return this.#reports.create(effect.geometry);
      case 'change':
        this.#report(effect.key, effect.geometry);
        return this.#reports.change(effect.key, effect.geometry);
    }
  }

  #report(key: EntityKey | null, geometry: Geometry): void {
    clearTimeout(this.#timer);
    this.#reported = { key, geometry, stored: this.#storedStateOf(key) };
    this.#timer = setTimeout(() => (this.#reported = null), patience);
  }

  /** What changes when the store takes an edit over: the shape's geometry, or how many shapes there are. */
  #storedStateOf(key: EntityKey | null): unknown {
    const { shapes } = this.#data();
    if (key === null) return shapes.length;
    return JSON.stringify(shapes.find((shape) => shape.key === key)?.geometry);
  }
}

function drawn(geometry: Geometry): EditorShape {
  return { key: '', geometry, color: drawnColor, width: 2, label: '', dashed: false };
}
