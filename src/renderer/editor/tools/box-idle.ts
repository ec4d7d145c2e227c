import { stay, type Step, type ToolEvent, type ToolState } from './tool.ts';

type Idle = Extract<ToolState, { name: 'box.idle' }>;

/** Waits for the press where the box begins. */
export function boxIdle(state: Idle, event: ToolEvent): Step {
  if (event.kind === 'cancel') return stay({ name: 'select.idle' });
  if (event.kind !== 'down') return stay(state);
  return { state: { name: 'box.dragging', from: event.point }, effects: [{ kind: 'select', key: null }] };
}
