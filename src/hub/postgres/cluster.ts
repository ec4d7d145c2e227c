import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startFailure } from '../errors.ts';
import { findPostgres, type PostgresBinaries } from './binaries.ts';
import { parsePostmaster, type Postmaster } from './postmaster-file.ts';
import { chooseRunAs, commandFor, giveTo, letPassThrough, type RunAs } from './run-as.ts';

/** A PostgreSQL that belongs to one data folder. */
export interface Cluster {
  /** Connection string with the password; never logged. */
  url: string;
  pid: number;
  /** True when it was found running, left over by a hub that was killed. */
  adopted: boolean;
  /** Shuts it down cleanly (open transactions are rolled back). Idempotent. */
  stop: () => Promise<void>;
}

const USER = 'tidemark';
const START_LIMIT_MS = 120_000; // recovery after a crash may replay much
const STOP_LIMIT_MS = 20_000;
const POLL_MS = 15;
const PORT_TRIES = 5;
const DYING_LIMIT_MS = 2_000;
const ORPHANS_LIMIT_MS = 30_000;

/**
 * Starts the PostgreSQL of `<data>/postgres`, creating the cluster on first use, or adopts the one
 * that a killed hub left running.
 *
 *     cluster-XXXX.tmp --initdb--> rename --> cluster --postgres--> postmaster.pid says "ready"
 *
 * `given`: the programs to run; absent: see `findPostgres`. The rename makes a cluster whole or absent: a kill in the middle of initdb leaves only a .tmp.
 * @throws StartFailure
 */
export async function startCluster(dataFolder: string, given?: PostgresBinaries): Promise<Cluster> {
  const folder = join(dataFolder, 'postgres');
  await mkdir(folder, { recursive: true, mode: 0o711 });
  await letPassThrough(dataFolder);
  await letPassThrough(folder);
  const binaries = given ?? (await findPostgres());
  const password = await readOrMakePassword(join(folder, 'password'));
  const data = join(folder, 'cluster');
  const running = await findRunning(data);
  if (running) return handle({ data, password, postmaster: running, adopted: true });
  const runAs = await chooseRunAs([folder, binaries.postgres]);
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise({ folder, data, password, binaries, runAs });
  await disarmStaleFile(data);
  const postmaster = await launch({ folder, data, binaries, runAs });
  return handle({ data, password, postmaster, adopted: false });
}

async function readOrMakePassword(path: string): Promise<string> {
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known) return known.trim();
  const made = randomBytes(24).toString('base64url');
  await writeFile(path, `${made}\n`, { mode: 0o600 });
  return made;
}

interface Place {
  folder: string;
  data: string;
  binaries: PostgresBinaries;
  runAs: RunAs;
}

