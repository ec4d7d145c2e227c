import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { startFailure } from '../errors.ts';

const LOCK = 0x7de3a2;
const PATIENCE_MS = 5_000;
const POLL_MS = 100;

/**
 * Makes sure that one hub works on the embedded cluster: an advisory lock on a connection of its own,
 * which PostgreSQL gives back by itself when the process dies. A hub that was just killed keeps it for
 * a moment, hence the patience. (Hubs on an external PostgreSQL share it freely.)
 * @throws StartFailure when another hub holds it.
 */
export async function lockForOneHub(url: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the pool reports a lost server
  await client.connect();
  for (const limit = Date.now() + PATIENCE_MS; Date.now() < limit;) {
    const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [LOCK]);
    if (rows[0]?.got) return () => client.end();
    await wait(POLL_MS);
  }
  await client.end();
  throw startFailure('Another hub already works on this data folder.');
}
