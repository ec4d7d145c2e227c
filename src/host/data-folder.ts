import { homedir } from 'node:os';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { diskError } from './files.ts';

/** Where everything of one installation lies. One process at a time works in it (`instance-lock.ts`). */
export interface DataFolder {
  root: string;
  /** `lock.json`: who works here now. */
  lock: string;
  /** `settings.json`: port, work offline, active account. */
  settings: string;
  /** `accounts.json`: who signed in where; no secrets. */
  accounts: string;
  /** `secrets.json`: tokens, mode 0600. */
  secrets: string;
  /** `recorder/<account>/`: the flight recorder's segments. */
  recorder: string;
  /** `media/<media key>/`: one folder a media. */
  media: string;
  /** `imports/<import id>/`: files that are still arriving. */
  imports: string;
  /** `uploads/<media key>.json`: the part journals. */
  uploads: string;
  /** The built-in server's own folder. */
  hub: string;
}

export function dataFolderAt(root: string): DataFolder {
  return {
    root,
    lock: join(root, 'lock.json'),
    settings: join(root, 'settings.json'),
    accounts: join(root, 'accounts.json'),
    secrets: join(root, 'secrets.json'),
    recorder: join(root, 'recorder'),
    media: join(root, 'media'),
    imports: join(root, 'imports'),
    uploads: join(root, 'uploads'),
    hub: join(root, 'hub'),
  };
}

/** Makes the folders that the services expect; only this user may look into them. */
export async function makeDataFolder(folder: DataFolder): Promise<void> {
  try {
    for (const path of [
      folder.root,
      folder.recorder,
      folder.media,
      folder.imports,
      folder.uploads,
      folder.hub,
    ]) {
      await mkdir(path, { recursive: true, mode: 0o700 });
    }
  } catch (error) {
    throw diskError(error);
  }
}

/** The folder that was asked for, else the one where the system keeps the data of programs. */
export function chooseDataRoot(asked: string | undefined, env: NodeJS.ProcessEnv, platform: string): string {
  if (asked !== undefined && asked !== '') return resolve(asked);
  if (env['TIDEMARK_DATA'] !== undefined && env['TIDEMARK_DATA'] !== '') return resolve(env['TIDEMARK_DATA']);
  if (platform === 'win32') return join(env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Tidemark');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Tidemark');
  return join(env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'tidemark');
}
