import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What several hubs on one database must agree on. */
export const sharing: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`CREATE TABLE shared_secrets (name text PRIMARY KEY, value bytea NOT NULL)`.execute(db);
  },
};
