import { describe, expect, it } from 'vitest';
import type { Point } from '../../../src/domain/geometry.ts';
import type { Shape } from '../../../src/renderer/editor/shape.ts';
import { isBusy, startOf, stepTool, toolOf } from '../../../src/renderer/editor/tools/machine.ts';
import type { ToolEffect, ToolEvent, ToolScene, ToolState } from '../../../src/renderer/editor/tools/tool.ts';

const big: Shape = {
  key: 'big',
  geometry: { kind: 'box', x: 0.1, y: 0.1, width: 0.8, height: 0.8 },
  colour: '#fff',
  lineWidth: 2,
};
const small: Shape = {
  ...big,
  key: 'small',
  geometry: { kind: 'box', x: 0.4, y: 0.4, width: 0.2, height: 0.2 },
};
const poly: Shape = {
  ...big,
  key: 'poly',
  geometry: {
    kind: 'poly',
    points: [
      [0, 0],
      [0.5, 0],
      [0.5, 0.5],
    ],
  },
};
const empty: ToolScene = {
  shapes: [],
  selected: null,
  reach: { x: 0.02, y: 0.02 },
  slack: { x: 0.01, y: 0.01 },
};

const at = (kind: 'down' | 'move' | 'up', x: number, y: number): ToolEvent => ({ kind, point: { x, y } });

