import { polyThrough } from '../../../domain/geometry.ts';
import { stay, type Step, type ToolEvent, type ToolState } from './tool.ts';

type Idle = Extract<ToolState, { name: 'poly.idle' }>;

/** Waits for the first point. */
export function polyIdle(state: Idle, event: ToolEvent): Step {
  if (event.kind === 'cancel') return stay({ name: 'select.idle' });
  if (event.kind !== 'down') return stay(state);
  const { point } = event;
  return {
    state: { name: 'poly.adding', points: [point], cursor: point },
    effects: [
      { kind: 'select', key: null },
      { kind: 'preview', geometry: polyThrough([point]) },
    ],
  };
}
