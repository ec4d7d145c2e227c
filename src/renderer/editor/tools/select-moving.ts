import { translate } from '../../../domain/geometry.ts';
import { isBeyond, stay, type Step, type ToolEvent, type ToolScene, type ToolState } from './tool.ts';

type Moving = Extract<ToolState, { name: 'select.moving' }>;

/** Moves a whole shape. A press that never leaves its spot only selects. */
export function selectMoving(state: Moving, event: ToolEvent, scene: ToolScene): Step {
  if (event.kind === 'cancel')
    return { state: { name: 'select.idle' }, effects: [{ kind: 'preview', geometry: null }] };
  if (event.kind === 'finish' || event.kind === 'down') return stay(state);
  const { key, from, original } = state;
  const moved = state.moved || isBeyond(from, event.point, scene.slack);
  const geometry = translate(original, event.point.x - from.x, event.point.y - from.y);
  if (event.kind === 'move') {
    return moved ? { state: { ...state, moved }, effects: [{ kind: 'preview', geometry }] } : stay(state);
  }
  return {
    state: { name: 'select.idle' },
    effects: moved ? [{ kind: 'update', key, geometry, adjustment: 'move' }] : [],
  };
}
