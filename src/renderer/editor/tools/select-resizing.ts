import { dragHandle, handlesOf, isDegenerate, type Point } from '../../../domain/geometry.ts';
import { isBeyond, stay, type Step, type ToolEvent, type ToolScene, type ToolState } from './tool.ts';

type Resizing = Extract<ToolState, { name: 'select.resizing' }>;

/** Drags one handle of a box, or one vertex of a line or polygon. What becomes too small goes back. */
export function selectResizing(state: Resizing, event: ToolEvent, scene: ToolScene): Step {
  const idle: ToolState = { name: 'select.idle' };
  if (event.kind === 'cancel') return { state: idle, effects: [{ kind: 'preview', geometry: null }] };
  if (event.kind === 'finish' || event.kind === 'down') return stay(state);
  const { key, handle, grip, original } = state;
  const to = { x: event.point.x - grip.x, y: event.point.y - grip.y };
  const geometry = dragHandle(original, handle, to);
  const moved =
    state.moved || isBeyond(handlePoint(state), to, { x: scene.slack.x / 3, y: scene.slack.y / 3 });
  if (event.kind === 'move') {
    return { state: { ...state, moved }, effects: [{ kind: 'preview', geometry: moved ? geometry : null }] };
  }
  if (!moved) return { state: idle, effects: [{ kind: 'preview', geometry: null }] };
  if (isDegenerate(geometry, scene.slack)) {
    return { state: idle, effects: [{ kind: 'preview', geometry: null }, { kind: 'too-small' }] };
  }
  const adjustment = handle.startsWith('v') ? 'vertex' : 'resize';
  return { state: idle, effects: [{ kind: 'update', key, geometry, adjustment }] };
}

function handlePoint({ handle, original }: Resizing): Point {
  return handlesOf(original).find(({ id }) => id === handle)?.at ?? { x: 0, y: 0 };
}
