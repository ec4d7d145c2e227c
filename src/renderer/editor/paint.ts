import { boundsOf, verticesOf, type Geometry, type Rect } from '../../domain/geometry.ts';
import type { EditorShape } from './editor-shape.ts';
import { toStage, type Size } from './viewport.ts';

export type Paper = CanvasRenderingContext2D;

/** Above this many shapes in sight the dark rims are left out, and above the second the labels too. */
const mostRims = 1500;
const mostLabels = 250;
const rim = 'rgb(0 0 0 / 0.55)';

export interface PaintScene {
  readonly shapes: readonly EditorShape[];
  /** The picture's place on the paper, CSS pixels. */
  readonly rect: Rect;
  readonly paper: Size;
}

/** Paints shapes in their order, then their labels above all of them. */
export function paintShapes(paper: Paper, scene: PaintScene): void {
  const inSight = scene.shapes.filter((shape) => isInSight(shape, scene));
  if (inSight.length <= mostRims) {
    paper.strokeStyle = rim;
    paper.setLineDash([]);
    for (const shape of inSight) {
      paper.lineWidth = shape.width + 2;
      trace(paper, shape.geometry, scene.rect);
    }
  }
  for (const shape of inSight) paintOne(paper, shape, scene.rect);
  if (inSight.length > mostLabels) return;
  for (const shape of inSight) paintLabel(paper, shape, scene);
}

function paintOne(paper: Paper, shape: EditorShape, rect: Rect): void {
  paper.strokeStyle = shape.color;
  paper.lineWidth = shape.width;
  paper.setLineDash(shape.dashed ? [6, 4] : []);
  trace(paper, shape.geometry, rect);
  if (shape.geometry.kind !== 'dot') return;
  paper.fillStyle = shape.color;
  paper.fill();
}

/** Strokes the shape's outline with the pen as it is. */
function trace(paper: Paper, geometry: Geometry, rect: Rect): void {
  if (geometry.kind === 'box') {
    const { x, y } = toStage(rect, geometry);
    paper.strokeRect(x, y, geometry.width * rect.width, geometry.height * rect.height);
    return;
  }
  paper.beginPath();
  if (geometry.kind === 'dot') {
    const { x, y } = toStage(rect, geometry);
    paper.arc(x, y, 4, 0, Math.PI * 2);
  } else {
    for (const vertex of verticesOf(geometry)) {
      const { x, y } = toStage(rect, vertex);
      paper.lineTo(x, y);
    }
    if (geometry.kind === 'poly') paper.closePath();
  }
  paper.stroke();
}

const labelHeight = 17;
const labelPad = 5;

/** The label on a dark plate, so that it is legible on any picture, with the shape's colour at its side. */
export function paintLabel(
  paper: Paper,
  shape: EditorShape,
  { rect, paper: size }: Omit<PaintScene, 'shapes'>,
): void {
  const bounds = boundsOf(shape.geometry);
  if (shape.label === '' || bounds === null) return;
  paper.font = '500 11px "Inter Variable", system-ui, sans-serif';
  paper.textBaseline = 'middle';
  const text = shortened(shape.label);
  const width = paper.measureText(text).width + labelPad * 2 + 3;
  const corner = toStage(rect, bounds);
  const below = toStage(rect, { x: bounds.x, y: bounds.y + bounds.height });
  const gap = shape.geometry.kind === 'dot' ? 8 : 3;
  const x = Math.min(Math.max(corner.x, 0), Math.max(0, size.width - width));
  const above = corner.y - gap - labelHeight;
  const y = above >= 0 ? above : below.y + gap;
  paper.fillStyle = 'rgb(6 12 18 / 0.82)';
  paper.fillRect(x, y, width, labelHeight);
  paper.fillStyle = shape.color;
  paper.fillRect(x, y, 3, labelHeight);
  paper.fillStyle = '#f2f7fa';
  paper.fillText(text, x + 3 + labelPad, y + labelHeight / 2 + 0.5);
}

function shortened(label: string): string {
  return label.length <= 40 ? label : `${label.slice(0, 39)}…`;
}

function isInSight({ geometry }: EditorShape, { rect, paper }: PaintScene): boolean {
  const bounds = boundsOf(geometry);
  if (bounds === null) return false;
  const { x, y } = toStage(rect, bounds);
  const margin = 8;
  return (
    x <= paper.width + margin &&
    y <= paper.height + margin &&
    x + bounds.width * rect.width >= -margin &&
    y + bounds.height * rect.height >= -margin
  );
}
