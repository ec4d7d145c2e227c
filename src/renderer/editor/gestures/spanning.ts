import { boxBetween, isDegenerate, lineBetween, type Geometry } from '../../../domain/geometry.ts';
import { done, going, type Gesture, type GestureInput, type GestureStep, type Scene } from './gesture.ts';

type Spanning = Extract<Gesture, { kind: 'spanning' }>;

/** Draws a box or a line from where the button went down to where it goes up. */
export function stepSpanning(spanning: Spanning, input: GestureInput, { slack }: Scene): GestureStep {
  if (input.kind === 'cancel') return done();
  if (input.kind === 'finish' || input.kind === 'down') return going(spanning);
  const next = { ...spanning, to: input.at };
  if (input.kind === 'move') return going(next);
  const geometry = spanned(next);
  return isDegenerate(geometry, slack)
    ? done({ kind: 'refuse', why: 'too-small' })
    : done({ kind: 'create', geometry });
}

export function spanned({ shape, from, to }: Spanning): Geometry {
  return shape === 'box' ? boxBetween(from, to) : lineBetween(from, to);
}
