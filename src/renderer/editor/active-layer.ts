import { Circle, Polygon, Polyline, Rect, StaticCanvas, type FabricObject } from 'fabric';
import { handlesOf, verticesOf } from '../../domain/geometry.ts';
import { toWindow, type PictureRect } from './view-transform.ts';
import type { Shape } from './shape.ts';

export interface ActiveScene {
  /** What is selected or being drawn. */
  shape: Shape | null;
  /** With handles to take hold of. */
  editable: boolean;
  rect: PictureRect;
  width: number;
  height: number;
}

/** The fabric layer: holds the one active shape and its handles, nothing else. */
export class ActiveLayer {
  readonly #canvas: StaticCanvas;

  constructor(element: HTMLCanvasElement) {
    this.#canvas = new StaticCanvas(element, { renderOnAddRemove: false, enableRetinaScaling: true });
  }

  render({ shape, editable, rect, width, height }: ActiveScene): void {
    const canvas = this.#canvas;
    if (canvas.width !== width || canvas.height !== height) canvas.setDimensions({ width, height });
    canvas.remove(...canvas.getObjects());
    if (shape !== null) {
      canvas.add(...outlinesOf(shape, rect));
      if (editable) canvas.add(...handleMarks(shape, rect));
    }
    canvas.renderAll();
  }

  dispose(): Promise<boolean> {
    return this.#canvas.dispose();
  }
}

/** A dark line below the bright one keeps the shape visible on any picture. */
function outlinesOf(shape: Shape, rect: PictureRect): FabricObject[] {
  const width = shape.lineWidth;
  return [
    outline(shape, rect, { stroke: 'rgb(0 0 0 / 0.55)', strokeWidth: width + 3, fill: '' }),
    outline(shape, rect, { stroke: shape.colour, strokeWidth: width, fill: 'rgb(255 255 255 / 0.07)' }),
  ];
}

interface Pen {
  stroke: string;
  strokeWidth: number;
  fill: string;
}

function outline({ geometry }: Shape, rect: PictureRect, pen: Pen): FabricObject {
  const common = { ...pen, objectCaching: false, originX: 'center' as const, originY: 'center' as const };
  if (geometry.kind === 'box') {
    const centre = toWindow(rect, {
      x: geometry.x + geometry.width / 2,
      y: geometry.y + geometry.height / 2,
    });
    const size = { width: geometry.width * rect.width, height: geometry.height * rect.height };
    return new Rect({ ...common, ...size, left: centre.x, top: centre.y });
  }
  if (geometry.kind === 'dot') {
    const { x, y } = toWindow(rect, geometry);
    return new Circle({ ...common, radius: 7, left: x, top: y });
  }
  const points = verticesOf(geometry).map((vertex) => toWindow(rect, vertex));
  const { originX, originY, ...drawn } = common;
  return geometry.kind === 'poly' && points.length > 2
    ? new Polygon(points, drawn)
    : new Polyline(points, { ...drawn, fill: '' });
}

function handleMarks({ geometry, colour }: Shape, rect: PictureRect): FabricObject[] {
  return handlesOf(geometry).map(({ at }) => {
    const { x, y } = toWindow(rect, at);
    return new Rect({
      left: x,
      top: y,
      width: 8,
      height: 8,
      rx: 2,
      ry: 2,
      originX: 'center',
      originY: 'center',
      fill: '#ffffff',
      stroke: colour,
      strokeWidth: 1.5,
      objectCaching: false,
    });
  });
}
