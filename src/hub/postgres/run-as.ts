import { chmod, chown, readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startFailure } from '../errors.ts';

/**
 * PostgreSQL refuses to run as root, so under root it runs as an ordinary user. That user must be
 * able to walk to the cluster and to the programs. Where a folder on the way is closed (a 0700 home),
 * the process keeps one capability instead of opening the folder to everybody.
 */
export type RunAs =
  | { kind: 'self' }
  | { kind: 'user'; name: string; uid: number; gid: number }
  | { kind: 'user-with-search'; name: string; uid: number; gid: number; setpriv: string };

const CANDIDATES = ['postgres', 'nobody', 'daemon'];
const SETPRIV = '/usr/bin/setpriv';
const OTHERS_MAY_SEARCH = 0o001;

/** Decides as whom PostgreSQL runs, given the folders that it must reach. */
export async function chooseRunAs(paths: readonly string[]): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { kind: 'self' };
  const user = pickUser(await readFile('/etc/passwd', 'utf8'));
  if (!user) throw startFailure(`PostgreSQL cannot run as root and none of ${CANDIDATES.join(', ')} exists.`);
  const closed = (await Promise.all(paths.map(closedFolderOnTheWay))).find((folder) => folder !== undefined);
  if (closed === undefined) return { kind: 'user', ...user };
  const candidate: RunAs = { kind: 'user-with-search', ...user, setpriv: SETPRIV };
  if (await works(candidate)) return candidate;
  throw startFailure(
    `PostgreSQL runs as the user "${user.name}", who cannot enter ${closed}. ` +
      'Choose a data folder that ordinary users can reach, run the hub as an ordinary user, or set DATABASE_URL.',
  );
}

/** The first candidate that the password file lists. */
export function pickUser(passwd: string): { name: string; uid: number; gid: number } | undefined {
  for (const name of CANDIDATES) {
    const fields = passwd
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':');
    const uid = Number(fields?.[2]);
    const gid = Number(fields?.[3]);
    if (fields && uid > 0 && gid > 0) return { name, uid, gid };
  }
  return undefined;
}

async function closedFolderOnTheWay(path: string): Promise<string | undefined> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const info = await stat(folder).catch(() => undefined);
    if (info?.isDirectory() && (info.mode & OTHERS_MAY_SEARCH) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

async function works(runAs: RunAs): Promise<boolean> {
  const { command, args, options } = commandFor(runAs, '/bin/true', []);
  return promisify(execFile)(command, args, options).then(
    () => true,
    () => false,
  );
}

export interface Command {
  command: string;
  args: string[];
  options: { uid?: number; gid?: number };
}

/** The command line that runs `program` as decided. */
export function commandFor(runAs: RunAs, program: string, args: readonly string[]): Command {
  switch (runAs.kind) {
    case 'self':
      return { command: program, args: [...args], options: {} };
    case 'user':
      return { command: program, args: [...args], options: { uid: runAs.uid, gid: runAs.gid } };
    case 'user-with-search': {
      const identity = [`--reuid=${runAs.uid}`, `--regid=${runAs.gid}`, '--clear-groups'];
      const capability = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
      return {
        command: runAs.setpriv,
        args: [...identity, ...capability, '--', program, ...args],
        options: {},
      };
    }
  }
}

/** Gives a file or folder to the user that PostgreSQL runs as. */
export async function giveTo(runAs: RunAs, path: string): Promise<void> {
  if (runAs.kind !== 'self') await chown(path, runAs.uid, runAs.gid);
}

/** Lets others walk through one of the hub's own folders (not list it) when PostgreSQL needs that. */
export async function letPassThrough(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await chmod(folder, (await stat(folder)).mode | OTHERS_MAY_SEARCH);
}
