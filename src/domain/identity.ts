/**
 * Identity of what a person annotates. `elemental_id` + version is the identity of an annotation
 * everywhere; row ids and marks are the server's metadata and never identify anything here.
 */
export type EntityKind = 'localization' | 'state' | 'media' | CatalogKind;

/** What belongs to a project as a whole and people change as well; it has neither marks nor tombstones. */
export type CatalogKind = 'section' | 'version' | 'leaf' | 'bookmark' | 'favorite';

export const catalogKinds: readonly CatalogKind[] = ['section', 'version', 'leaf', 'bookmark', 'favorite'];

export function isCatalogKind(kind: EntityKind): kind is CatalogKind {
  return (catalogKinds as readonly EntityKind[]).includes(kind);
}

/**
 * A UUID (version 4, lower case), chosen on the device that makes the object. Of what a server keeps
 * without one: the UUID that it was made under here, or `id:<row id>`.
 */
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
  return media.elemental_id ?? keyOfRow(media.id);
}

/** A key for what a server gave no elemental id. */
export function keyOfRow(id: number): string {
  return `id:${id}`;
}

/** Where the entities of a project's catalog, and the history of what is done to them, are kept. */
export function projectHome(projectId: number): MediaKey {
  return `${HOME}${projectId}`;
}

/** The project of a home; null for a media. */
export function projectOfHome(home: MediaKey): number | null {
  return home.startsWith(HOME) ? Number(home.slice(HOME.length)) : null;
}

const HOME = 'project:';

export function catalogRef(kind: CatalogKind, key: string): EntityRef {
  return { kind, version: 0, elementalId: key };
}
