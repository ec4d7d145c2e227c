import type { MediaFiles } from '../db/schema.ts';

/** A file of a media: what all kinds of entries have in common. */
export interface FileEntry {
  /** A key of the object store, or a URL. */
  path: string;
  /** [height, width] */
  resolution?: [number, number];
  mime?: string;
  segment_info?: string;
}

/** The entries of one role; none where the role holds something else. */
export function entriesOf(files: MediaFiles | null, role: string): FileEntry[] {
  const entries: unknown = files?.[role];
  if (!Array.isArray(entries)) return [];
  return entries.filter(
    (entry): entry is FileEntry =>
      typeof entry === 'object' && entry !== null && typeof (entry as FileEntry).path === 'string',
  );
}

/** The entry whose height is nearest to `quality`; the tallest where that is not given. */
export function nearest(entries: readonly FileEntry[], quality: number | undefined): FileEntry | undefined {
  const wanted = quality ?? Number.MAX_SAFE_INTEGER;
  const distance = ({ resolution }: FileEntry): number => Math.abs((resolution?.[0] ?? 0) - wanted);
  return [...entries].sort((a, b) => distance(a) - distance(b))[0];
}

/**
 * The file to cut pictures from: of a video a streaming file, else an archival one; of an image one that
 * can be decoded everywhere.
 */
export function pictureFile(
  files: MediaFiles | null,
  dtype: string,
  quality: number | undefined,
): FileEntry | undefined {
  if (dtype === 'image') {
    const decodable = entriesOf(files, 'image').filter(({ mime }) => mime !== 'image/avif');
    return nearest(decodable, quality);
  }
  if (dtype !== 'video') return undefined;
  return nearest(entriesOf(files, 'streaming'), quality) ?? nearest(entriesOf(files, 'archival'), quality);
}
