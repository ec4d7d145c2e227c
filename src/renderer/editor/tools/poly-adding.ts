import { isDegenerate, polyThrough, type Point } from '../../../domain/geometry.ts';
import { isBeyond, stay, type Step, type ToolEvent, type ToolScene, type ToolState } from './tool.ts';

type Adding = Extract<ToolState, { name: 'poly.adding' }>;

/** Adds a point with each press; a press on the first point, a double click or Enter closes the polygon. */
export function polyAdding(state: Adding, event: ToolEvent, scene: ToolScene): Step {
  switch (event.kind) {
    case 'cancel':
      return { state: { name: 'poly.idle' }, effects: [{ kind: 'preview', geometry: null }] };
    case 'finish':
      return close(state, scene);
    case 'up':
      return stay(state);
    case 'move':
      return {
        state: { ...state, cursor: event.point },
        effects: [{ kind: 'preview', geometry: polyThrough([...state.points, event.point]) }],
      };
    case 'down':
      return press(state, event.point, scene);
  }
}

function press(state: Adding, point: Point, scene: ToolScene): Step {
  const [first] = state.points;
  const last = state.points.at(-1);
  if (first !== undefined && state.points.length > 2 && !isBeyond(first, point, scene.reach))
    return close(state, scene);
  // The second press of a double click falls on the point that the first one made.
  if (last !== undefined && !isBeyond(last, point, scene.slack)) return stay(state);
  const points = [...state.points, point];
  return {
    state: { ...state, points, cursor: point },
    effects: [{ kind: 'preview', geometry: polyThrough(points) }],
  };
}

function close({ points }: Adding, scene: ToolScene): Step {
  const geometry = polyThrough(points);
  if (isDegenerate(geometry, scene.slack)) {
    return {
      state: { name: 'poly.idle' },
      effects: [{ kind: 'preview', geometry: null }, { kind: 'too-small' }],
    };
  }
  return { state: { name: 'select.idle' }, effects: [{ kind: 'create', geometry }] };
}
