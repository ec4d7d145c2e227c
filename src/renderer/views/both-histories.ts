import type { HistoryState, HistoryStep } from '../../store/types.ts';

/** A step that undo or redo would take in the editor, and in whose history it stands. */
export type EditorStep = HistoryStep & { ofProject: boolean };

export interface EditorHistory {
  undo: EditorStep | null;
  redo: EditorStep | null;
}

/** Steps on the project that are made in the editor; those on its sections belong to the library. */
const madeHere: ReadonlySet<string> = new Set([
  'history.newLayer',
  'history.changeLayer',
  'history.deleteLayer',
  'history.newBookmark',
  'history.renameBookmark',
  'history.deleteBookmark',
  'history.newFavorite',
  'history.renameFavorite',
  'history.deleteFavorite',
]);

/**
 * The history of a media and that of its project as the one that its user has in mind: undo takes the
 * newest step of both, redo the oldest of those that were undone.
 */
export function bothHistories(media: HistoryState, project: HistoryState): EditorHistory {
  return {
    undo: chosen(media.undo, project.undo, (a, b) => a.order > b.order),
    redo: chosen(media.redo, project.redo, (a, b) => a.order < b.order),
  };
}

function chosen(
  media: HistoryStep | null,
  project: HistoryStep | null,
  goesFirst: (a: HistoryStep, b: HistoryStep) => boolean,
): EditorStep | null {
  const other = project !== null && madeHere.has(project.label) ? project : null;
  if (media === null && other === null) return null;
  if (other !== null && (media === null || goesFirst(other, media))) return { ...other, ofProject: true };
  return media === null ? null : { ...media, ofProject: false };
}
