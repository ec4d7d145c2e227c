import type { MediaFiles } from '../db/schema.ts';

interface Candidate {
  path: string;
  resolution?: [number, number];
}

const automatic = ['streaming', 'archival', 'image', 'audio'];

/** The key (or URL) of the file that a permalink means: of the role, the one nearest to the height. */
export function choosePermalink(files: MediaFiles, element: string, quality: number): string | undefined {
  const roles = element === 'auto' ? automatic : [element];
  for (const role of roles) {
    const entries = (Array.isArray(files[role]) ? files[role] : []) as Candidate[];
    const distance = (entry: Candidate): number => Math.abs((entry.resolution?.[0] ?? quality) - quality);
    const best = [...entries].sort((a, b) => distance(a) - distance(b))[0];
    if (best) return best.path;
  }
  return undefined;
}
