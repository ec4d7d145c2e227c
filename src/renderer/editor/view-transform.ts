import { clamp, type Point, type Tolerance } from '../../domain/geometry.ts';

/** Sizes in CSS pixels, except `media`, which is in the media's own. */
export interface View {
  width: number;
  height: number;
  media: { width: number; height: number };
  /** 1 = the whole picture fits. */
  zoom: number;
  /** Offset of the picture's middle from the window's middle, CSS pixels. */
  panX: number;
  panY: number;
}

/** Where the picture lies in the window, CSS pixels. */
export interface PictureRect {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const MIN_ZOOM = 1;
export const MAX_ZOOM = 24;

/** Letterboxed: the picture keeps its proportions and is centred. */
export function pictureRect(view: View): PictureRect {
  const { media } = view;
  const fit = Math.min(view.width / Math.max(1, media.width), view.height / Math.max(1, media.height));
  const width = media.width * fit * view.zoom;
  const height = media.height * fit * view.zoom;
  return {
    left: (view.width - width) / 2 + view.panX,
    top: (view.height - height) / 2 + view.panY,
    width,
    height,
  };
}

/** Window to picture, 0..1 inside; not clamped, so that a drag beyond the edge keeps its direction. */
export function toRelative(rect: PictureRect, point: Point): Point {
  return { x: (point.x - rect.left) / (rect.width || 1), y: (point.y - rect.top) / (rect.height || 1) };
}

export function toWindow(rect: PictureRect, point: Point): Point {
  return { x: rect.left + point.x * rect.width, y: rect.top + point.y * rect.height };
}

/** A distance in CSS pixels as a tolerance in relative units. */
export function toleranceOf(rect: PictureRect, pixels: number): Tolerance {
  return { x: pixels / (rect.width || 1), y: pixels / (rect.height || 1) };
}

/** Zooms by `factor` and keeps what lies under `at` where it is. */
export function zoomAt(view: View, at: Point, factor: number): View {
  const zoom = clamp(view.zoom * factor, MIN_ZOOM, MAX_ZOOM);
  const fixed = toRelative(pictureRect(view), at);
  const moved = toWindow(pictureRect({ ...view, zoom }), fixed);
  return keepInWindow({ ...view, zoom, panX: view.panX + at.x - moved.x, panY: view.panY + at.y - moved.y });
}

export function panBy(view: View, dx: number, dy: number): View {
  return keepInWindow({ ...view, panX: view.panX + dx, panY: view.panY + dy });
}

/** No pan can lose the picture: it may move only as far as it is larger than the window. */
function keepInWindow(view: View): View {
  const { width, height } = pictureRect(view);
  const limitX = Math.max(0, (width - view.width) / 2);
  const limitY = Math.max(0, (height - view.height) / 2);
  return { ...view, panX: clamp(view.panX, -limitX, limitX), panY: clamp(view.panY, -limitY, limitY) };
}