async function initialise({
  folder,
  data,
  password,
  binaries,
  runAs,
}: Place & { password: string }): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith('.tmp')) await rm(join(folder, name), { recursive: true, force: true });
  }
  const stage = join(folder, `cluster-${randomBytes(4).toString('hex')}.tmp`);
  await mkdir(stage, { mode: 0o700 });
  const fresh = join(stage, 'cluster');
  const passwordFile = join(stage, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await giveTo(runAs, stage);
  await giveTo(runAs, passwordFile);
  const args = [
    `--pgdata=${fresh}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C', // the same order of names on every machine
  ];
  const { command, args: line, options } = commandFor(runAs, binaries.initdb, args);
  const child = spawn(command, line, {
    ...options,
    cwd: stage,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: pgEnv(),
  });
  const { code, stderr } = await finished(child);
  if (code !== 0) throw startFailure(`PostgreSQL could not create its cluster: ${stderr.trim()}`);
  await rename(fresh, data);
  await rm(stage, { recursive: true, force: true });
}

function finished(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

/** The hub's settings must not leak into PostgreSQL, whose messages are compared in English. */
function pgEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' };
}

async function launch(place: Place): Promise<Postmaster> {
  const orphansLimit = Date.now() + ORPHANS_LIMIT_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await launchOn(await freePort(), place);
    } catch (error) {
      // Backends of a postmaster that was killed notice it within moments; until then they hold its memory.
      const orphans = String(error).includes('pre-existing shared memory') && Date.now() < orphansLimit;
      // Otherwise somebody most likely took the port between the look and the bind.
      if (!orphans && attempt >= PORT_TRIES) throw error;
      if (orphans) await wait(10 * POLL_MS);
    }
  }
}

/**
 * Lets PostgreSQL start over a `postmaster.pid` whose process is no postmaster of this cluster, yet
 * still answers signals: a killed one that nobody has reaped, or another program that was given its
 * number. PostgreSQL would refuse it. It trusts the number of its own parent, which is the hub, and
 * still checks the other lines for backends that outlived the killed postmaster.
 */
async function disarmStaleFile(data: string): Promise<void> {
  const gone = await lookUntil(DYING_LIMIT_MS, async () => {
    const pid = await pidInFile(data);
    return pid === undefined || !isAlive(pid) ? true : undefined;
  });
  if (gone) return;
  const path = join(data, 'postmaster.pid');
  const [, ...rest] = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, [String(process.pid), ...rest].join('\n'));
}

async function pidInFile(data: string): Promise<number | undefined> {
  const first = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0];
  return Number(first) || undefined;
}

async function launchOn(port: number, { folder, data, binaries, runAs }: Place): Promise<Postmaster> {
  const log = await open(join(folder, 'postgres.log'), 'a', 0o600);
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'on',
    synchronous_commit: 'on',
    max_connections: '100',
    timezone: 'UTC',
    max_wal_size: '1GB',
  };
  const args = [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const { command, args: line, options } = commandFor(runAs, binaries.postgres, args);
  // Its own process group: Ctrl+C in the terminal reaches the hub, which then stops it in order.
  const stdio: ['ignore', number, number] = ['ignore', log.fd, log.fd];
  const child = spawn(command, line, { ...options, cwd: folder, stdio, detached: true, env: pgEnv() });
  child.unref();
  const ended = new AbortController();
  for (const event of ['exit', 'error']) child.once(event, () => ended.abort());
  try {
    const ready = await lookUntil(START_LIMIT_MS, async () => {
      const postmaster = await readPostmaster(data);
      if (postmaster?.ready && postmaster.pid === child.pid) return postmaster;
      if (!ended.signal.aborted) return undefined;
      throw startFailure(`PostgreSQL did not start: ${await tail(join(folder, 'postgres.log'))}`);
    });
    if (ready) return ready;
    child.kill('SIGINT');
    throw startFailure('PostgreSQL was not ready in time.');
  } finally {
    await log.close();
  }
}

async function tail(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim().split('\n').slice(-4).join(' | ');
}

/** What `look` finds, at once or at a later try; undefined when the limit passes without it. */
async function lookUntil<T>(limitMs: number, look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const limit = Date.now() + limitMs; Date.now() < limit;) {
    const found = await look();
    if (found !== undefined) return found;
    await wait(POLL_MS);
  }
  return undefined;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  return parsePostmaster(await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => ''));
}

/**
 * The postmaster that already serves this cluster. A stale file after a crash names a dead process,
 * or by accident an unrelated one; see `disarmStaleFile`.
 */
async function findRunning(data: string): Promise<Postmaster | undefined> {
  const found = await lookUntil(START_LIMIT_MS, async () => {
    const postmaster = await readPostmaster(data);
    if (!postmaster || !(await isPostgres(postmaster.pid, data))) return 'none';
    return postmaster.ready ? postmaster : undefined; // it starts or stops: wait for what comes of it
  });
  return found === 'none' ? undefined : found;
}

async function isPostgres(pid: number, data: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  // Where the system shows command lines, make sure that the number was not given to another program.
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return commandLine === undefined ? process.platform !== 'linux' : commandLine.split('\0').includes(data);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface Handle {
  data: string;
  password: string;
  postmaster: Postmaster;
  adopted: boolean;
}

function handle({ data, password, postmaster, adopted }: Handle): Cluster {
  const url = `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${postmaster.port}/postgres`;
  let stopping: Promise<void> | undefined;
  return {
    url,
    pid: postmaster.pid,
    adopted,
    stop: () => (stopping ??= stopPostmaster(postmaster.pid, data)),
  };
}

/** SIGINT is PostgreSQL's fast shutdown; SIGQUIT (recovery at the next start) only when that hangs. */
async function stopPostmaster(pid: number, data: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!(await isPostgres(pid, data))) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await lookUntil(STOP_LIMIT_MS, async () => (isAlive(pid) ? undefined : 'gone'))) return;
  }
}

/** Stops the PostgreSQL of a data folder, whoever started it; for cleaning up after a killed hub. */
export async function stopLeftover(dataFolder: string): Promise<void> {
  const data = join(dataFolder, 'postgres', 'cluster');
  const running = await findRunning(data);
  if (running) await stopPostmaster(running.pid, data);
}
