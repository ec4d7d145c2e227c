import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundsOf,
  boxBetween,
  dragHandle,
  handleAt,
  handlesOf,
  hits,
  isDegenerate,
  lineBetween,
  moveVertex,
  polyThrough,
  resizeBox,
  translate,
  verticesOf,
  type Box,
  type Geometry,
} from '../../../src/domain/geometry.ts';

const tolerance = { x: 0.01, y: 0.02 };
const box: Box = { kind: 'box', x: 0.2, y: 0.3, width: 0.4, height: 0.2 };
const point = fc.record({
  x: fc.double({ min: -2, max: 3, noNaN: true }),
  y: fc.double({ min: -2, max: 3, noNaN: true }),
});
const shape: fc.Arbitrary<Geometry> = fc.oneof(
  fc.tuple(point, point).map(([a, b]) => boxBetween(a, b)),
  fc.tuple(point, point).map(([a, b]) => lineBetween(a, b)),
  fc.array(point, { minLength: 3, maxLength: 8 }).map((points) => polyThrough(points)),
);

function expectInside(geometry: Geometry): void {
  for (const { x, y } of verticesOf(geometry)) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(y).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThanOrEqual(1 + 1e-12);
    expect(y).toBeLessThanOrEqual(1 + 1e-12);
  }
}

describe('bounds', () => {
  it('spans a line that runs up and to the left', () => {
    const bounds = boundsOf({ kind: 'line', x: 0.5, y: 0.5, u: -0.25, v: -0.5 });
    expect(bounds).toEqual({ x: 0.25, y: 0, width: 0.25, height: 0.5 });
  });

  it('has none for an annotation that is not drawn yet, nor for a polygon without points', () => {
    expect(boundsOf({ kind: 'none' })).toBeNull();
    expect(boundsOf({ kind: 'poly', points: [] })).toBeNull();
  });
});

describe('drawing', () => {
  it('gives the same box whichever corner the drag began at', () => {
    expect(boxBetween({ x: 0.6, y: 0.1 }, { x: 0.2, y: 0.4 })).toEqual(
      boxBetween({ x: 0.2, y: 0.4 }, { x: 0.6, y: 0.1 }),
    );
  });

  it('never leaves the frame', () => {
    fc.assert(fc.property(shape, (geometry) => expectInside(geometry)));
  });

  it('takes a slip of the pointer for nothing, but a flat line and a dot for meant', () => {
    expect(isDegenerate(boxBetween({ x: 0.5, y: 0.5 }, { x: 0.9, y: 0.505 }), tolerance)).toBe(true);
    expect(isDegenerate(lineBetween({ x: 0.5, y: 0.5 }, { x: 0.9, y: 0.5 }), tolerance)).toBe(false);
    expect(isDegenerate({ kind: 'dot', x: 0, y: 0 }, tolerance)).toBe(false);
    expect(
      isDegenerate(
        polyThrough([
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ]),
        tolerance,
      ),
    ).toBe(true);
  });
});

describe('moving', () => {
  it('stops at the edge and keeps the size', () => {
    expect(translate(box, 5, -5)).toEqual({ kind: 'box', x: 0.6, y: 0, width: 0.4, height: 0.2 });
  });

  it('keeps every shape inside and its size unchanged', () => {
    fc.assert(
      fc.property(shape, point, (geometry, { x, y }) => {
        const moved = translate(geometry, x, y);
        expectInside(moved);
        expect(boundsOf(moved)?.width).toBeCloseTo(boundsOf(geometry)?.width ?? -1, 9);
        expect(boundsOf(moved)?.height).toBeCloseTo(boundsOf(geometry)?.height ?? -1, 9);
      }),
    );
  });
});

describe('resizing', () => {
  it('moves only the sides that the handle names', () => {
    expect(resizeBox(box, 'e', { x: 0.9, y: 0.99 })).toMatchObject({ x: 0.2, y: 0.3, height: 0.2 });
    expect(resizeBox(box, 'nw', { x: 0.1, y: 0.1 }).width).toBeCloseTo(0.5);
  });

  it('turns over when a side is dragged past the other', () => {
    const turned = resizeBox(box, 'w', { x: 0.9, y: 0.5 });
    expect(turned.x).toBeCloseTo(0.6);
    expect(turned.width).toBeCloseTo(0.3);
  });

  it('moves one vertex of a polygon and leaves the others', () => {
    const poly = polyThrough([
      { x: 0, y: 0 },
      { x: 0.5, y: 0 },
      { x: 0.5, y: 0.5 },
    ]);
    expect(moveVertex(poly, 1, { x: 2, y: 0.2 })).toEqual({
      kind: 'poly',
      points: [
        [0, 0],
        [1, 0.2],
        [0.5, 0.5],
      ],
    });
    expect(moveVertex(poly, 7, { x: 1, y: 1 })).toBe(poly);
  });

  it('moves the end of a line by its vector', () => {
    const line = dragHandle({ kind: 'line', x: 0.25, y: 0.25, u: 0.25, v: 0 }, 'v1', { x: 0.75, y: 0.75 });
    expect(line).toEqual({ kind: 'line', x: 0.25, y: 0.25, u: 0.5, v: 0.5 });
  });
});

describe('hits', () => {
  it('finds a box anywhere inside and a little outside', () => {
    expect(hits(box, { x: 0.4, y: 0.4 }, tolerance)).toBe(true);
    expect(hits(box, { x: 0.195, y: 0.29 }, tolerance)).toBe(true);
    expect(hits(box, { x: 0.18, y: 0.4 }, tolerance)).toBe(false);
  });

  it('finds a line only near itself, not everywhere in its bounds', () => {
    const line = lineBetween({ x: 0.1, y: 0.1 }, { x: 0.9, y: 0.9 });
    expect(hits(line, { x: 0.5, y: 0.505 }, tolerance)).toBe(true);
    expect(hits(line, { x: 0.8, y: 0.2 }, tolerance)).toBe(false);
  });

  it('finds a polygon inside, and not in the notch that its bounds cover', () => {
    const notched = polyThrough([
      { x: 0, y: 0 },
      { x: 1, y: 0 },
      { x: 0.5, y: 0.5 },
      { x: 1, y: 1 },
      { x: 0, y: 1 },
    ]);
    expect(hits(notched, { x: 0.2, y: 0.5 }, tolerance)).toBe(true);
    expect(hits(notched, { x: 0.8, y: 0.5 }, tolerance)).toBe(false);
  });

  it('prefers the corner where handles of a small box overlap', () => {
    const small: Box = { kind: 'box', x: 0.5, y: 0.5, width: 0.01, height: 0.01 };
    expect(handleAt(small, { x: 0.5, y: 0.5 }, tolerance)?.id).toBe('nw');
    expect(handleAt(box, { x: 0.9, y: 0.9 }, tolerance)).toBeNull();
    expect(handlesOf(box)).toHaveLength(8);
  });
});
