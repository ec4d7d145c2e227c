import { badRequest } from '../errors.ts';

const LONGEST_KEY = 1024;

/**
 * The folders and the file name of a key, each made safe for every file system. No segment can be
 * empty or climb, so a path built from the result stays below the store's folder.
 * @throws HubError 400
 */
export function pathOfKey(key: string): string[] {
  const segments = key.split('/');
  const valid =
    key.length <= LONGEST_KEY &&
    segments.every((s) => s !== '' && s !== '.' && s !== '..' && !s.includes('\0'));
  if (!valid) throw badRequest('The object key is not valid.');
  return segments.map(fileNameOf);
}

/** Percent-encodes whatever is not plain, so that different keys never meet in one file name. */
function fileNameOf(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[*'()!~]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The project that a key belongs to: `<org>/<project>/…` or `_uploads/<day>/<org>/<project>/…`. */
export function projectOfKey(key: string): number | undefined {
  const segments = key.split('/');
  const project = Number(segments[0] === '_uploads' ? segments[3] : segments[1]);
  return Number.isInteger(project) && project > 0 ? project : undefined;
}

/** `stem_<10 letters>.ext` from a client's file name, or the fallback; never replaces another object. */
export function uniqueName(filename: string | undefined, letters: string, fallback: string): string {
  const base =
    filename
      ?.split(/[/\\]/)
      .at(-1)
      ?.replace(/[^\w.\- ]/g, '_') ?? '';
  if (!base || base === '.' || base === '..') return fallback;
  const dot = base.lastIndexOf('.');
  return dot > 0 ? `${base.slice(0, dot)}_${letters}${base.slice(dot)}` : `${base}_${letters}`;
}
