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
  /**
   * Version (annotation layer) id of the server, or `localVersion` of one that no server has yet; 0 for
   * media, which have no version.
   */
  version: number;
  elementalId: ElementalId;
}

/** The reference as one string, usable as a database key: `localization/3/<uuid>`. */
export type EntityKey = string;

export function entityKey(ref: EntityRef): EntityKey {
  return `${ref.kind}/${ref.version}/${ref.elementalId}`;
}

/** What the entity keys of medias begin with. */
export const mediaKeyPrefix = 'media/';

/** The media of an entity key; null where it is that of something else. */
export function mediaOfKey(key: EntityKey): MediaKey | null {
  return key.startsWith(mediaKeyPrefix) ? key.slice(key.lastIndexOf('/') + 1) : null;
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

/**
 * Stands for a version that no server has yet: negative, so that it is never a row id, and the same for
 * the same key at all times, so that a recovered annotation finds its version again.
 */
export function localVersion(key: string): number {
  let hash = 0;
  // Below 2^45 after each step: exact in a double, and two of a project's keys never meet in practice.
  for (const character of key) hash = (hash * 131 + (character.codePointAt(0) ?? 0)) % LARGE_PRIME;
  return -1 - hash;
}

/** The largest prime below 2^45. */
const LARGE_PRIME = 35_184_372_088_777;

export function isLocalVersion(version: number): boolean {
  return version < 0;
}

/** The elemental id in the key of an entity of a version that no server had when the key was made; else null. */
export function elementalIdInLocal(key: EntityKey): ElementalId | null {
  return /^[a-z]+\/-\d+\/(.+)$/.exec(key)?.[1] ?? null;
}

/** How annotations name a version: by its row id as soon as it has one. */
export function versionOf({ id, key }: { id: number; key: string }): number {
  return id === 0 ? localVersion(key) : id;
}
