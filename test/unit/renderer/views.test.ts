import { describe, expect, it } from 'vitest';
import {
  zoomAt,
  panBy,
  pictureRect,
  toRelative,
  toWindow,
  type View,
} from '../../../src/renderer/editor/view-transform.ts';
import { densityOf } from '../../../src/renderer/features/timeline/density.ts';
import { timecode } from '../../../src/renderer/player/timecode.ts';
import { en } from '../../../src/renderer/strings/en.ts';
import { plural, t, textOf } from '../../../src/renderer/strings/t.ts';
import { commandOf } from '../../../src/renderer/views/editor-keys.ts';
import { formatRoute, parseRoute, type Route } from '../../../src/renderer/views/route.ts';

const view: View = {
  width: 1000,
  height: 1000,
  media: { width: 1920, height: 1080 },
  zoom: 1,
  panX: 0,
  panY: 0,
};
const plain = { shift: false, control: false, alt: false };

describe('addresses', () => {
  it.each<Route>([
    { view: 'library', projectId: null },
    { view: 'library', projectId: 4 },
    { view: 'editor', projectId: 4, mediaKey: 'id:17' },
    { view: 'editor', projectId: 4, mediaKey: 'id:17', frame: 120 },
    { view: 'settings' },
  ])('come back as they were written: %j', (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it('that mean nothing are the library', () => {
    expect(parseRoute('#/media/x/')).toEqual({ view: 'library', projectId: null });
  });
});

describe('the picture in its window', () => {
  it('is letterboxed and centred', () => {
    const { left, top, width, height } = pictureRect(view);
    expect(left).toBeCloseTo(0);
    expect(top).toBeCloseTo(218.75);
    expect(width).toBeCloseTo(1000);
    expect(height).toBeCloseTo(562.5);
  });

  it('maps there and back', () => {
    const rect = pictureRect({ ...view, zoom: 3, panX: 40, panY: -20 });
    const there = toWindow(rect, { x: 0.3, y: 0.7 });
    expect(toRelative(rect, there).x).toBeCloseTo(0.3);
    expect(toRelative(rect, there).y).toBeCloseTo(0.7);
  });

  it('keeps what is under the pointer while it zooms', () => {
    const near = zoomAt({ ...view, zoom: 4 }, { x: 400, y: 450 }, 2);
    const before = toRelative(pictureRect({ ...view, zoom: 4 }), { x: 400, y: 450 });
    const after = toRelative(pictureRect(near), { x: 400, y: 450 });
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });

  it('cannot be lost by panning, nor zoomed smaller than the window', () => {
    const { panX, panY } = panBy(view, 5000, 5000);
    expect(panX).toBeCloseTo(0);
    expect(panY).toBeCloseTo(0);
    expect(zoomAt(view, { x: 0, y: 0 }, 0.01).zoom).toBe(1);
  });
});

describe('keys of the editor', () => {
  it('step by one, and by ten with Shift', () => {
    expect(commandOf({ key: 'ArrowRight', ...plain }, false)).toEqual({ kind: 'step', by: 1 });
    expect(commandOf({ key: 'ArrowLeft', ...plain, shift: true }, false)).toEqual({ kind: 'step', by: -10 });
  });

  it('undo and redo in both customs', () => {
    expect(commandOf({ key: 'z', ...plain, control: true }, false)).toEqual({ kind: 'undo' });
    expect(commandOf({ key: 'Z', ...plain, control: true, shift: true }, false)).toEqual({ kind: 'redo' });
    expect(commandOf({ key: 'y', ...plain, control: true }, false)).toEqual({ kind: 'redo' });
  });

  it('take L as the line tool in rest and as forward in play', () => {
    expect(commandOf({ key: 'l', ...plain }, false)).toEqual({ kind: 'tool', tool: 'line' });
    expect(commandOf({ key: 'l', ...plain }, true)).toEqual({ kind: 'forward' });
  });

  it('leave the combinations of the browser alone', () => {
    expect(commandOf({ key: 'b', ...plain, control: true }, false)).toBeNull();
    expect(commandOf({ key: 'ArrowLeft', ...plain, alt: true }, false)).toBeNull();
  });
});

describe('the timeline', () => {
  it('puts the first frame at its left end and the last at its right', () => {
    expect([...densityOf([0, 0, 31], 32, 10)]).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect([...densityOf([0], 1, 3)]).toEqual([1, 0, 0]);
  });

  it('writes times to the millisecond', () => {
    expect(timecode(0.2)).toBe('00:00.200');
    expect(timecode(3723.0456)).toBe('1:02:03.046');
  });
});

describe('texts', () => {
  it('have both plural forms wherever they have one', () => {
    const ones = Object.keys(en).filter((key) => key.endsWith('.one'));
    expect(ones.length).toBeGreaterThan(0);
    for (const key of ones) expect(Object.hasOwn(en, key.replace(/one$/, 'other'))).toBe(true);
  });

  it('are never empty and have their names filled in', () => {
    for (const text of Object.values(en)) expect(text.length).toBeGreaterThan(0);
    expect(t('library.open', { name: 'dive.mp4' })).toBe('Open dive.mp4');
    expect(plural('media.frames', 1)).toBe('1 frame');
    expect(plural('media.frames', 12000)).toBe('12,000 frames');
  });

  it('of stored labels that are unknown fall back', () => {
    expect(textOf('history.move', 'history.other')).toBe('Move');
    expect(textOf('history.from-the-future', 'history.other')).toBe('Edit');
  });
});
