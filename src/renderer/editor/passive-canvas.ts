import type { Rect } from '../../domain/geometry.ts';
import type { EntityKey } from '../../domain/identity.ts';
import type { EditorShape } from './editor-shape.ts';
import { paintShapes } from './paint.ts';
import type { Size } from './viewport.ts';

export interface PassiveScene {
  readonly shapes: readonly EditorShape[];
  /** Painted by the active layer instead. */
  readonly except: EntityKey | null;
  readonly rect: Rect;
  readonly stage: Size;
  /** Device pixels in a CSS pixel. */
  readonly ratio: number;
}

/** How far the canvas reaches beyond the stage on every side, so that a pan moves it instead of painting. */
const overscan = 160;

/**
 * The layer of all shapes at rest: one plain canvas. It is painted once a display frame at most, and only
 * when shapes, zoom or size changed; a pan within the overscan moves the finished picture.
 */
export class PassiveCanvas {
  readonly #element: HTMLCanvasElement;
  #wanted: PassiveScene | null = null;
  #painted: PassiveScene | null = null;
  #handle = 0;

  constructor(element: HTMLCanvasElement) {
    this.#element = element;
  }

  show(scene: PassiveScene): void {
    this.#wanted = scene;
    if (this.#handle === 0) this.#handle = requestAnimationFrame(() => this.#update());
  }

  stop(): void {
    cancelAnimationFrame(this.#handle);
    this.#handle = 0;
  }

  #update(): void {
    this.#handle = 0;
    const scene = this.#wanted;
    if (scene === null) return;
    const shift = this.#painted === null ? null : shiftBetween(this.#painted, scene);
    if (shift === null) this.#paint(scene);
    const { x, y } = shift ?? { x: 0, y: 0 };
    this.#element.style.transform = `translate(${x - overscan}px, ${y - overscan}px)`;
  }

  #paint(scene: PassiveScene): void {
    const paper = { width: scene.stage.width + overscan * 2, height: scene.stage.height + overscan * 2 };
    const { ratio } = scene;
    fitElement(this.#element, paper, ratio);
    const context = this.#element.getContext('2d');
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, paper.width, paper.height);
    const rect = { ...scene.rect, x: scene.rect.x + overscan, y: scene.rect.y + overscan };
    const shapes =
      scene.except === null ? scene.shapes : scene.shapes.filter(({ key }) => key !== scene.except);
    paintShapes(context, { shapes, rect, paper });
    this.#painted = scene;
  }
}

function fitElement(element: HTMLCanvasElement, { width, height }: Size, ratio: number): void {
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (element.width !== w) element.width = w;
  if (element.height !== h) element.height = h;
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
}

/** How far the painted scene must be moved to be the wanted one; null where it must be painted again. */
function shiftBetween(painted: PassiveScene, wanted: PassiveScene): { x: number; y: number } | null {
  const same =
    painted.shapes === wanted.shapes &&
    painted.except === wanted.except &&
    painted.ratio === wanted.ratio &&
    painted.stage.width === wanted.stage.width &&
    painted.stage.height === wanted.stage.height &&
    painted.rect.width === wanted.rect.width &&
    painted.rect.height === wanted.rect.height;
  const [x, y] = [wanted.rect.x - painted.rect.x, wanted.rect.y - painted.rect.y];
  return same && Math.abs(x) <= overscan && Math.abs(y) <= overscan ? { x, y } : null;
}
