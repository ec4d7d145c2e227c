import { Kysely, sql, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { startFailure } from '../errors.ts';
import { JoiningDialect } from './joining-driver.ts';
import { initial } from './migrations/0001-initial.ts';
import { people } from './migrations/0002-people.ts';
import { work } from './migrations/0003-work.ts';
import { sharing } from './migrations/0004-sharing.ts';
import { changeFeed } from './migrations/0005-change-feed.ts';
import { deaths } from './migrations/0006-deaths.ts';
import { feedMedias } from './migrations/0007-feed-medias.ts';
import type { HubSchema } from './schema.ts';

export type Db = Kysely<HubSchema>;
/** A connection inside a transaction; everything that writes takes this, so that it cannot forget one. */
export type Tx = Transaction<HubSchema>;

const POOL_SIZE = 20;
const CONNECT_LIMIT_MS = 15_000;
const OLDEST_SERVER = 150_000;

/** In order; a name is never changed and an entry never edited once released. */
const migrations = {
  '0001-initial': initial,
  '0002-people': people,
  '0003-work': work,
  '0004-sharing': sharing,
  '0005-change-feed': changeFeed,
  '0006-deaths': deaths,
  '0007-feed-medias': feedMedias,
};

/** Does work that opens transactions of its own as one transaction: all of it is kept, or nothing. */
export type Together = <T>(work: () => Promise<T>) => Promise<T>;

export interface OpenDatabase {
  db: Db;
  together: Together;
  close: () => Promise<void>;
}

/**
 * Connects and brings the tables up to date. Kysely's migrator takes a lock, so several hubs may start
 * on one database at once.
 * @throws StartFailure
 */
export async function openDatabase(url: string, onIdleError: (error: Error) => void): Promise<OpenDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  });
  pool.on('error', onIdleError); // a broken idle connection must not end the process
  const dialect = new JoiningDialect({ pool, cursor: Cursor });
  const db = new Kysely<HubSchema>({ dialect });
  const together: Together = (work) =>
    dialect.joined((drop) =>
      db.transaction().execute(() =>
        work().catch((error: unknown) => {
          drop();
          throw error;
        }),
      ),
    );
  try {
    await checkServer(db);
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { db, together, close: () => db.destroy() };
}

async function checkServer(db: Db): Promise<void> {
  const { rows } = await sql<{
    version: number;
  }>`SELECT current_setting('server_version_num')::int AS version`.execute(db);
  const version = rows[0]?.version ?? 0;
  if (version < OLDEST_SERVER)
    throw startFailure(`PostgreSQL 15 or later is needed; this server is ${version}.`);
}

async function migrate(db: Db): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const unknown = await namesOfLaterRelease(db);
  if (unknown.length > 0)
    throw startFailure(`A newer Tidemark has changed this database (${unknown.join(', ')}): start that one.`);
  const { error } = await migrator.migrateToLatest();
  if (error instanceof Error) throw error;
  if (error !== undefined) throw startFailure('The tables of the database could not be brought up to date.');
}

/** Migrations that were run on this database and that this program does not know. */
async function namesOfLaterRelease(db: Db): Promise<string[]> {
  const { rows: tables } = await sql<{
    is: boolean;
  }>`SELECT to_regclass('kysely_migration') IS NOT NULL AS is`.execute(db);
  if (!tables[0]?.is) return [];
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`.execute(db);
  return rows.map(({ name }) => name).filter((name) => !Object.hasOwn(migrations, name));
}
