import type { Crop, PixelSize } from '../../media/frames.ts';
import { badRequest } from '../errors.ts';
import type { LocalizationRow } from '../marks/rows.ts';

/** Pixels of the picture that are shown around a shape, on each side. */
export interface Margins {
  x: number;
  y: number;
}

/** Lines and dots have no area of their own to show. */
export function defaultMargins(dtype: string): Margins {
  return dtype === 'dot' || dtype === 'line' ? { x: 10, y: 10 } : { x: 0, y: 0 };
}

export interface MarginWish {
  use_default_margins?: boolean | undefined;
  margin_x?: number | undefined;
  margin_y?: number | undefined;
}

/** @throws HubError 400 when the defaults are off and the margins are not given. */
export function marginsOf(dtype: string, { use_default_margins, margin_x, margin_y }: MarginWish): Margins {
  if (use_default_margins !== false) return defaultMargins(dtype);
  if (margin_x === undefined || margin_y === undefined || margin_x < 0 || margin_y < 0) {
    throw badRequest('Without the default margins, margin_x and margin_y are needed, from 0.');
  }
  return { x: margin_x, y: margin_y };
}

const SMALLEST_PIXELS = 2;

type Shape = Pick<LocalizationRow, 'x' | 'y' | 'width' | 'height' | 'u' | 'v' | 'points'>;

/**
 * The part of a picture of the given size that shows a shape with margins around it: at least two
 * pixels each way, and never beyond the picture.
 * @throws HubError 400 for a shape that was not drawn yet.
 */
export function cropOfShape(dtype: string, shape: Shape, margins: Margins, size: PixelSize): Crop {
  const corners = cornersOf(dtype, shape);
  if (corners.length === 0) throw badRequest('The localization has no shape to show.');
  const across = span(
    corners.map(([x]) => x),
    { margin: margins.x, pixels: size.width },
  );
  const down = span(
    corners.map(([, y]) => y),
    { margin: margins.y, pixels: size.height },
  );
  return { x: across.start, width: across.length, y: down.start, height: down.length };
}

type Point = readonly [number, number];

function cornersOf(dtype: string, { x, y, width, height, u, v, points }: Shape): Point[] {
  if (dtype === 'poly') return (points ?? []).map(([px = 0, py = 0]): Point => [px, py]);
  if (x === null || y === null) return [];
  if (dtype === 'dot') return [[x, y]];
  const [across, down] = dtype === 'line' ? [u, v] : [width, height];
  if (across === null || down === null) return [];
  return [
    [x, y],
    [x + across, y + down],
  ];
}

/** From the least to the greatest position, widened, as fractions; within 0 to 1. */
function span(
  positions: readonly number[],
  { margin, pixels }: { margin: number; pixels: number },
): { start: number; length: number } {
  const low = Math.min(...positions) - margin / pixels;
  const high = Math.max(...positions) + margin / pixels;
  const smallest = Math.min(1, SMALLEST_PIXELS / pixels);
  const end = clamp(high, smallest, 1);
  const start = clamp(Math.min(low, end - smallest), 0, 1 - smallest);
  return { start, length: Math.max(smallest, end - start) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
