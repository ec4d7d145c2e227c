import { extentOf, hits, type Geometry, type Point, type Tolerance } from '../../domain/geometry.ts';
import type { EntityKey } from '../../domain/identity.ts';

/** What the canvas needs to know of an annotation. Pass them in paint order, in a list that is not proxied. */
export interface EditorShape {
  readonly key: EntityKey;
  readonly geometry: Geometry;
  /** Any CSS colour. */
  readonly color: string;
  /** Of the line, CSS pixels. */
  readonly width: number;
  readonly label: string;
  readonly dashed: boolean;
}

/** The shape that a click at the point means: the smallest under it, of equal ones the topmost. */
export function shapeAt(shapes: readonly EditorShape[], point: Point, reach: Tolerance): EditorShape | null {
  let found: EditorShape | null = null;
  let least = Infinity;
  for (const shape of shapes) {
    if (!hits(shape.geometry, point, reach)) continue;
    const extent = extentOf(shape.geometry);
    if (extent > least) continue;
    found = shape;
    least = extent;
  }
  return found;
}
