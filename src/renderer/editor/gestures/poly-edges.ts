import {
  polyThrough,
  verticesOf,
  type Geometry,
  type Point,
  type Poly,
  type Tolerance,
} from '../../../domain/geometry.ts';
import { near } from './gesture.ts';

export interface EdgeMiddle {
  /** A vertex inserted here gets the number `after + 1`. */
  readonly after: number;
  readonly at: Point;
}

/** The middles of a polygon's edges that are long enough to be taken hold of between their ends. */
export function edgeMiddles(geometry: Geometry, reach: Tolerance): EdgeMiddle[] {
  if (geometry.kind !== 'poly') return [];
  const points = verticesOf(geometry);
  return points.flatMap((a, after) => {
    const b = points[(after + 1) % points.length];
    if (b === undefined || near(a, b, { x: reach.x * 5, y: reach.y * 5 })) return [];
    return [{ after, at: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } }];
  });
}

export function edgeMiddleAt(geometry: Geometry, point: Point, reach: Tolerance): EdgeMiddle | null {
  return edgeMiddles(geometry, reach).find(({ at }) => near(at, point, reach)) ?? null;
}

export function insertVertex(poly: Poly, { after, at }: EdgeMiddle): Poly {
  return polyThrough(verticesOf(poly).toSpliced(after + 1, 0, at));
}

/** Null where too few would be left for a polygon. */
export function removeVertex(poly: Poly, index: number): Poly | null {
  return poly.points.length <= 3 ? null : polyThrough(verticesOf(poly).toSpliced(index, 1));
}
