import type { MediaKey } from '../../domain/identity.ts';

/** Where the user is; the part of the address after `#`. */
export type Route =
  | { view: 'library'; projectId: number | null }
  | { view: 'editor'; projectId: number; mediaKey: MediaKey }
  | { view: 'settings' };

/** Anything unknown is the library. */
export function parseRoute(hash: string): Route {
  const [view, project, key] = hash.replace(/^#\/?/, '').split('/');
  const projectId = /^\d+$/.test(project ?? '') ? Number(project) : null;
  if (view === 'settings') return { view };
  if (view === 'media' && projectId !== null && key !== undefined && key !== '') {
    return { view: 'editor', projectId, mediaKey: decodeURIComponent(key) };
  }
  return { view: 'library', projectId };
}

export function formatRoute(route: Route): string {
  switch (route.view) {
    case 'settings':
      return '#/settings';
    case 'editor':
      return `#/media/${route.projectId}/${encodeURIComponent(route.mediaKey)}`;
    case 'library':
      return route.projectId === null ? '#/library' : `#/library/${route.projectId}`;
  }
}
