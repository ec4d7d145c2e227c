import type { ColorMap, LocalizationType } from '../../domain/entity-types.ts';
import { extentOf, hits, type Geometry, type Point, type Tolerance } from '../../domain/geometry.ts';
import type { EntityKey } from '../../domain/identity.ts';
import type { Json } from '../../base/json.ts';

/** What the canvas draws. */
export interface Shape {
  key: EntityKey;
  geometry: Geometry;
  colour: string;
  /** CSS pixels. */
  lineWidth: number;
}

const FALLBACK_COLOURS = ['#4fc3f7', '#ffb74d', '#aed581', '#f06292', '#ba68c8', '#fff176', '#4db6ac'];

/** Colour of an annotation by its type's map: by attribute value, by version, the default, or one by the id. */
export function colourOf(type: LocalizationType, attributes: Record<string, Json>, version: number): string {
  const map: ColorMap = type.color_map ?? {};
  const value = map.key === undefined ? undefined : attributes[map.key];
  const byValue =
    typeof value === 'string' || typeof value === 'number' ? map.map?.[String(value)] : undefined;
  const colour = byValue ?? map.version?.[String(version)] ?? map.default;
  return (
    (colour === undefined ? null : cssColour(colour)) ??
    FALLBACK_COLOURS[type.id % FALLBACK_COLOURS.length] ??
    '#fff'
  );
}

/** `#RRGGBB`, or 0..255 lists of three or four; null for anything else. */
export function cssColour(colour: string | number[]): string | null {
  if (typeof colour === 'string') return /^#[0-9a-f]{3,8}$/i.test(colour) ? colour : null;
  const [r, g, b, a] = colour;
  if (r === undefined || g === undefined || b === undefined) return null;
  return a === undefined ? `rgb(${r} ${g} ${b})` : `rgb(${r} ${g} ${b} / ${(a / 255).toFixed(3)})`;
}

/** The shape that is meant at a point: of those that are hit the smallest, of equals the topmost. */
export function shapeAt(shapes: readonly Shape[], point: Point, tolerance: Tolerance): Shape | null {
  let best: Shape | null = null;
  let bestExtent = Infinity;
  for (const shape of shapes) {
    if (!hits(shape.geometry, point, tolerance)) continue;
    const extent = extentOf(shape.geometry);
    if (extent <= bestExtent) [best, bestExtent] = [shape, extent];
  }
  return best;
}
