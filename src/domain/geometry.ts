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
