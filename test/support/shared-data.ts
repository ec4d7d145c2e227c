import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Path of a real input that is not part of the repository, or null where it is absent: then the
 * test says in one line that it is skipped. Looked for in `TIDEMARK_SHARED`, then beside the
 * repository.
 */
export function sharedFile(relative: string): string | null {
  const folder = process.env.TIDEMARK_SHARED ?? join(root, '..', 'shared');
  const path = join(folder, relative);
  return existsSync(path) ? path : null;
}

/** The real dive clip: HEVC, 59.94 fps, B-frames, first frame at 0.5 s. */
export function diveClip(): string | null {
  return sharedFile('data/mbari/V4361_20211006T162656Z_h265_1sec.mp4');
}

/** The clip that ships with the project: every frame carries its number as a pattern. */
export function sampleClip(): string {
  return join(root, 'resources', 'sample', 'dive.mp4');
}
