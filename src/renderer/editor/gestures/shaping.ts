import { dragHandle, handlesOf, isDegenerate, verticesOf, type Geometry } from '../../../domain/geometry.ts';
import {
  done,
  going,
  near,
  type Gesture,
  type GestureInput,
  type GestureStep,
  type Scene,
} from './gesture.ts';

type Shaping = Extract<Gesture, { kind: 'shaping' }>;

/** Drags a handle of a box or a vertex. What would become too small goes back to what it was. */
export function stepShaping(shaping: Shaping, input: GestureInput, { slack }: Scene): GestureStep {
  if (input.kind === 'cancel') return done();
  if (input.kind === 'finish' || input.kind === 'down') return going(shaping);
  const { key, handle, grip, original } = shaping;
  const to = { x: input.at.x - grip.x, y: input.at.y - grip.y };
  // A new vertex is in `now` already and not in the original.
  const base = isInserted(shaping) ? shaping.now : original;
  const home = handlesOf(base).find(({ id }) => id === handle)?.at ?? to;
  const started = shaping.now !== base || !near(home, to, { x: slack.x / 3, y: slack.y / 3 });
  const now = started ? dragHandle(base, handle, to) : shaping.now;
  if (input.kind === 'move') return going({ ...shaping, now });
  if (isDegenerate(now, slack)) return done({ kind: 'refuse', why: 'too-small' });
  return now === original ? done() : done({ kind: 'change', key, geometry: now });
}

function isInserted({ original, now }: { readonly original: Geometry; readonly now: Geometry }): boolean {
  return verticesOf(now).length !== verticesOf(original).length;
}
