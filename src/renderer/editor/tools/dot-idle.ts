import { clampPoint } from '../../../domain/geometry.ts';
import { stay, type Step, type ToolEvent, type ToolState } from './tool.ts';

type Idle = Extract<ToolState, { name: 'dot.idle' }>;

/** One press makes the dot. */
export function dotIdle(state: Idle, event: ToolEvent): Step {
  if (event.kind === 'cancel') return stay({ name: 'select.idle' });
  if (event.kind !== 'down') return stay(state);
  const geometry = { kind: 'dot' as const, ...clampPoint(event.point) };
  return { state: { name: 'select.idle' }, effects: [{ kind: 'create', geometry }] };
}
