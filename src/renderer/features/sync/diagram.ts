import type { Geometry, Rect } from '../../../domain/geometry.ts';
import { boundsOf, verticesOf } from '../../../domain/geometry.ts';

/** A shape as something SVG can draw; coordinates relative to the frame, 0..1. */
export type Figure =
  | { kind: 'rect'; x: number; y: number; width: number; height: number }
  | { kind: 'path'; points: string; closed: boolean }
  | { kind: 'dot'; x: number; y: number };

export function figureOf(geometry: Geometry): Figure | null {
  switch (geometry.kind) {
    case 'none':
      return null;
    case 'box':
      return { kind: 'rect', x: geometry.x, y: geometry.y, width: geometry.width, height: geometry.height };
    case 'dot':
      return { kind: 'dot', x: geometry.x, y: geometry.y };
    case 'line':
    case 'poly': {
      const points = verticesOf(geometry).map(({ x, y }) => `${x},${y}`);
      return { kind: 'path', points: points.join(' '), closed: geometry.kind === 'poly' };
    }
  }
}

/** Smallest side of the window that is shown: a tiny shape must not be blown up beyond sense. */
const LEAST_SIDE = 0.08;
/** Room around the shapes, as a share of the window. */
const MARGIN = 0.15;

/**
 * The part of the frame that holds all the shapes with some room, square on the screen for a frame of
 * `aspect` (width by height); the whole frame if none has any. Relative to the frame.
 */
export function windowAround(geometries: readonly Geometry[], aspect: number): Rect {
  const bounds = geometries.map(boundsOf).filter((rect) => rect !== null);
  if (bounds.length === 0) return { x: 0, y: 0, width: 1, height: 1 };
  const left = Math.min(...bounds.map(({ x }) => x));
  const top = Math.min(...bounds.map(({ y }) => y));
  const right = Math.max(...bounds.map(({ x, width }) => x + width));
  const bottom = Math.max(...bounds.map(({ y, height }) => y + height));
  // In heights of the frame: so it is as wide as it is high on the screen.
  const side = Math.max((right - left) * aspect, bottom - top, LEAST_SIDE) * (1 + 2 * MARGIN);
  const width = side / aspect;
  return { x: (left + right - width) / 2, y: (top + bottom - side) / 2, width, height: side };
}
