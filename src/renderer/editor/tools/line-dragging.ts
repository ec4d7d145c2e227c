import { lineBetween, isDegenerate } from '../../../domain/geometry.ts';
import { stay, type Step, type ToolEvent, type ToolScene, type ToolState } from './tool.ts';

type Dragging = Extract<ToolState, { name: 'line.dragging' }>;

/** Draws from the press to the pointer; a slip makes nothing and leaves the tool ready. */
export function lineDragging(state: Dragging, event: ToolEvent, scene: ToolScene): Step {
  const idle: ToolState = { name: 'line.idle' };
  if (event.kind === 'cancel') return { state: idle, effects: [{ kind: 'preview', geometry: null }] };
  if (event.kind === 'finish' || event.kind === 'down') return stay(state);
  const geometry = lineBetween(state.from, event.point);
  if (event.kind === 'move') return { state, effects: [{ kind: 'preview', geometry }] };
  if (isDegenerate(geometry, scene.slack)) {
    return { state: idle, effects: [{ kind: 'preview', geometry: null }, { kind: 'too-small' }] };
  }
  return { state: { name: 'select.idle' }, effects: [{ kind: 'create', geometry }] };
}
