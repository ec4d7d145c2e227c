import { boxDragging } from './box-dragging.ts';
import { boxIdle } from './box-idle.ts';
import { dotIdle } from './dot-idle.ts';
import { lineDragging } from './line-dragging.ts';
import { lineIdle } from './line-idle.ts';
import { polyAdding } from './poly-adding.ts';
import { polyIdle } from './poly-idle.ts';
import { selectIdle } from './select-idle.ts';
import { selectMoving } from './select-moving.ts';
import { selectResizing } from './select-resizing.ts';
import type { Step, ToolEvent, ToolName, ToolScene, ToolState } from './tool.ts';

/** One event through whatever state the tools are in. */
export function stepTool(state: ToolState, event: ToolEvent, scene: ToolScene): Step {
  switch (state.name) {
    case 'select.idle':
      return selectIdle(state, event, scene);
    case 'select.moving':
      return selectMoving(state, event, scene);
    case 'select.resizing':
      return selectResizing(state, event, scene);
    case 'box.idle':
      return boxIdle(state, event);
    case 'box.dragging':
      return boxDragging(state, event, scene);
    case 'line.idle':
      return lineIdle(state, event);
    case 'line.dragging':
      return lineDragging(state, event, scene);
    case 'dot.idle':
      return dotIdle(state, event);
    case 'poly.idle':
      return polyIdle(state, event);
    case 'poly.adding':
      return polyAdding(state, event, scene);
  }
}

export function startOf(tool: ToolName): ToolState {
  return { name: `${tool}.idle` };
}

export function toolOf(state: ToolState): ToolName {
  return state.name.slice(0, state.name.indexOf('.')) as ToolName;
}

/** In the middle of a gesture: other keys and selections wait. */
export function isBusy(state: ToolState): boolean {
  return !state.name.endsWith('.idle');
}
