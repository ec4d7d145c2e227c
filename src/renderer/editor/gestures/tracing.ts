import { clampPoint, isDegenerate, polyThrough, type Point } from '../../../domain/geometry.ts';
import {
  done,
  going,
  near,
  type Gesture,
  type GestureInput,
  type GestureStep,
  type Scene,
} from './gesture.ts';

type Tracing = Extract<Gesture, { kind: 'tracing' }>;

/** Adds a vertex a click; the first point, a double click or Enter closes the polygon. */
export function stepTracing(tracing: Tracing, input: GestureInput, scene: Scene): GestureStep {
  switch (input.kind) {
    case 'cancel':
      return done();
    case 'finish':
      return close(tracing, scene);
    case 'move':
      return going({ ...tracing, cursor: clampPoint(input.at) });
    case 'up':
      return going(tracing);
    case 'down': {
      const at = clampPoint(input.at);
      if (closesAt(tracing, at, scene)) return close(tracing, scene);
      const last = tracing.points.at(-1);
      // The second click of a double click adds nothing.
      const points =
        last !== undefined && near(last, at, scene.slack) ? tracing.points : [...tracing.points, at];
      return going({ kind: 'tracing', points, cursor: at });
    }
  }
}

/** Whether a click here closes the polygon. */
export function closesAt({ points }: Tracing, at: Point, { reach }: Scene): boolean {
  const [first] = points;
  return first !== undefined && points.length >= 3 && near(first, at, reach);
}

function close(tracing: Tracing, { slack }: Scene): GestureStep {
  const geometry = polyThrough(tracing.points);
  // Too few points yet: go on drawing.
  if (tracing.points.length < 3) return { gesture: tracing, effects: [{ kind: 'refuse', why: 'too-small' }] };
  return isDegenerate(geometry, slack)
    ? done({ kind: 'refuse', why: 'too-small' })
    : done({ kind: 'create', geometry });
}
