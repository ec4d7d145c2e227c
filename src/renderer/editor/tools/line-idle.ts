import { stay, type Step, type ToolEvent, type ToolState } from './tool.ts';

type Idle = Extract<ToolState, { name: 'line.idle' }>;

/** Waits for the press where the line begins. */
export function lineIdle(state: Idle, event: ToolEvent): Step {
  if (event.kind === 'cancel') return stay({ name: 'select.idle' });
  if (event.kind !== 'down') return stay(state);
  return { state: { name: 'line.dragging', from: event.point }, effects: [{ kind: 'select', key: null }] };
}
