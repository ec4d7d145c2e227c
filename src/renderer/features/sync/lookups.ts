import type { Fields } from '../../../domain/fields.ts';
import type { EntityKey, EntityRef, MediaKey } from '../../../domain/identity.ts';

/** Names for what edits and conflicts mention by key; the catalogue and the views know them. */
export interface Lookups {
  /** Name of the media; null where this device does not know it. */
  mediaName(media: MediaKey): string | null;
  /** Name of the entity's type, e.g. `Box`; null where it is unknown. */
  typeName(ref: EntityRef, type: number): string | null;
  /** What the entity is called, of an annotation e.g. its species; null where it has no name. */
  label(entity: { key: EntityKey; ref: EntityRef; type: number; fields: Fields }): string | null;
  /** Display name of a user of the server; null where it is unknown. */
  userName(user: number): string | null;
}
