import type { MediaKey } from '../domain/identity.ts';
import type { Fields } from '../domain/fields.ts';
import { deletedField, sendable } from './merge.ts';
import type { Attempt, EntityState, Place } from './ports.ts';

/** What is to be sent for an entity, as far as it may be sent now. */
export interface Step {
  intent: Attempt['intent'];
  place: Place;
  baseMark: number | null;
  /** The whole content of a create, the changed fields of a patch, nothing of a delete. */
  fields: Fields;
}

/**
 * The next request for an entity, or null: nothing to send, a question is open (conflict, parked,
 * in doubt), or its media is not on the server yet (that holds back only what belongs to it).
 */
export function nextStep(state: EntityState, mediaIds: ReadonlyMap<MediaKey, number>): Step | null {
  const { edit, attempt, conflicts } = state;
  if (edit === null || attempt !== null || edit.maybeSent || edit.status.kind === 'parked') return null;
  if (edit.ref.kind === 'media' || conflicts.some(({ field }) => field === deletedField)) return null;
  const place = { ref: edit.ref, media: edit.media };
  const baseMark = edit.base?.mark ?? null;
  switch (edit.op) {
    case 'create':
      return mediaIds.has(edit.media) ? { intent: 'create', place, baseMark, fields: edit.changes } : null;
    case 'edit': {
      const fields = sendable(edit, conflicts);
      if (edit.base === null || edit.base.deleted || Object.keys(fields).length === 0) return null;
      return { intent: 'patch', place, baseMark, fields };
    }
    case 'delete':
      return edit.base === null || edit.base.deleted
        ? null
        : { intent: 'delete', place, baseMark, fields: {} };
  }
}

/**
 * Whether the entity must be read before the next request: what is in doubt, and what the server
 * would carry out blindly (it checks the mark of a PATCH alone).
 */
export function needsLookup(state: EntityState, mediaIds: ReadonlyMap<MediaKey, number>): boolean {
  if (state.edit?.ref.kind === 'media') return false;
  if (state.attempt !== null) return true;
  const step = nextStep(state, mediaIds);
  return step !== null && (step.intent === 'delete' || (step.intent === 'create' && step.baseMark !== null));
}
