import type { Bookmark } from '../../../domain/entity-types.ts';
import { catalogRef, entityKey, type EntityKey, type MediaKey } from '../../../domain/identity.ts';
import { localUri, parseUri, serverUri } from '../../../domain/place-uri.ts';
import type { EntitySync } from '../../../store/types.ts';

/** What has to be known of a media to go to a place in it. */
export interface BookmarkedMedia {
  key: MediaKey;
  serverId: number | null;
  name: string;
  /** Its file is on this device. */
  playable: boolean;
}

/** A bookmark in the list; `media` is null where it leads to no media that this project has. */
export interface BookmarkRow {
  key: string;
  name: string;
  uri: string;
  media: BookmarkedMedia | null;
  /** 0 where the bookmark names only the media. */
  frame: number;
  sync: EntitySync;
}

export interface BookmarkSources {
  bookmarks: readonly Bookmark[];
  sync: ReadonlyMap<EntityKey, EntitySync>;
  medias: readonly BookmarkedMedia[];
  /** Address of the account's server; null while it is not known. */
  server: string | null;
}

/** By media and frame; those that lead elsewhere come last. */
export function bookmarkRows({ bookmarks, sync, medias, server }: BookmarkSources): BookmarkRow[] {
  const byKey = new Map(medias.map((media) => [media.key, media]));
  const byId = new Map(medias.flatMap((media) => (media.serverId === null ? [] : [[media.serverId, media]])));
  const rows = bookmarks.map(({ key, name, uri }): BookmarkRow => {
    const place = isOfServer(uri, server) ? parseUri(uri) : null;
    const named = place?.media;
    const media =
      named === undefined ? null : 'key' in named ? byKey.get(named.key) : byId.get(named.serverId);
    const standing = sync.get(entityKey(catalogRef('bookmark', key))) ?? 'synced';
    return { key, name, uri, media: media ?? null, frame: place?.frame ?? 0, sync: standing };
  });
  return rows.toSorted(compareRows);
}

const natural = new Intl.Collator(undefined, { numeric: true });

function compareRows(a: BookmarkRow, b: BookmarkRow): number {
  if (a.media === null || b.media === null)
    return Number(a.media === null) - Number(b.media === null) || natural.compare(a.name, b.name);
  return (
    natural.compare(a.media.name, b.media.name) ||
    natural.compare(a.media.key, b.media.key) ||
    a.frame - b.frame ||
    natural.compare(a.name, b.name)
  );
}

/** The same row id means another media on another server. */
function isOfServer(uri: string, server: string | null): boolean {
  const host = hostOf(uri);
  return host === null || (server !== null && host === hostOf(server));
}

/** Of a whole address; null for one that is relative or of our own scheme. */
function hostOf(uri: string): string | null {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1]?.toLowerCase() ?? null;
}

/** The place as it can be kept now: a media that no server has yet is named by its key. */
export function uriOf(
  { key, serverId }: Pick<BookmarkedMedia, 'key' | 'serverId'>,
  { projectId, frame }: { projectId: number; frame: number },
): string {
  return serverId === null ? localUri(key, frame) : serverUri(projectId, { id: serverId, frame });
}
