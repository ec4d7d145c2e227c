import { existsSync } from 'node:fs';
import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What a power cut does to a disk that had promised more than it did: the newest log of the origin's
 * IndexedDB, in the profile of a browser that is dead, loses its last bytes. Chromium then opens the
 * database once, and deletes it whole at the start after.
 */
export async function tearIndexedDb(profile: string, origin: string, bytes: number): Promise<void> {
  const folder = indexedDbFolder(profile, origin);
  const logs = (await readdir(folder)).filter((name) => /^\d+\.log$/.test(name)).sort();
  const newest = logs.at(-1);
  if (newest === undefined) throw new Error(`no log in ${folder}`);
  const path = join(folder, newest);
  const { size } = await stat(path);
  if (size <= bytes) throw new Error(`${newest} has only ${size} bytes`);
  await truncate(path, size - bytes);
}

function indexedDbFolder(profile: string, origin: string): string {
  const name = `${new URL(origin).href.replace(/\/$/, '').replace('://', '_').replace(':', '_')}.indexeddb.leveldb`;
  const folder = join(profile, 'Default', 'IndexedDB', name);
  if (!existsSync(folder)) throw new Error(`no IndexedDB at ${folder}`);
  return folder;
}