function play(
  state: ToolState,
  events: ToolEvent[],
  scene = empty,
): { state: ToolState; effects: ToolEffect[] } {
  const effects: ToolEffect[] = [];
  for (const event of events) {
    const step = stepTool(state, event, scene);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

const last = (effects: ToolEffect[]): ToolEffect | undefined => effects.at(-1);
const drag = (from: Point, to: Point): ToolEvent[] => [
  at('down', from.x, from.y),
  at('move', (from.x + to.x) / 2, (from.y + to.y) / 2),
  at('up', to.x, to.y),
];

describe('the box tool', () => {
  it('makes a box from a drag and hands over to the select tool', () => {
    const { state, effects } = play(startOf('box'), drag({ x: 0.25, y: 0.25 }, { x: 0.75, y: 0.5 }));
    const geometry = { kind: 'box', x: 0.25, y: 0.25, width: 0.5, height: 0.25 };
    expect(last(effects)).toEqual({ kind: 'create', geometry });
    expect(state).toEqual({ name: 'select.idle' });
  });

  it('makes nothing of a click and stays ready', () => {
    const { state, effects } = play(startOf('box'), [at('down', 0.5, 0.5), at('up', 0.501, 0.5)]);
    expect(effects.some(({ kind }) => kind === 'create')).toBe(false);
    expect(last(effects)).toEqual({ kind: 'too-small' });
    expect(toolOf(state)).toBe('box');
  });

  it('gives up the drag on Esc, and the tool on the next', () => {
    const dragging = play(startOf('box'), [at('down', 0.1, 0.1), at('move', 0.5, 0.5)]).state;
    expect(isBusy(dragging)).toBe(true);
    const first = play(dragging, [{ kind: 'cancel' }]);
    expect(first).toEqual({ state: { name: 'box.idle' }, effects: [{ kind: 'preview', geometry: null }] });
    expect(play(first.state, [{ kind: 'cancel' }]).state).toEqual({ name: 'select.idle' });
  });

  it('clamps a drag that ends outside of the picture', () => {
    const { effects } = play(startOf('box'), drag({ x: 0.5, y: 0.5 }, { x: 1.5, y: 2 }));
    expect(last(effects)).toEqual({
      kind: 'create',
      geometry: { kind: 'box', x: 0.5, y: 0.5, width: 0.5, height: 0.5 },
    });
  });
});

describe('line and dot', () => {
  it('draws a line as a start and a vector', () => {
    const { effects } = play(startOf('line'), drag({ x: 0.75, y: 0.5 }, { x: 0.25, y: 0.75 }));
    expect(last(effects)).toEqual({
      kind: 'create',
      geometry: { kind: 'line', x: 0.75, y: 0.5, u: -0.5, v: 0.25 },
    });
  });

  it('sets a dot with one press', () => {
    const { state, effects } = play(startOf('dot'), [at('down', 0.3, -0.2)]);
    expect(effects).toEqual([{ kind: 'create', geometry: { kind: 'dot', x: 0.3, y: 0 } }]);
    expect(state.name).toBe('select.idle');
  });
});

describe('the polygon tool', () => {
  const three = [at('down', 0.1, 0.1), at('down', 0.5, 0.1), at('down', 0.5, 0.5)];
  const triangle = {
    kind: 'poly',
    points: [
      [0.1, 0.1],
      [0.5, 0.1],
      [0.5, 0.5],
    ],
  };

  it('closes on Enter', () => {
    expect(last(play(startOf('poly'), [...three, { kind: 'finish' }]).effects)).toEqual({
      kind: 'create',
      geometry: triangle,
    });
  });

  it('closes on its first point', () => {
    expect(last(play(startOf('poly'), [...three, at('down', 0.11, 0.1)]).effects)).toEqual({
      kind: 'create',
      geometry: triangle,
    });
  });

  it('does not count the second press of a double click as a point', () => {
    const { effects } = play(startOf('poly'), [...three, at('down', 0.501, 0.5), { kind: 'finish' }]);
    expect(last(effects)).toEqual({ kind: 'create', geometry: triangle });
  });

  it('makes nothing of two points', () => {
    const { state, effects } = play(startOf('poly'), [...three.slice(0, 2), { kind: 'finish' }]);
    expect(last(effects)).toEqual({ kind: 'too-small' });
    expect(state.name).toBe('poly.idle');
  });
});

describe('the select tool', () => {
  it('selects the smallest shape under the pointer, whatever the paint order', () => {
    for (const shapes of [
      [big, small],
      [small, big],
    ]) {
      const { effects } = play(startOf('select'), [at('down', 0.5, 0.5), at('up', 0.5, 0.5)], {
        ...empty,
        shapes,
      });
      expect(effects).toEqual([{ kind: 'select', key: 'small' }]);
    }
  });

  it('moves what it pressed, once the pointer has really moved', () => {
    const { effects } = play(startOf('select'), drag({ x: 0.5, y: 0.5 }, { x: 0.6, y: 0.5 }), {
      ...empty,
      shapes: [small],
    });
    expect(last(effects)).toMatchObject({ kind: 'update', key: 'small', adjustment: 'move' });
  });

  it('resizes by a handle of the selected shape, without a jump to the pointer', () => {
    const scene = { ...empty, shapes: [small], selected: small };
    const { effects } = play(startOf('select'), drag({ x: 0.61, y: 0.6 }, { x: 0.71, y: 0.7 }), scene);
    const effect = last(effects);
    expect(effect).toMatchObject({ kind: 'update', adjustment: 'resize' });
    const geometry = effect?.kind === 'update' && effect.geometry.kind === 'box' ? effect.geometry : null;
    expect(geometry?.width).toBeCloseTo(0.3);
    expect(geometry?.height).toBeCloseTo(0.3);
  });

  it('moves a vertex of the selected polygon', () => {
    const scene = { ...empty, shapes: [poly], selected: poly };
    const { effects } = play(startOf('select'), drag({ x: 0.5, y: 0.5 }, { x: 0.7, y: 0.6 }), scene);
    expect(last(effects)).toMatchObject({ kind: 'update', adjustment: 'vertex' });
  });

  it('puts a shape back that was resized to nothing', () => {
    const scene = { ...empty, shapes: [small], selected: small };
    const { effects } = play(startOf('select'), drag({ x: 0.6, y: 0.5 }, { x: 0.4, y: 0.5 }), scene);
    expect(effects.some(({ kind }) => kind === 'update')).toBe(false);
    expect(last(effects)).toEqual({ kind: 'too-small' });
  });

  it('selects nothing where nothing is', () => {
    const { effects } = play(startOf('select'), [at('down', 0.95, 0.05)], { ...empty, shapes: [small] });
    expect(effects).toEqual([{ kind: 'select', key: null }]);
  });
});
