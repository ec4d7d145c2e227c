import { isMediaField } from '../domain/media-fields.ts';
import { rebase, type MergeContext } from './merge.ts';
import { parked, settleShown } from './markless.ts';
import type { EntityState, Revision, ServerRow } from './ports.ts';

/** What becomes of the user's work on a media when the server shows `row`; `answered`: right after a yes. */
export function settleMedia(
  state: EntityState,
  row: ServerRow,
  { answered, ...context }: MergeContext & { answered: boolean; lateFor: number },
): Revision {
  const { edit } = state;
  if (row.deleted) return edit === null ? {} : { ...parked(edit, goneReason, context), attempt: null };
  if (edit === null) return { ...rebase(state, row, context), attempt: null };
  if (edit.op === 'delete') return { attempt: null };
  return settleShown({ ...state, edit }, row, { ...context, answered, isField: isMediaField });
}

const goneReason = 'The server no longer has this media.';
