import { clampPoint, handleAt, type Point } from '../../../domain/geometry.ts';
import { shapeAt, type EditorShape } from '../editor-shape.ts';
import { done, going, type GestureInput, type GestureStep, type Scene } from './gesture.ts';
import { edgeMiddleAt, insertVertex, removeVertex } from './poly-edges.ts';

/** Nothing is held. What is under the pointer decides, first the handles of the selected shape. */
export function stepIdle(input: GestureInput, scene: Scene): GestureStep {
  if (input.kind !== 'down') return done();
  const { selected } = scene;
  const taken = selected !== null && scene.enabled ? takeHold(selected, input, scene) : null;
  if (taken !== null) return taken;
  if (scene.tool === 'select') return pick(input.at, scene);
  if (!scene.enabled) return done({ kind: 'refuse', why: 'unconfirmed' });
  return draw(clampPoint(input.at), scene);
}

function takeHold(
  { key, geometry }: EditorShape,
  { at, alt }: { readonly at: Point; readonly alt: boolean },
  { reach }: Scene,
): GestureStep | null {
  const handle = handleAt(geometry, at, reach);
  if (handle !== null) {
    if (alt && geometry.kind === 'poly') {
      const fewer = removeVertex(geometry, Number(handle.id.slice(1)));
      return fewer === null
        ? done({ kind: 'refuse', why: 'too-small' })
        : done({ kind: 'change', key, geometry: fewer });
    }
    const grip = { x: at.x - handle.at.x, y: at.y - handle.at.y };
    return going({ kind: 'shaping', key, handle: handle.id, grip, original: geometry, now: geometry });
  }
  const middle = edgeMiddleAt(geometry, at, reach);
  if (middle === null || geometry.kind !== 'poly') return null;
  const grip = { x: at.x - middle.at.x, y: at.y - middle.at.y };
  const now = insertVertex(geometry, middle);
  return going({ kind: 'shaping', key, handle: `v${middle.after + 1}`, grip, original: geometry, now });
}

function pick(at: Point, { shapes, selected, reach, enabled }: Scene): GestureStep {
  const shape = shapeAt(shapes, at, reach);
  const effects = shape?.key === selected?.key ? [] : [{ kind: 'select', key: shape?.key ?? null } as const];
  if (shape === null || !enabled) return { gesture: { kind: 'idle' }, effects };
  const { key, geometry } = shape;
  return { gesture: { kind: 'moving', key, from: at, original: geometry, now: geometry }, effects };
}

function draw(at: Point, { tool }: Scene): GestureStep {
  switch (tool) {
    case 'box':
    case 'line':
      return going({ kind: 'spanning', shape: tool, from: at, to: at });
    case 'poly':
      return going({ kind: 'tracing', points: [at], cursor: at });
    case 'dot':
      return done({ kind: 'create', geometry: { kind: 'dot', ...at } });
    case 'select':
      return done();
  }
}
