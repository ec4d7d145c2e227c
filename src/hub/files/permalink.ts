import type { MediaFiles } from '../db/schema.ts';
import { entriesOf, nearest } from './choose-file.ts';

const automatic = ['streaming', 'archival', 'image', 'audio'];

/** The key (or URL) of the file that a permalink means: of the role, the one nearest to the height. */
export function choosePermalink(files: MediaFiles, element: string, quality: number): string | undefined {
  const roles = element === 'auto' ? automatic : [element];
  for (const role of roles) {
    const best = nearest(entriesOf(files, role), quality);
    if (best) return best.path;
  }
  return undefined;
}
