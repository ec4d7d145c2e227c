/**
 * Shapes in coordinates relative to the media's frame: origin top left, x right, y down, the
 * frame spans 0..1 on both axes. `none` is an annotation that was made to be drawn later.
 */
export type Geometry = Box | Line | Dot | Poly | { kind: 'none' };

export interface Box {
  kind: 'box';
  /** Top left corner. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  kind: 'line';
  /** Start. */
  x: number;
  y: number;
  /** Vector from the start to the end. */
  u: number;
  v: number;
}

export interface Dot {
  kind: 'dot';
  x: number;
  y: number;
}

export interface Poly {
  kind: 'poly';
  points: [number, number][];
}

export type LocalizationDtype = 'box' | 'line' | 'dot' | 'poly';

export interface Point {
  x: number;
  y: number;
}

/** An axis-parallel rectangle, relative coordinates. */
export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How far a hit may miss, in relative units of each axis (a media is rarely square). */
export interface Tolerance {
  x: number;
  y: number;
}

/** Corner and edge handles of a box, by compass direction; `v<n>` is vertex n of a line or polygon. */
export type BoxHandle = 'nw' | 'n' | 'ne' | 'e' | 'se' | 's' | 'sw' | 'w';
export type Handle = { id: BoxHandle; at: Point } | { id: `v${number}`; at: Point };

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

export function clampPoint(point: Point): Point {
  return { x: clamp(point.x, 0, 1), y: clamp(point.y, 0, 1) };
}

/** The smallest rectangle around a shape; null where nothing is drawn yet. */
export function boundsOf(geometry: Geometry): Rect | null {
  switch (geometry.kind) {
    case 'none':
      return null;
    case 'box':
      return { x: geometry.x, y: geometry.y, width: geometry.width, height: geometry.height };
    case 'dot':
      return { x: geometry.x, y: geometry.y, width: 0, height: 0 };
    default:
      return boundsOfPoints(verticesOf(geometry));
  }
}

/** The points that a person can take hold of to change a line, dot or polygon; the corners of a box. */
export function verticesOf(geometry: Geometry): Point[] {
  switch (geometry.kind) {
    case 'none':
      return [];
    case 'dot':
      return [{ x: geometry.x, y: geometry.y }];
    case 'line':
      return [
        { x: geometry.x, y: geometry.y },
        { x: geometry.x + geometry.u, y: geometry.y + geometry.v },
      ];
    case 'poly':
      return geometry.points.map(([x, y]) => ({ x, y }));
    case 'box': {
      const { x, y, width, height } = geometry;
      return [
        { x, y },
        { x: x + width, y },
        { x: x + width, y: y + height },
        { x, y: y + height },
      ];
    }
  }
}

/** The box between two opposite corners, inside the frame whatever the points are. */
export function boxBetween(a: Point, b: Point): Box {
  const p = clampPoint(a);
  const q = clampPoint(b);
  const x = Math.min(p.x, q.x);
  const y = Math.min(p.y, q.y);
  return {
    kind: 'box',
    x,
    y,
    width: Math.min(Math.abs(p.x - q.x), 1 - x),
    height: Math.min(Math.abs(p.y - q.y), 1 - y),
  };
}

export function lineBetween(a: Point, b: Point): Line {
  const p = clampPoint(a);
  const q = clampPoint(b);
  return { kind: 'line', x: p.x, y: p.y, u: q.x - p.x, v: q.y - p.y };
}

export function polyThrough(points: readonly Point[]): Poly {
  return { kind: 'poly', points: points.map(clampPoint).map(({ x, y }): [number, number] => [x, y]) };
}

/** The shape moved by a vector, stopped where it would leave the frame; its size never changes. */
export function translate(geometry: Geometry, dx: number, dy: number): Geometry {
  const bounds = boundsOf(geometry);
  if (bounds === null) return geometry;
  const mx = clamp(dx, -bounds.x, Math.max(-bounds.x, 1 - bounds.x - bounds.width));
  const my = clamp(dy, -bounds.y, Math.max(-bounds.y, 1 - bounds.y - bounds.height));
  switch (geometry.kind) {
    case 'none':
      return geometry;
    case 'poly':
      return {
        kind: 'poly',
        points: geometry.points.map(([x, y]): [number, number] => [clamp(x + mx, 0, 1), clamp(y + my, 0, 1)]),
      };
    case 'box':
      return {
        ...geometry,
        x: clamp(geometry.x + mx, 0, Math.max(0, 1 - geometry.width)),
        y: clamp(geometry.y + my, 0, Math.max(0, 1 - geometry.height)),
      };
    default:
      return { ...geometry, x: clamp(geometry.x + mx, 0, 1), y: clamp(geometry.y + my, 0, 1) };
  }
}

/** The box with the side or corner `handle` dragged to `to`; dragging past the other side turns it over. */
export function resizeBox(box: Box, handle: BoxHandle, to: Point): Box {
  const west = handle.includes('w') ? to.x : box.x;
  const east = handle.includes('e') ? to.x : box.x + box.width;
  const north = handle.startsWith('n') ? to.y : box.y;
  const south = handle.startsWith('s') ? to.y : box.y + box.height;
  return boxBetween({ x: west, y: north }, { x: east, y: south });
}

