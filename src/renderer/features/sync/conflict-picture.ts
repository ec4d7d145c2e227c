import type { Json } from '../../../base/json.ts';
import type { Geometry } from '../../../domain/geometry.ts';
import type { MediaKey } from '../../../domain/identity.ts';
import type { Conflict, Edit } from '../../../sync/ports.ts';
import { DELETED_FIELD } from './field-label.ts';
import { geometryFrom } from './geometry-summary.ts';

/** What the picture of a conflict shows: where to look, and the shapes over it. */
export interface ConflictPicture {
  media: MediaKey;
  /** Null where the conflict is about no frame (the media itself). */
  frame: number | null;
  shapes: { side: 'base' | 'mine' | 'theirs'; geometry: Geometry }[];
}

/**
 * Of a conflict about the shape all three; of one about a value the shape as the user sees it; of one
 * about a deletion the shape that one side has kept.
 */
export function conflictPicture(conflict: Conflict, edit: Edit | null): ConflictPicture {
  const { media, field } = conflict;
  const frame = frameOf(edit);
  if (field === 'geometry') {
    const sides = (['base', 'theirs', 'mine'] as const).flatMap((side) => shape(side, conflict[side]));
    return { media, frame, shapes: sides };
  }
  const before = edit?.base?.fields.geometry ?? null;
  const mine = edit?.changes.geometry ?? before;
  if (field !== DELETED_FIELD) return { media, frame, shapes: shape('mine', mine) };
  return { media, frame, shapes: conflict.mine === true ? shape('theirs', before) : shape('mine', mine) };
}

function frameOf(edit: Edit | null): number | null {
  const frame = edit?.changes.frame ?? edit?.base?.fields.frame;
  return typeof frame === 'number' ? frame : null;
}

function shape(side: 'base' | 'mine' | 'theirs', value: Json): ConflictPicture['shapes'] {
  const geometry = geometryFrom(value);
  return geometry === null || geometry.kind === 'none' ? [] : [{ side, geometry }];
}
