/** Files that are surely no media: left out of folders without a word. */
const NOISE = /^(\.|Thumbs\.db$|desktop\.ini$)/i;
const MEDIA =
  /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|mts|m2ts|ts|wmv|flv|ogv|jpe?g|png|webp|gif|bmp|tiff?|avif)$/i;

/**
 * All files of a drop, folders included, in the order of their paths. A file that was dropped by
 * itself always counts, whatever it is called; in folders only what is named like a media.
 * Must be called while the drop event runs: its items are gone afterwards.
 */
export async function filesOfDrop(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].flatMap((item) => {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null;
    const file = item.kind === 'file' ? item.getAsFile() : null;
    return entry === null && file === null ? [] : [{ entry, file }];
  });
  const found = await Promise.all(
    entries.map(({ entry, file }) =>
      entry !== null && isDirectory(entry) ? filesBelow(entry) : Promise.resolve(file === null ? [] : [file]),
    ),
  );
  return found.flat();
}

/** Of a chosen folder: what is named like a media. */
export function mediaAmong(files: Iterable<File>): File[] {
  return [...files].filter(({ name }) => !NOISE.test(name) && MEDIA.test(name));
}

async function filesBelow(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const entries = (await childrenOf(folder)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: File[] = [];
  for (const entry of entries) {
    if (isDirectory(entry)) found.push(...(await filesBelow(entry)));
    else if (!NOISE.test(entry.name) && MEDIA.test(entry.name))
      found.push(await fileOf(entry as FileSystemFileEntry));
  }
  return found;
}

/** A reader hands out a folder in pieces; an empty piece is the end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const piece = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (piece.length === 0) return all;
    all.push(...piece);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
