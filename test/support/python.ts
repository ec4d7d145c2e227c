import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PATIENCE_MS = 300_000;

/**
 * Folder with a package from PyPI for tests, installed once under `node_modules/.cache`; undefined, with
 * a line that says so, where Python 3.9 or the package cannot be had.
 */
export async function pythonPackage(name: string, version: string): Promise<string | undefined> {
  const plain = name.replace(/\W.*/, '');
  const folder = fileURLToPath(new URL(`../../node_modules/.cache/${plain}-${version}`, import.meta.url));
  if (existsSync(`${folder}/installed`)) return folder;
  try {
    await run('python3', ['-c', 'import sys; assert sys.version_info >= (3, 9), "too old"']);
    await mkdir(folder, { recursive: true });
    const options = ['--quiet', '--disable-pip-version-check', '--target', folder];
    const wanted = `${name}==${version}`;
    await run('python3', ['-m', 'pip', 'install', ...options, wanted], { timeout: PATIENCE_MS });
    await mkdir(`${folder}/installed`, { recursive: true });
    return folder;
  } catch (error) {
    const why = String(error).split('\n')[0]?.slice(0, 200) ?? '';
    console.log(`skipped: tests with ${name} need Python 3.9 or later with pip, and PyPI (${why})`);
    return undefined;
  }
}
