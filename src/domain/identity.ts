/**
 * Identity of what a person annotates. `elemental_id` + version is the identity of an annotation
 * everywhere; row ids and marks are the server's metadata and never identify anything here.
 */
export type EntityKind = 'localization' | 'state' | 'media';

/** A UUID (version 4, lower case), chosen on the device that makes the object. */
export type ElementalId = string;

/**
 * Identity of a media on this device: its elemental id, or `id:<row id>` for a media of a server
 * that never gave it one.
 */
export type MediaKey = string;

export interface EntityRef {
  kind: EntityKind;
  /** Version (annotation layer) id of the server; 0 for media, which have no version. */
  version: number;
  elementalId: ElementalId;
}

/** The reference as one string, usable as a database key: `localization/3/<uuid>`. */
export type EntityKey = string;

export function entityKey(ref: EntityRef): EntityKey {
  return `${ref.kind}/${ref.version}/${ref.elementalId}`;
}

export function mediaKeyOf(media: { id: number; elemental_id?: string | null }): MediaKey {
  return media.elemental_id ?? `id:${media.id}`;
}
