import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PATIENCE_MS = 300_000;

/**
 * Folder with a program of the npm registry for tests that is too large for a dependency of ours,
 * installed once under `node_modules/.cache`; undefined, with a line that says so, where it cannot be had.
 */
export async function nodePackage(name: string, version: string): Promise<string | undefined> {
  const folder = fileURLToPath(new URL(`../../node_modules/.cache/${name}-${version}`, import.meta.url));
  if (existsSync(`${folder}/installed`)) return `${folder}/node_modules/${name}`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(`${folder}/package.json`, '{"private":true}');
    const options = [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--no-save',
      '--loglevel=error',
    ];
    await run('npm', [...options, `${name}@${version}`], { cwd: folder, timeout: PATIENCE_MS });
    await mkdir(`${folder}/installed`, { recursive: true });
    return `${folder}/node_modules/${name}`;
  } catch (error) {
    const why = String(error).split('\n')[0]?.slice(0, 200) ?? '';
    console.log(`skipped: tests with ${name} need the npm registry (${why})`);
    return undefined;
  }
}
