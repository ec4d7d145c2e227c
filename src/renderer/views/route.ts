import type { MediaKey } from '../../domain/identity.ts';

/** Where the user is; the part of the address after `#`. */
export type Route =
  | { view: 'library'; projectId: number | null }
  /** Without a frame it opens at the first. */
  | { view: 'editor'; projectId: number; mediaKey: MediaKey; frame?: number }
  | { view: 'settings' };

/** Anything unknown is the library. */
export function parseRoute(hash: string): Route {
  const [view, project, key, frame] = hash.replace(/^#\/?/, '').split('/');
  const projectId = /^\d+$/.test(project ?? '') ? Number(project) : null;
  if (view === 'settings') return { view };
  if (view === 'media' && projectId !== null && key !== undefined && key !== '') {
    const at = /^\d{1,9}$/.test(frame ?? '') ? { frame: Number(frame) } : {};
    return { view: 'editor', projectId, mediaKey: decodeURIComponent(key), ...at };
  }
  return { view: 'library', projectId };
}

export function formatRoute(route: Route): string {
  switch (route.view) {
    case 'settings':
      return '#/settings';
    case 'editor':
      return `#/media/${route.projectId}/${encodeURIComponent(route.mediaKey)}${route.frame === undefined ? '' : `/${route.frame}`}`;
    case 'library':
      return route.projectId === null ? '#/library' : `#/library/${route.projectId}`;
  }
}
