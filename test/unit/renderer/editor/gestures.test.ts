import { describe, expect, it } from 'vitest';
import type { Geometry, Point } from '../../../../src/domain/geometry.ts';
import type { EditorShape } from '../../../../src/renderer/editor/editor-shape.ts';
import {
  idle,
  type Gesture,
  type GestureEffect,
  type GestureInput,
  type Scene,
} from '../../../../src/renderer/editor/gestures/gesture.ts';
import { cursorOf, previewOf, stepGesture } from '../../../../src/renderer/editor/gestures/step-gesture.ts';

const big: Geometry = { kind: 'box', x: 0.1, y: 0.1, width: 0.6, height: 0.6 };
const small: Geometry = { kind: 'box', x: 0.3, y: 0.3, width: 0.1, height: 0.1 };
const square: Geometry = {
  kind: 'poly',
  points: [
    [0.2, 0.2],
    [0.6, 0.2],
    [0.6, 0.6],
    [0.2, 0.6],
  ],
};

function shape(key: string, geometry: Geometry): EditorShape {
  return { key, geometry, color: '#fff', width: 2, label: key, dashed: false };
}

function scene(more: Partial<Scene>): Scene {
  const reach = { x: 0.01, y: 0.01 };
  const slack = { x: 0.004, y: 0.004 };
  return { tool: 'select', shapes: [], selected: null, reach, slack, enabled: true, ...more };
}

function at(x: number, y: number): Point {
  return { x, y };
}

function run(inputs: readonly GestureInput[], on: Scene) {
  let gesture: Gesture = idle;
  const effects: GestureEffect[] = [];
  for (const input of inputs) {
    const step = stepGesture(gesture, input, on);
    gesture = step.gesture;
    effects.push(...step.effects);
  }
  return { gesture, effects };
}

function down(x: number, y: number, alt = false): GestureInput {
  return { kind: 'down', at: at(x, y), alt };
}
function move(x: number, y: number): GestureInput {
  return { kind: 'move', at: at(x, y) };
}
function up(x: number, y: number): GestureInput {
  return { kind: 'up', at: at(x, y) };
}

describe('selecting', () => {
  const on = scene({ shapes: [shape('small', small), shape('big', big)] });

  it('takes the smallest shape below the pointer, whatever lies above it', () => {
    expect(run([down(0.35, 0.35), up(0.35, 0.35)], on).effects).toEqual([{ kind: 'select', key: 'small' }]);
  });

  it('of nothing lets the selection go', () => {
    const selected = shape('big', big);
    expect(run([down(0.9, 0.9), up(0.9, 0.9)], { ...on, selected }).effects).toEqual([
      { kind: 'select', key: null },
    ]);
  });

  it('works while the frame is not confirmed, but nothing can be moved then', () => {
    const { effects } = run([down(0.35, 0.35), move(0.5, 0.5), up(0.5, 0.5)], { ...on, enabled: false });
    expect(effects).toEqual([{ kind: 'select', key: 'small' }]);
  });
});

describe('moving', () => {
  const on = scene({ shapes: [shape('small', small)], selected: shape('small', small) });

  it('is reported once, when the button goes up', () => {
    const drag = [down(0.35, 0.35), move(0.4, 0.4), move(0.45, 0.35)];
    expect(run(drag, on).effects).toEqual([]);
    const [change] = run([...drag, up(0.45, 0.35)], on).effects;
    expect(change).toMatchObject({ kind: 'change', key: 'small' });
    expect(change).toHaveProperty('geometry.x', expect.closeTo(0.4, 9));
  });

  it('shows its outcome meanwhile', () => {
    expect(previewOf(run([down(0.35, 0.35), move(0.4, 0.35)], on).gesture)?.geometry).toHaveProperty(
      'x',
      expect.closeTo(0.35, 9),
    );
  });

  it('stops at the edge of the picture without a change of size', () => {
    const [change] = run([down(0.35, 0.35), move(-3, -3), up(-3, -3)], on).effects;
    expect(change).toMatchObject({ geometry: { x: 0, y: 0, width: 0.1, height: 0.1 } });
  });

  it('shorter than the slack is a click, and cancelled it is nothing', () => {
    expect(run([down(0.35, 0.35), move(0.352, 0.35), up(0.352, 0.35)], on).effects).toEqual([]);
    expect(run([down(0.35, 0.35), move(0.5, 0.5), { kind: 'cancel' }], on)).toEqual({
      gesture: idle,
      effects: [],
    });
  });
});

