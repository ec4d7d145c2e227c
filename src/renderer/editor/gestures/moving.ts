import { translate } from '../../../domain/geometry.ts';
import {
  done,
  going,
  near,
  type Gesture,
  type GestureInput,
  type GestureStep,
  type Scene,
} from './gesture.ts';

type Moving = Extract<Gesture, { kind: 'moving' }>;

/** Drags a whole shape. A way shorter than the slack is a click. */
export function stepMoving(moving: Moving, input: GestureInput, { slack }: Scene): GestureStep {
  if (input.kind === 'cancel') return done();
  if (input.kind === 'finish' || input.kind === 'down') return going(moving);
  const { key, from, original } = moving;
  const started = moving.now !== original || !near(from, input.at, slack);
  const now = started ? translate(original, input.at.x - from.x, input.at.y - from.y) : original;
  if (input.kind === 'move') return going({ ...moving, now });
  return started ? done({ kind: 'change', key, geometry: now }) : done();
}
