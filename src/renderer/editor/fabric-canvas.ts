import { Circle, Polygon, Polyline, Rect as FabricRect, StaticCanvas, type FabricObject } from 'fabric';
import { handlesOf, verticesOf, type Point, type Rect } from '../../domain/geometry.ts';
import type { EditorShape } from './editor-shape.ts';
import { edgeMiddles } from './gestures/poly-edges.ts';
import { paintLabel } from './paint.ts';
import { toleranceOf, toStage, type Size } from './viewport.ts';

export interface ActiveScene {
  /** Selected or being drawn. */
  readonly shape: EditorShape | null;
  /** Handles are shown. */
  readonly editable: boolean;
  /** Below the pointer, to be made out. */
  readonly hovered: EditorShape | null;
  readonly rect: Rect;
  readonly stage: Size;
  /** How near to a handle counts as on it, CSS pixels. */
  readonly reach: number;
}

const centred = { originX: 'center', originY: 'center', objectCaching: false } as const;

/** The fabric layer: the one active shape with its handles and the hovered shape, never all shapes. */
export class FabricCanvas {
  readonly #canvas: StaticCanvas;
  #wanted: ActiveScene | null = null;
  #handle = 0;

  constructor(element: HTMLCanvasElement) {
    this.#canvas = new StaticCanvas(element, { renderOnAddRemove: false, enableRetinaScaling: true });
  }

  show(scene: ActiveScene): void {
    this.#wanted = scene;
    if (this.#handle === 0) this.#handle = requestAnimationFrame(() => this.#update());
  }

  stop(): void {
    cancelAnimationFrame(this.#handle);
    void this.#canvas.dispose();
  }

  #update(): void {
    this.#handle = 0;
    const scene = this.#wanted;
    if (scene === null) return;
    const canvas = this.#canvas;
    const { shape, hovered, rect, stage } = scene;
    if (canvas.width !== stage.width || canvas.height !== stage.height) canvas.setDimensions(stage);
    canvas.remove(...canvas.getObjects());
    if (hovered !== null && hovered.key !== shape?.key) canvas.add(...hoverOutline(hovered, rect));
    if (shape !== null) canvas.add(...activeOutline(shape, rect));
    if (shape !== null && scene.editable) canvas.add(...handleMarks(shape, scene));
    canvas.renderAll();
    const named = shape ?? hovered;
    if (named !== null) paintLabel(canvas.getContext(), named, { rect, paper: stage });
  }
}

interface Pen {
  readonly stroke: string;
  readonly strokeWidth: number;
  readonly fill: string;
  readonly strokeDashArray?: number[];
}

function hoverOutline(shape: EditorShape, rect: Rect): FabricObject[] {
  return [
    outline(shape, rect, { stroke: 'rgb(255 255 255 / 0.75)', strokeWidth: shape.width + 3, fill: '' }),
    outline(shape, rect, { stroke: shape.color, strokeWidth: shape.width, fill: 'rgb(255 255 255 / 0.08)' }),
  ];
}

/** Black, white, colour: one of them stands out on any picture. */
function activeOutline(shape: EditorShape, rect: Rect): FabricObject[] {
  const dash = shape.dashed ? { strokeDashArray: [6, 4] } : {};
  return [
    outline(shape, rect, { stroke: 'rgb(0 0 0 / 0.7)', strokeWidth: shape.width + 5, fill: '' }),
    outline(shape, rect, { stroke: 'rgb(255 255 255 / 0.9)', strokeWidth: shape.width + 2, fill: '' }),
    outline(shape, rect, {
      stroke: shape.color,
      strokeWidth: shape.width,
      fill: 'rgb(255 255 255 / 0.06)',
      ...dash,
    }),
  ];
}

function outline({ geometry }: EditorShape, rect: Rect, pen: Pen): FabricObject {
  if (geometry.kind === 'box') {
    const { x, y } = toStage(rect, {
      x: geometry.x + geometry.width / 2,
      y: geometry.y + geometry.height / 2,
    });
    const size = { width: geometry.width * rect.width, height: geometry.height * rect.height };
    return new FabricRect({ ...centred, ...pen, ...size, left: x, top: y });
  }
  if (geometry.kind === 'dot') {
    const { x, y } = toStage(rect, geometry);
    return new Circle({ ...centred, ...pen, radius: 6, left: x, top: y });
  }
  // Without a place of its own, fabric puts a path where its points are.
  const points = verticesOf(geometry).map((vertex) => toStage(rect, vertex));
  return geometry.kind === 'poly' && points.length > 2
    ? new Polygon(points, { ...pen, objectCaching: false })
    : new Polyline(points, { ...pen, fill: '', objectCaching: false });
}

function handleMarks({ geometry, color }: EditorShape, { rect, reach }: ActiveScene): FabricObject[] {
  const round = geometry.kind !== 'box';
  const marks = handlesOf(geometry).map(({ at }) =>
    mark(toStage(rect, at), { size: 9, color, round, fill: '#ffffff' }),
  );
  const middles = edgeMiddles(geometry, toleranceOf(rect, reach)).map(({ at }) =>
    mark(toStage(rect, at), { size: 6, color: '#ffffff', round: true, fill: 'rgb(6 12 18 / 0.8)' }),
  );
  return [...middles, ...marks];
}

function mark(
  { x, y }: Point,
  { size, color, round, fill }: { size: number; color: string; round: boolean; fill: string },
): FabricObject {
  const radius = round ? size / 2 : 2;
  const body = { width: size, height: size, rx: radius, ry: radius, fill, stroke: color, strokeWidth: 1.5 };
  return new FabricRect({ ...centred, ...body, left: x, top: y });
}
