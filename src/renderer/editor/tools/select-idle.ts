import { handleAt } from '../../../domain/geometry.ts';
import { shapeAt } from '../shape.ts';
import { stay, type Step, type ToolEvent, type ToolScene, type ToolState } from './tool.ts';

type Idle = Extract<ToolState, { name: 'select.idle' }>;

/** Waits for a press: a handle of the selected shape wins, then the shape that is meant, else nothing is selected. */
export function selectIdle(state: Idle, event: ToolEvent, scene: ToolScene): Step {
  if (event.kind === 'cancel') return { state, effects: [{ kind: 'select', key: null }] };
  if (event.kind !== 'down') return stay(state);
  const { selected } = scene;
  const handle = selected === null ? null : handleAt(selected.geometry, event.point, scene.reach);
  if (selected !== null && handle !== null) {
    const { key, geometry } = selected;
    const grip = { x: event.point.x - handle.at.x, y: event.point.y - handle.at.y };
    return stay({ name: 'select.resizing', key, handle: handle.id, grip, original: geometry, moved: false });
  }
  const shape = shapeAt(scene.shapes, event.point, scene.reach);
  if (shape === null) return { state, effects: [{ kind: 'select', key: null }] };
  return {
    state: {
      name: 'select.moving',
      key: shape.key,
      from: event.point,
      original: shape.geometry,
      moved: false,
    },
    effects: [{ kind: 'select', key: shape.key }],
  };
}
