import type { Json } from '../../../base/json.ts';
import type { Geometry, Point } from '../../../domain/geometry.ts';
import { syncStrings } from '../../strings/sync.en.ts';

/** A stored geometry, or null if the value is none. Conflicts carry values as plain JSON. */
export function geometryFrom(value: Json): Geometry | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const numbers = (...names: string[]): boolean => names.every((name) => typeof value[name] === 'number');
  switch (value.kind) {
    case 'none':
      return { kind: 'none' };
    case 'box':
      return numbers('x', 'y', 'width', 'height') ? (value as unknown as Geometry) : null;
    case 'line':
      return numbers('x', 'y', 'u', 'v') ? (value as unknown as Geometry) : null;
    case 'dot':
      return numbers('x', 'y') ? (value as unknown as Geometry) : null;
    case 'poly':
      return isPoints(value.points) ? (value as unknown as Geometry) : null;
    default:
      return null;
  }
}

function isPoints(value: Json | undefined): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (point) => Array.isArray(point) && point.length === 2 && point.every((n) => typeof n === 'number'),
    )
  );
}

/** A shape as short numbers, in percent of the frame: `12.5, 40.0 · 20.0 × 8.3 %`. */
export function geometrySummary(geometry: Geometry): string {
  switch (geometry.kind) {
    case 'none':
      return syncStrings.geometry.none;
    case 'box':
      return `${at(geometry)} · ${percent(geometry.width)} × ${percent(geometry.height)} %`;
    case 'line':
      return `${at(geometry)} → ${at({ x: geometry.x + geometry.u, y: geometry.y + geometry.v })} %`;
    case 'dot':
      return `${at(geometry)} %`;
    case 'poly': {
      const [first] = geometry.points;
      const start = first === undefined ? null : `${at({ x: first[0], y: first[1] })} %`;
      return syncStrings.geometry.points(geometry.points.length, start);
    }
  }
}

function at(point: Point): string {
  return `${percent(point.x)}, ${percent(point.y)}`;
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}
