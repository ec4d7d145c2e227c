import type { MediaKey } from './identity.ts';

/*
 * A bookmark is a URI. Tator's own pages use `/<project>/annotation/<media id>?frame=<n>`, so a bookmark of
 * ours opens there as well. A media that no server has yet has no such id: until it has one, its bookmark
 * says `tidemark:media/<key>?frame=<n>`.
 */

export interface Place {
  media: { key: MediaKey } | { serverId: number };
  frame: number | null;
}

const SCHEME = 'tidemark:media/';

export function localUri(key: MediaKey, frame: number): string {
  return `${SCHEME}${encodeURIComponent(key)}?frame=${frame}`;
}

export function serverUri(projectId: number, { id, frame }: { id: number; frame: number | null }): string {
  return `/${projectId}/annotation/${id}${frame === null ? '' : `?frame=${frame}`}`;
}

/** The place that a bookmark means; null for a URI that is none of a media. */
export function parseUri(uri: string): Place | null {
  const frame = /[?&]frame=(\d{1,9})(?:&|$)/.exec(uri)?.[1];
  const at = { frame: frame === undefined ? null : Number(frame) };
  const local = uri.startsWith(SCHEME) ? /^[^?#]+/.exec(uri.slice(SCHEME.length))?.[0] : undefined;
  if (local !== undefined) return { media: { key: decoded(local) }, ...at };
  const id = /\/\d+\/annotation\/(\d{1,15})(?:[?#]|$)/.exec(uri)?.[1];
  return id === undefined ? null : { media: { serverId: Number(id) }, ...at };
}

/** Names a media that no server had when it was written. */
export function isLocalUri(uri: unknown): uri is string {
  return typeof uri === 'string' && uri.startsWith(SCHEME);
}

/** The URI as a server can keep it; null while the media that it names is not there. */
export function uriOnServer(
  uri: string,
  { projectId, mediaIds }: { projectId: number; mediaIds: ReadonlyMap<MediaKey, number> },
): string | null {
  if (!isLocalUri(uri)) return uri;
  const place = parseUri(uri);
  if (place === null || !('key' in place.media)) return uri;
  const id = mediaIds.get(place.media.key);
  return id === undefined ? null : serverUri(projectId, { id, frame: place.frame });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
