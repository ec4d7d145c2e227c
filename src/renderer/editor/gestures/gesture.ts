import type { Geometry, Handle, Point, Tolerance } from '../../../domain/geometry.ts';
import type { EntityKey } from '../../../domain/identity.ts';
import type { EditorShape } from '../editor-shape.ts';
import type { ToolName } from '../tool-name.ts';

/**
 * What the pointer is doing; one file a state in this folder.
 *
 *   idle --down on a handle or edge midpoint--> shaping --up--> idle     change
 *        --down on a shape (select)-----------> moving ---up--> idle     select, change if it moved
 *        --down (box, line)-------------------> spanning -up--> idle     create
 *        --down (dot)------------------------------------------> idle    create
 *        --down (poly)------------------------> tracing --first point, double click, Enter--> idle   create
 *   any --cancel--> idle, nothing is reported
 */
export type Gesture =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'moving';
      readonly key: EntityKey;
      readonly from: Point;
      readonly original: Geometry;
      readonly now: Geometry;
    }
  | {
      readonly kind: 'shaping';
      readonly key: EntityKey;
      readonly handle: Handle['id'];
      /** From the handle to where it was taken hold of. */
      readonly grip: Point;
      readonly original: Geometry;
      readonly now: Geometry;
    }
  | { readonly kind: 'spanning'; readonly shape: 'box' | 'line'; readonly from: Point; readonly to: Point }
  | { readonly kind: 'tracing'; readonly points: readonly Point[]; readonly cursor: Point };

/** Points are relative to the picture and may lie outside of 0..1. */
export type GestureInput =
  | { readonly kind: 'down'; readonly at: Point; readonly alt: boolean }
  | { readonly kind: 'move' | 'up'; readonly at: Point }
  /** Enter, or the second click of a double click. */
  | { readonly kind: 'finish' }
  | { readonly kind: 'cancel' };

export type GestureEffect =
  | { readonly kind: 'select'; readonly key: EntityKey | null }
  | { readonly kind: 'create'; readonly geometry: Geometry }
  | { readonly kind: 'change'; readonly key: EntityKey; readonly geometry: Geometry }
  | { readonly kind: 'refuse'; readonly why: 'too-small' | 'unconfirmed' };

/** What a gesture may know of the world. */
export interface Scene {
  readonly tool: ToolName;
  readonly shapes: readonly EditorShape[];
  readonly selected: EditorShape | null;
  /** How near counts as a hit. */
  readonly reach: Tolerance;
  /** The least size or way that is meant. */
  readonly slack: Tolerance;
  /** The frame is confirmed: shapes may be drawn and changed. */
  readonly enabled: boolean;
}

export interface GestureStep {
  readonly gesture: Gesture;
  readonly effects: readonly GestureEffect[];
}

export const idle: Gesture = { kind: 'idle' };

export function near(a: Point, b: Point, { x, y }: Tolerance): boolean {
  return Math.abs(a.x - b.x) <= x && Math.abs(a.y - b.y) <= y;
}

export function done(...effects: GestureEffect[]): GestureStep {
  return { gesture: idle, effects };
}

export function going(gesture: Gesture): GestureStep {
  return { gesture, effects: [] };
}
