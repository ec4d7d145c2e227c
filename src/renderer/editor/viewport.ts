import { clamp, type Point, type Rect, type Tolerance } from '../../domain/geometry.ts';

/** All lengths are CSS pixels of the stage, origin at its top left corner. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Viewport {
  readonly stage: Size;
  /** The media's own size; only its proportions count. */
  readonly picture: Size;
  /** 1 = the whole picture just fits. */
  readonly zoom: number;
  /** How far the picture's centre lies from the stage's centre. */
  readonly panX: number;
  readonly panY: number;
}

const mostZoom = 40;

/** Where the picture lies on the stage: letterboxed, then zoomed and panned. */
export function pictureRect({ stage, picture, zoom, panX, panY }: Viewport): Rect {
  const width0 = Math.max(1, picture.width);
  const height0 = Math.max(1, picture.height);
  const scale = Math.max(1e-6, Math.min(stage.width / width0, stage.height / height0)) * zoom;
  const [width, height] = [width0 * scale, height0 * scale];
  return { x: (stage.width - width) / 2 + panX, y: (stage.height - height) / 2 + panY, width, height };
}

/** Not clamped: a drag may leave the picture. */
export function toRelative(rect: Rect, at: Point): Point {
  return { x: (at.x - rect.x) / rect.width, y: (at.y - rect.y) / rect.height };
}

export function toStage(rect: Rect, point: Point): Point {
  return { x: rect.x + point.x * rect.width, y: rect.y + point.y * rect.height };
}

/** `pixels` of the stage as a tolerance in relative units. */
export function toleranceOf(rect: Rect, pixels: number): Tolerance {
  return { x: pixels / rect.width, y: pixels / rect.height };
}

/** Zoomed by `factor`; the point of the picture below `at` stays below it, as far as the bounds allow. */
export function zoomAt(viewport: Viewport, at: Point, factor: number): Viewport {
  const zoom = clamp(viewport.zoom * factor, 1, mostZoom);
  const anchor = toRelative(pictureRect(viewport), at);
  const zoomed = { ...viewport, zoom };
  const moved = toStage(pictureRect(zoomed), anchor);
  return bounded({ ...zoomed, panX: zoomed.panX + at.x - moved.x, panY: zoomed.panY + at.y - moved.y });
}

export function panBy(viewport: Viewport, dx: number, dy: number): Viewport {
  return bounded({ ...viewport, panX: viewport.panX + dx, panY: viewport.panY + dy });
}

export function fitted(viewport: Viewport): Viewport {
  return { ...viewport, zoom: 1, panX: 0, panY: 0 };
}

export function resized(viewport: Viewport, stage: Size): Viewport {
  return bounded({ ...viewport, stage });
}

/** A fitted picture stays in the middle; a zoomed one may be pulled in from its edges by a quarter of the stage. */
function bounded(viewport: Viewport): Viewport {
  if (viewport.zoom <= 1) return fitted(viewport);
  const { width, height } = pictureRect(viewport);
  const { stage } = viewport;
  const limitX = Math.max(0, (width - stage.width) / 2) + stage.width / 4;
  const limitY = Math.max(0, (height - stage.height) / 2) + stage.height / 4;
  return {
    ...viewport,
    panX: clamp(viewport.panX, -limitX, limitX),
    panY: clamp(viewport.panY, -limitY, limitY),
  };
}
