import { execFile } from 'node:child_process';
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { sleep } from '../base/clock.ts';
import { TidemarkError } from '../contract/errors.ts';
import { diskError, isCode, readJson, writeDurably } from './files.ts';

/**
 * One process at a time on one data folder. The lock is a file that names its holder by process id and
 * by the time at which that process started, so that neither a crash nor a reused id fools it.
 */
export interface LockHolder {
  pid: number;
  /** When the process started, as the system tells it; null where it does not. */
  startedAt: string | null;
  /** Where the running instance shows itself; null until it serves. Holds no secret. */
  address: string | null;
}

export interface InstanceLock {
  /** Tells later starters where this one serves. */
  announce(address: string): Promise<void>;
  release(): Promise<void>;
}

/** Takes the lock, or throws `data-in-use` whose detail is the holder's address or process id. */
export async function takeInstanceLock(path: string, clock: Clock): Promise<InstanceLock> {
  const self: LockHolder = { pid: process.pid, startedAt: await startOf(process.pid), address: null };
  for (;;) {
    if (await create(path, self)) return heldLock(path, self);
    const holder = parseHolder(await readJson(path));
    if (holder !== null && (await isRunning(holder))) throw inUse(holder);
    await removeStale(path, clock);
  }
}

function inUse(holder: LockHolder): TidemarkError {
  const detail = holder.address ?? `process ${holder.pid}`;
  return new TidemarkError('data-in-use', { detail });
}

async function create(path: string, self: LockHolder): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(self));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw diskError(error);
  }
}

function heldLock(path: string, self: LockHolder): InstanceLock {
  return {
    announce: (address) => writeDurably(path, JSON.stringify({ ...self, address }), { mode: 0o600 }),
    release: () => rm(path, { force: true }),
  };
}

/** A crashed takeover is given up after this long, ms. */
const takeoverPatience = 10_000;

/**
 * Two starters must not both remove the lock: the second would remove the first one's fresh lock. So the
 * removal itself stands under a folder that only one can make, and looks once more inside.
 */
async function removeStale(path: string, clock: Clock): Promise<void> {
  const guard = `${path}.takeover`;
  try {
    await mkdir(guard);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw diskError(error);
    const made = await stat(guard).catch(() => null);
    if (made !== null && clock.now() - made.mtimeMs > takeoverPatience) await rm(guard, { recursive: true });
    await sleep(clock, 50);
    return;
  }
  try {
    const holder = parseHolder(await readJson(path));
    if (holder === null || !(await isRunning(holder))) await rm(path, { force: true });
  } finally {
    await rm(guard, { recursive: true, force: true });
  }
}

/** Null for a lock that was cut off while being written: its writer never got to work. */
function parseHolder(value: unknown): LockHolder | null {
  if (typeof value !== 'object' || value === null) return null;
  const { pid, startedAt, address } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return null;
  return {
    pid,
    startedAt: typeof startedAt === 'string' ? startedAt : null,
    address: typeof address === 'string' ? address : null,
  };
}

async function isRunning(holder: LockHolder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (isCode(error, 'ESRCH')) return false; // EPERM means it runs as someone else
  }
  if (holder.startedAt === null) return true;
  const started = await startOf(holder.pid);
  return started === null || started === holder.startedAt;
}

/** When a process started, in whatever form the system has it; equal for the same process only. */
async function startOf(pid: number): Promise<string | null> {
  try {
    if (process.platform === 'linux') {
      const line = await readFile(`/proc/${pid}/stat`, 'utf8');
      // Field 22, counted after the command's name, which may itself hold blanks and parentheses.
      const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z') return 'ended'; // a zombie works on nothing
      const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
      return `${boot.trim()}:${fields[19] ?? ''}`;
    }
    if (process.platform === 'darwin') {
      const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]);
      return stdout.trim();
    }
  } catch {
    return null; // gone meanwhile, or a system that does not tell; then being alive decides
  }
  return null;
}