describe('shaping', () => {
  it('drags a corner without a jump to the pointer', () => {
    const on = scene({ selected: shape('small', small) });
    const [change] = run([down(0.405, 0.405), move(0.505, 0.505), up(0.505, 0.505)], on).effects;
    expect(change).toHaveProperty('geometry.width', expect.closeTo(0.2, 9));
  });

  it('works with a drawing tool too, and refuses what becomes too small', () => {
    const on = scene({ tool: 'box', selected: shape('small', small) });
    const { effects } = run([down(0.4, 0.4), move(0.3, 0.3), up(0.3, 0.3)], on);
    expect(effects).toEqual([{ kind: 'refuse', why: 'too-small' }]);
  });

  it('adds a vertex by a click on the middle of an edge, and drags it at once', () => {
    const on = scene({ selected: shape('p', square) });
    const click = run([down(0.4, 0.2), up(0.4, 0.2)], on).effects;
    expect(click).toHaveLength(1);
    expect(click[0]).toHaveProperty('geometry.points.1', [0.4, 0.2]);
    const [dragged] = run([down(0.4, 0.2), move(0.4, 0.15), up(0.4, 0.1)], on).effects;
    expect(dragged).toHaveProperty('geometry.points.1', [0.4, 0.1]);
  });

  it('removes a vertex by Alt-click, but never the third', () => {
    const [change] = run([down(0.6, 0.2, true)], scene({ selected: shape('p', square) })).effects;
    expect(change).toMatchObject({
      kind: 'change',
      geometry: {
        points: [
          [0.2, 0.2],
          [0.6, 0.6],
          [0.2, 0.6],
        ],
      },
    });
    const triangle = shape('t', {
      kind: 'poly',
      points: [
        [0.2, 0.2],
        [0.6, 0.2],
        [0.6, 0.6],
      ],
    });
    expect(run([down(0.6, 0.2, true)], scene({ selected: triangle })).effects).toEqual([
      { kind: 'refuse', why: 'too-small' },
    ]);
  });
});

describe('drawing', () => {
  it('makes a box between any two corners, kept inside the picture', () => {
    const [create] = run([down(0.9, 0.9), move(1.4, 0.5), up(1.4, 0.5)], scene({ tool: 'box' })).effects;
    expect(create).toMatchObject({ kind: 'create', geometry: { kind: 'box', x: 0.9, y: 0.5 } });
    expect(create).toHaveProperty('geometry.width', expect.closeTo(0.1, 9));
  });

  it('makes a line with its direction, and a dot by one click', () => {
    const [line] = run([down(0.5, 0.5), up(0.2, 0.6)], scene({ tool: 'line' })).effects;
    expect(line).toHaveProperty('geometry.u', expect.closeTo(-0.3, 9));
    expect(run([down(0.5, 0.5), up(0.5, 0.5)], scene({ tool: 'dot' })).effects).toEqual([
      { kind: 'create', geometry: { kind: 'dot', x: 0.5, y: 0.5 } },
    ]);
  });

  it('is refused with its reason while the frame is not confirmed', () => {
    expect(run([down(0.5, 0.5), up(0.8, 0.8)], scene({ tool: 'box', enabled: false })).effects).toEqual([
      { kind: 'refuse', why: 'unconfirmed' },
    ]);
  });

  it('closes a polygon on its first point, by Enter, and by a double click without a double vertex', () => {
    const on = scene({ tool: 'poly' });
    const three = [down(0.1, 0.1), down(0.5, 0.1), down(0.5, 0.5)];
    for (const ends of [[down(0.1, 0.1)], [{ kind: 'finish' }], [down(0.5, 0.5), { kind: 'finish' }]]) {
      const { effects, gesture } = run([...three, ...(ends as GestureInput[])], on);
      expect(gesture).toBe(idle);
      expect(effects).toMatchObject([
        {
          kind: 'create',
          geometry: {
            points: [
              [0.1, 0.1],
              [0.5, 0.1],
              [0.5, 0.5],
            ],
          },
        },
      ]);
    }
  });

  it('goes on when a polygon is closed with too few points', () => {
    const { gesture } = run([down(0.1, 0.1), down(0.5, 0.1), { kind: 'finish' }], scene({ tool: 'poly' }));
    expect(gesture).toMatchObject({ kind: 'tracing' });
  });
});

describe('the cursor', () => {
  it('tells what a click will do', () => {
    const selected = shape('small', small);
    const on = scene({ shapes: [selected], selected });
    expect(cursorOf(idle, at(0.4, 0.4), on)).toBe('se-resize');
    expect(cursorOf(idle, at(0.35, 0.35), on)).toBe('move');
    expect(cursorOf(idle, at(0.9, 0.9), on)).toBe('default');
    expect(cursorOf(idle, at(0.9, 0.9), { ...on, tool: 'box' })).toBe('crosshair');
    expect(cursorOf(idle, at(0.9, 0.9), { ...on, tool: 'box', enabled: false })).toBe('not-allowed');
    expect(cursorOf(idle, at(0.4, 0.2), scene({ selected: shape('p', square) }))).toBe('copy');
  });
});
