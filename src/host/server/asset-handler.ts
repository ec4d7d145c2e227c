import { insideFolder } from '../files.ts';
import { contentTypeOf, fileResponse } from './file-response.ts';

/** The files of a media that pages may read. */
export const mediaFileKinds = ['play', 'thumbnail', 'frames', 'source-frames'] as const;
export type MediaFileKind = (typeof mediaFileKinds)[number];

export interface MediaFile {
  path: string;
  contentType: string;
}

export interface AssetSource {
  /** Folder of the built pages. */
  bundle: string;
  /** Where the file of a media lies; null when there is none (yet). */
  mediaFile: (key: string, kind: MediaFileKind) => Promise<MediaFile | null>;
}

/**
 * Answers everything that pages read: the bundle and the media. The same function stands behind the HTTP
 * server of browser mode and behind Electron's own protocol; who may ask is decided before.
 */
export async function handleAsset(request: Request, source: AssetSource): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new Response('not allowed', { status: 405 });
  const path = pathOf(request);
  if (path === null) return new Response('bad address', { status: 400 });
  const media = /^\/media\/([\w-]{1,64})\/([a-z-]+)$/.exec(path);
  if (media !== null) return handleMedia(request, source, media[1] ?? '', media[2] ?? '');
  const file = insideFolder(source.bundle, path === '/' ? 'index.html' : path);
  if (file === null) return new Response('not found', { status: 404 });
  // The bundle's other files carry a digest in their names.
  const cacheControl = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  return fileResponse(request, file, { contentType: contentTypeOf(file), cacheControl });
}

async function handleMedia(
  request: Request,
  source: AssetSource,
  key: string,
  kind: string,
): Promise<Response> {
  if (!isKind(kind)) return new Response('not found', { status: 404 });
  const file = await source.mediaFile(key, kind);
  if (file === null) return new Response('not found', { status: 404 });
  return fileResponse(request, file.path, { contentType: file.contentType, cacheControl: 'no-cache' });
}

function isKind(kind: string): kind is MediaFileKind {
  return (mediaFileKinds as readonly string[]).includes(kind);
}

function pathOf(request: Request): string | null {
  try {
    return decodeURIComponent(new URL(request.url).pathname);
  } catch {
    return null;
  }
}
