import type { Geometry, Handle, Point, Tolerance } from '../../../domain/geometry.ts';
import type { EntityKey } from '../../../domain/identity.ts';
import type { Shape } from '../shape.ts';

export type ToolName = 'select' | 'box' | 'line' | 'dot' | 'poly';

/**
 * The states of all tools, one file each in this folder. A state is data; its file holds the one
 * function that takes an event and gives the next state and what is to be done.
 *
 *   select.idle --down on a handle--> select.resizing --up--> idle   (effect: update)
 *               --down on a shape---> select.moving ----up--> idle   (effect: update if it moved)
 *   box.idle --down--> box.dragging --up--> select.idle              (effect: create)
 *   line.*, as box;  dot.idle --down--> select.idle;  poly.idle --down--> poly.adding --enter--> select.idle
 */
export type ToolState =
  | { name: 'select.idle' }
  | { name: 'select.moving'; key: EntityKey; from: Point; original: Geometry; moved: boolean }
  | {
      name: 'select.resizing';
      key: EntityKey;
      handle: Handle['id'];
      grip: Point;
      original: Geometry;
      moved: boolean;
    }
  | { name: 'box.idle' }
  | { name: 'box.dragging'; from: Point }
  | { name: 'line.idle' }
  | { name: 'line.dragging'; from: Point }
  | { name: 'dot.idle' }
  | { name: 'poly.idle' }
  | { name: 'poly.adding'; points: Point[]; cursor: Point };

/** Points are relative to the picture and may lie outside of 0..1. */
export type ToolEvent =
  | { kind: 'down' | 'move' | 'up'; point: Point }
  /** Double click or Enter: closes what is open. */
  | { kind: 'finish' }
  | { kind: 'cancel' };

export type Adjustment = 'move' | 'resize' | 'vertex';

export type ToolEffect =
  | { kind: 'select'; key: EntityKey | null }
  /** What the active layer shows; null = the selected shape as it is stored. */
  | { kind: 'preview'; geometry: Geometry | null }
  | { kind: 'create'; geometry: Geometry }
  | { kind: 'update'; key: EntityKey; geometry: Geometry; adjustment: Adjustment }
  | { kind: 'too-small' };

/** What a state may know of the world. */
export interface ToolScene {
  /** In paint order. */
  shapes: readonly Shape[];
  selected: Shape | null;
  /** How near counts as a hit. */
  reach: Tolerance;
  /** The least movement, or size, that is meant. */
  slack: Tolerance;
}

export interface Step {
  state: ToolState;
  effects: ToolEffect[];
}

export function stay(state: ToolState): Step {
  return { state, effects: [] };
}

export function isBeyond(a: Point, b: Point, { x, y }: Tolerance): boolean {
  return Math.abs(a.x - b.x) > x || Math.abs(a.y - b.y) > y;
}
