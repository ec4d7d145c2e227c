import { sql } from 'kysely';
import type { Db } from './database.ts';

const START_LOCK = 0x7de3a3;

/**
 * Does `work` while no other hub on this database does such work: first users and the sample are made
 * once, however many hubs start at the same moment. A hub that dies gives the lock back with its connection.
 */
export async function oneAtATime<T>(db: Db, work: () => Promise<T>): Promise<T> {
  return await db.connection().execute(async (connection) => {
    await sql`SELECT pg_advisory_lock(${START_LOCK})`.execute(connection);
    try {
      return await work();
    } finally {
      await sql`SELECT pg_advisory_unlock(${START_LOCK})`.execute(connection);
    }
  });
}