/** The line or polygon with one vertex moved, kept inside the frame; other shapes come back as they are. */
export function moveVertex(geometry: Geometry, index: number, to: Point): Geometry {
  const vertices = verticesOf(geometry);
  if (vertices[index] === undefined) return geometry;
  vertices[index] = clampPoint(to);
  const [a, b] = vertices;
  if (geometry.kind === 'line' && a !== undefined && b !== undefined) return lineBetween(a, b);
  if (geometry.kind === 'poly') return polyThrough(vertices);
  if (geometry.kind === 'dot') return { kind: 'dot', ...clampPoint(to) };
  return geometry;
}

export function handlesOf(geometry: Geometry): Handle[] {
  if (geometry.kind === 'none' || geometry.kind === 'dot') return [];
  if (geometry.kind !== 'box') return verticesOf(geometry).map((at, i) => ({ id: `v${i}` as const, at }));
  const { x, y, width, height } = geometry;
  const [midX, midY, right, bottom] = [x + width / 2, y + height / 2, x + width, y + height];
  const at: [BoxHandle, number, number][] = [
    ['nw', x, y],
    ['ne', right, y],
    ['se', right, bottom],
    ['sw', x, bottom],
    ['n', midX, y],
    ['e', right, midY],
    ['s', midX, bottom],
    ['w', x, midY],
  ];
  return at.map(([id, hx, hy]) => ({ id, at: { x: hx, y: hy } }));
}

/** The handle under the point: corners win over edges. Null when none is near. */
export function handleAt(geometry: Geometry, point: Point, tolerance: Tolerance): Handle | null {
  return (
    handlesOf(geometry).find(
      ({ at }) => Math.abs(at.x - point.x) <= tolerance.x && Math.abs(at.y - point.y) <= tolerance.y,
    ) ?? null
  );
}

/** The shape with `handle` dragged to `to`. */
export function dragHandle(geometry: Geometry, handle: Handle['id'], to: Point): Geometry {
  if (handle.startsWith('v')) return moveVertex(geometry, Number(handle.slice(1)), to);
  return geometry.kind === 'box' ? resizeBox(geometry, handle as BoxHandle, to) : geometry;
}

/** Whether the point meets the shape: first its bounds, then the shape itself (boxes and polygons are filled). */
export function hits(geometry: Geometry, point: Point, tolerance: Tolerance): boolean {
  const bounds = boundsOf(geometry);
  if (bounds === null || !insideBounds(bounds, point, tolerance)) return false;
  switch (geometry.kind) {
    case 'box':
    case 'dot':
    case 'none':
      return true;
    case 'line': {
      const [a, b] = verticesOf(geometry);
      return a !== undefined && b !== undefined && distanceToSegment(point, a, b, tolerance) <= 1;
    }
    case 'poly':
      return hitsPolygon(verticesOf(geometry), point, tolerance);
  }
}

/** Area of the bounds; of several shapes under the pointer the smallest is meant. */
export function extentOf(geometry: Geometry): number {
  const bounds = boundsOf(geometry);
  return bounds === null ? 0 : bounds.width * bounds.height;
}

/** Too small to be meant: a slip of the pointer. `tolerance` is the smallest size on each axis. */
export function isDegenerate(geometry: Geometry, tolerance: Tolerance): boolean {
  const bounds = boundsOf(geometry);
  if (bounds === null) return true;
  if (geometry.kind === 'dot') return false;
  if (geometry.kind === 'box') return bounds.width < tolerance.x || bounds.height < tolerance.y;
  if (geometry.kind === 'poly' && geometry.points.length < 3) return true;
  return bounds.width < tolerance.x && bounds.height < tolerance.y;
}

function boundsOfPoints(points: readonly Point[]): Rect | null {
  if (points.length === 0) return null;
  let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    west = Math.min(west, x);
    east = Math.max(east, x);
    north = Math.min(north, y);
    south = Math.max(south, y);
  }
  return { x: west, y: north, width: east - west, height: south - north };
}

function insideBounds(bounds: Rect, { x, y }: Point, tolerance: Tolerance): boolean {
  return (
    x >= bounds.x - tolerance.x &&
    x <= bounds.x + bounds.width + tolerance.x &&
    y >= bounds.y - tolerance.y &&
    y <= bounds.y + bounds.height + tolerance.y
  );
}

/** In units of the tolerance, so that both axes count alike on the screen. */
function distanceToSegment(point: Point, a: Point, b: Point, tolerance: Tolerance): number {
  const [ux, uy] = [(b.x - a.x) / tolerance.x, (b.y - a.y) / tolerance.y];
  const [px, py] = [(point.x - a.x) / tolerance.x, (point.y - a.y) / tolerance.y];
  const length = ux * ux + uy * uy;
  const along = length === 0 ? 0 : clamp((px * ux + py * uy) / length, 0, 1);
  return Math.hypot(px - along * ux, py - along * uy);
}

function hitsPolygon(points: readonly Point[], point: Point, tolerance: Tolerance): boolean {
  let inside = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [a, b] = [points[i], points[j]];
    if (a === undefined || b === undefined) continue;
    if (distanceToSegment(point, a, b, tolerance) <= 1) return true;
    const crosses = a.y > point.y !== b.y > point.y;
    if (crosses && point.x < ((b.x - a.x) * (point.y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}
