/** What a server says of one file of a media. */
export interface ServedFile {
  /** Its key or its address. */
  path: string;
  /** Bytes; null where the server does not say. */
  size: number | null;
  /** Pixels; null where the server does not say. */
  height: number | null;
}

/** The files of a media that can be taken along. */
export interface ServedFiles {
  /** Tallest first: they show the same frames in several sizes. */
  streaming: ServedFile[];
  image: ServedFile[];
  /** The file as it was uploaded, which may not play. */
  archival: ServedFile[];
}

/** Reads the member `media_files` of a media; whatever is not a file is left out. */
export function servedFiles(mediaFiles: unknown): ServedFiles {
  const of = (role: keyof ServedFiles): ServedFile[] => {
    const list = isRecord(mediaFiles) ? mediaFiles[role] : null;
    return Array.isArray(list) ? list.flatMap(fileFrom) : [];
  };
  const tallestFirst = (a: ServedFile, b: ServedFile): number => (b.height ?? 0) - (a.height ?? 0);
  return { streaming: of('streaming').sort(tallestFirst), image: of('image'), archival: of('archival') };
}

/**
 * The file to take along: of streaming files the tallest one up to `height` (null: of all), or else the
 * smallest, since some picture is better than none; an image's first; only then the archive.
 */
export function fileToFetch(
  { streaming, image, archival }: ServedFiles,
  height: number | null,
): ServedFile | null {
  const low = streaming.find((file) => height === null || (file.height ?? 0) <= height);
  return low ?? streaming.at(-1) ?? image[0] ?? archival[0] ?? null;
}

function fileFrom(value: unknown): ServedFile[] {
  if (!isRecord(value) || typeof value['path'] !== 'string') return [];
  const { path, size, resolution } = value;
  const height: unknown = Array.isArray(resolution) ? resolution[0] : null;
  return [{ path, size: positive(size), height: positive(height) }];
}

function positive(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
