import { join } from 'node:path';
import { readJson } from './files.ts';

/** The version in the package that the built program lies in (`out/main/` of it). */
export async function programVersion(programFolder: string): Promise<string> {
  const manifest = await readJson(join(programFolder, '..', '..', 'package.json'));
  if (typeof manifest !== 'object' || manifest === null) return 'unknown';
  const { version } = manifest as { version?: unknown };
  return typeof version === 'string' ? version : 'unknown';
}
