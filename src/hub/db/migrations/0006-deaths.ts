import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** How often a hub died while it did a job: told apart from the job's own failures. */
export const deaths: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`ALTER TABLE jobs ADD COLUMN deaths integer NOT NULL DEFAULT 0`.execute(db);
  },
};
