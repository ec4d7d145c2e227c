import { clampPoint, handleAt, polyThrough, type Geometry, type Point } from '../../../domain/geometry.ts';
import type { EntityKey } from '../../../domain/identity.ts';
import { shapeAt } from '../editor-shape.ts';
import type { Gesture, GestureInput, GestureStep, Scene } from './gesture.ts';
import { stepIdle } from './idle.ts';
import { stepMoving } from './moving.ts';
import { edgeMiddleAt } from './poly-edges.ts';
import { stepShaping } from './shaping.ts';
import { spanned, stepSpanning } from './spanning.ts';
import { closesAt, stepTracing } from './tracing.ts';

/** The next gesture and what is to be reported. Pure. */
export function stepGesture(gesture: Gesture, input: GestureInput, scene: Scene): GestureStep {
  switch (gesture.kind) {
    case 'idle':
      return stepIdle(input, scene);
    case 'moving':
      return stepMoving(gesture, input, scene);
    case 'shaping':
      return stepShaping(gesture, input, scene);
    case 'spanning':
      return stepSpanning(gesture, input, scene);
    case 'tracing':
      return stepTracing(gesture, input, scene);
  }
}

/** What the gesture would report if it ended now; `key` is null for a shape that does not exist yet. */
export function previewOf(gesture: Gesture): { key: EntityKey | null; geometry: Geometry } | null {
  switch (gesture.kind) {
    case 'idle':
      return null;
    case 'moving':
    case 'shaping':
      return { key: gesture.key, geometry: gesture.now };
    case 'spanning':
      return { key: null, geometry: spanned(gesture) };
    case 'tracing':
      return { key: null, geometry: polyThrough([...gesture.points, gesture.cursor]) };
  }
}

/** The CSS cursor that tells what a click at the point will do. */
export function cursorOf(gesture: Gesture, at: Point | null, scene: Scene): string {
  if (gesture.kind === 'moving') return 'grabbing';
  if (gesture.kind === 'tracing' && at !== null && closesAt(gesture, clampPoint(at), scene)) return 'pointer';
  if (gesture.kind !== 'idle') return 'crosshair';
  const { selected, reach, enabled, tool } = scene;
  if (at !== null && selected !== null && enabled) {
    const handle = handleAt(selected.geometry, at, reach);
    if (handle !== null) return handle.id.startsWith('v') ? 'grab' : `${handle.id}-resize`;
    if (edgeMiddleAt(selected.geometry, at, reach) !== null) return 'copy';
  }
  if (tool !== 'select') return enabled ? 'crosshair' : 'not-allowed';
  const shape = at === null ? null : shapeAt(scene.shapes, at, reach);
  if (shape === null) return 'default';
  return enabled && shape.key === selected?.key ? 'move' : 'pointer';
}
