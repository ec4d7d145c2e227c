import { verticesOf } from '../../domain/geometry.ts';
import { toWindow, type PictureRect } from './view-transform.ts';
import type { Shape } from './shape.ts';

/** The part of a 2D context that painting needs. */
export type Painter = Pick<
  CanvasRenderingContext2D,
  'setTransform' | 'clearRect' | 'beginPath' | 'moveTo' | 'lineTo' | 'closePath' | 'arc' | 'rect' | 'stroke'
> & { strokeStyle: unknown; lineWidth: number; globalAlpha: number; lineJoin: CanvasLineJoin };

export interface PassiveScene {
  shapes: readonly Shape[];
  /** Not painted: it is on the active layer. */
  except: string | null;
  rect: PictureRect;
  width: number;
  height: number;
  /** Device pixels to a CSS pixel. */
  ratio: number;
}

/**
 * Paints everything that is neither selected nor being drawn, one path for each colour and width.
 * Runs when the frame, the data or the view changes; never per video frame.
 */
export function paintPassive(
  context: Painter,
  { shapes, except, rect, width, height, ratio }: PassiveScene,
): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineJoin = 'round';
  for (const group of groupByPen(shapes, except)) {
    context.strokeStyle = group.colour;
    context.lineWidth = group.lineWidth;
    context.beginPath();
    for (const shape of group.shapes) trace(context, shape, rect);
    context.stroke();
  }
}

interface PenGroup {
  colour: string;
  lineWidth: number;
  shapes: Shape[];
}

function groupByPen(shapes: readonly Shape[], except: string | null): Iterable<PenGroup> {
  const groups = new Map<string, PenGroup>();
  for (const shape of shapes) {
    if (shape.key === except) continue;
    const pen = `${shape.lineWidth} ${shape.colour}`;
    const group = groups.get(pen);
    if (group === undefined) groups.set(pen, { ...shape, shapes: [shape] });
    else group.shapes.push(shape);
  }
  return groups.values();
}

function trace(context: Painter, { geometry }: Shape, rect: PictureRect): void {
  if (geometry.kind === 'box') {
    const { x, y } = toWindow(rect, geometry);
    context.rect(x, y, geometry.width * rect.width, geometry.height * rect.height);
    return;
  }
  if (geometry.kind === 'dot') {
    const { x, y } = toWindow(rect, geometry);
    context.moveTo(x + 5, y);
    context.arc(x, y, 5, 0, Math.PI * 2);
    context.moveTo(x + 1, y);
    context.arc(x, y, 1, 0, Math.PI * 2);
    return;
  }
  verticesOf(geometry).forEach((vertex, i) => {
    const { x, y } = toWindow(rect, vertex);
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  if (geometry.kind === 'poly') context.closePath();
}
