import { attributeName } from '../../../domain/fields.ts';
import { syncStrings } from '../../strings/sync.en.ts';

/** A conflict over whether the entity exists at all; see `Conflict` in `sync/ports.ts`. */
export const DELETED_FIELD = '$deleted';

/** A key of `Fields`, or `$deleted`, as the user knows it. Attributes have the project's own names. */
export function fieldLabel(field: string): string {
  const t = syncStrings.fields;
  switch (field) {
    case 'geometry':
      return t.geometry;
    case 'frame':
      return t.frame;
    case 'localizations':
      return t.localizations;
    case 'media':
      return t.media;
    case 'name':
      return t.name;
    case 'section_id':
      return t.section;
    case 'visible':
      return t.visible;
    case 'description':
      return t.description;
    case 'show_empty':
      return t.showEmpty;
    case 'parent':
      return t.parent;
    case 'uri':
      return t.uri;
    case DELETED_FIELD:
      return t.deleted;
    default:
      return attributeName(field) ?? field;
  }
}
