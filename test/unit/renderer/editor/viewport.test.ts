import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fitted,
  panBy,
  pictureRect,
  toRelative,
  toStage,
  zoomAt,
  type Viewport,
} from '../../../../src/renderer/editor/viewport.ts';

const start: Viewport = {
  stage: { width: 900, height: 600 },
  picture: { width: 640, height: 360 },
  zoom: 1,
  panX: 0,
  panY: 0,
};

describe('the viewport', () => {
  it('letterboxes a wide picture above and below, a tall one at its sides', () => {
    expect(pictureRect(start)).toEqual({ x: 0, y: 46.875, width: 900, height: 506.25 });
    expect(pictureRect({ ...start, picture: { width: 300, height: 600 } })).toEqual({
      x: 300,
      y: 0,
      width: 300,
      height: 600,
    });
  });

  it('turns any point of the stage into a relative one and back', () => {
    const coordinate = fc.double({ min: -100, max: 1000, noNaN: true });
    fc.assert(
      fc.property(coordinate, coordinate, fc.double({ min: 1, max: 40, noNaN: true }), (x, y, factor) => {
        const rect = pictureRect(zoomAt(start, { x: 300, y: 200 }, factor));
        const back = toStage(rect, toRelative(rect, { x, y }));
        expect(back.x).toBeCloseTo(x, 6);
        expect(back.y).toBeCloseTo(y, 6);
      }),
    );
  });

  it('keeps the point below the pointer where it is while zooming', () => {
    const at = { x: 640, y: 380 };
    const anchor = toRelative(pictureRect(start), at);
    const zoomed = zoomAt(zoomAt(start, at, 1.7), at, 2.1);
    expect(toStage(pictureRect(zoomed), anchor).x).toBeCloseTo(at.x, 6);
    expect(toStage(pictureRect(zoomed), anchor).y).toBeCloseTo(at.y, 6);
  });

  it('does not pan what fits, and never loses a zoomed picture', () => {
    expect(panBy(start, 50, 50)).toEqual(start);
    const far = pictureRect(panBy(zoomAt(start, { x: 450, y: 300 }, 4), 1e6, -1e6));
    expect(far.x).toBeLessThan(900);
    expect(far.y + far.height).toBeGreaterThan(0);
  });

  it('fits again', () => {
    expect(fitted(panBy(zoomAt(start, { x: 1, y: 1 }, 9), 30, 30))).toEqual(start);
  });
});
