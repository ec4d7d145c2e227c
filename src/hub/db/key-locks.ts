import { createHash } from 'node:crypto';
import pg from 'pg';

/** Does work while nobody else does work of the same name. */
export type Exclusively = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** For a hub that has its database for itself: whoever asks keeps order within the process. */
export const alreadyAlone: Exclusively = (_name, work) => work();

/** Keeps these locks apart from all others, which are of one number. */
const SPACE = 0x7de3a4;
const CONNECTIONS = 10;

/**
 * Locks among all hubs on one database. They have connections of their own, so that those who wait
 * for a lock never keep the work that they wait for from a connection. PostgreSQL gives a lock back
 * when the process that holds it dies.
 */
export function openKeyLocks(
  url: string,
  onIdleError: (error: Error) => void,
): { exclusively: Exclusively; close: () => Promise<void> } {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  pool.on('error', onIdleError);
  const exclusively: Exclusively = async (name, work) => {
    const client = await pool.connect();
    const lock = [SPACE, createHash('sha256').update(name).digest().readInt32BE()];
    let held = false;
    try {
      await client.query('SELECT pg_advisory_lock($1, $2)', lock);
      held = true;
      return await work();
    } finally {
      const freed = held && (await freeLock(client, lock));
      client.release(!freed); // a connection that may still hold a lock is ended, which frees it
    }
  };
  return { exclusively, close: () => pool.end() };
}

async function freeLock(client: pg.PoolClient, lock: readonly number[]): Promise<boolean> {
  return await client.query('SELECT pg_advisory_unlock($1, $2)', [...lock]).then(
    () => true,
    () => false,
  );
}
