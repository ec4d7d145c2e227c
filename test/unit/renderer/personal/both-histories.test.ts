import { describe, expect, it } from 'vitest';
import { bothHistories } from '../../../../src/renderer/views/both-histories.ts';

const none = { undo: null, redo: null };
const step = (label: string, order: number) => ({ label, order });

describe('undo and redo in the editor', () => {
  it('take back the newest step, be it of the media or a bookmark', () => {
    const media = { undo: step('history.move', 5), redo: null };
    expect(bothHistories(media, { undo: step('history.newBookmark', 6), redo: null }).undo).toEqual({
      ...step('history.newBookmark', 6),
      ofProject: true,
    });
    expect(bothHistories(media, { undo: step('history.newBookmark', 4), redo: null }).undo).toEqual({
      ...step('history.move', 5),
      ofProject: false,
    });
  });

  it('do again the oldest of what was taken back', () => {
    const media = { undo: null, redo: step('history.move', 5) };
    expect(bothHistories(media, { undo: null, redo: step('history.newFavorite', 4) }).redo?.ofProject).toBe(
      true,
    );
    expect(bothHistories(media, { undo: null, redo: step('history.newFavorite', 6) }).redo?.ofProject).toBe(
      false,
    );
  });

  it('leave what was done to sections to the library', () => {
    const project = { undo: step('history.newSection', 9), redo: step('history.moveToSection', 10) };
    expect(bothHistories(none, project)).toEqual(none);
    expect(bothHistories(none, none)).toEqual(none);
  });
});
