import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Which rows were changed by which transaction, written by the database itself, so that no way of
 * changing a row is missed: one entry a statement, kind and project. `changed` is the transaction's
 * number; an entry is final for readers once that lies below the oldest one that still runs.
 */
export const changeFeed: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const kinds = { localizations: 'localization', states: 'state', media: 'media', leaves: 'leaf' };

const events = [
  ['INSERT', 'NEW TABLE AS touched', false],
  ['UPDATE', 'NEW TABLE AS touched', false],
  ['DELETE', 'OLD TABLE AS touched', true],
] as const;

function functionOf(name: string, elements: string): string {
  return `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO feed_entries (project, changed, kind, removed, ids, elements)
    SELECT project, pg_current_xact_id(), TG_ARGV[0], TG_ARGV[1]::boolean OR deleted, array_agg(id), ${elements}
    FROM touched WHERE project IS NOT NULL GROUP BY project, deleted;
    RETURN NULL;
  END $$`;
}

const statements = [
  `CREATE TABLE feed_epoch (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), epoch uuid NOT NULL)`,
  `INSERT INTO feed_epoch (epoch) VALUES (gen_random_uuid())`,
  `CREATE TABLE feed_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project integer NOT NULL,
    changed xid8 NOT NULL,
    kind text NOT NULL,
    removed boolean NOT NULL,
    ids integer[] NOT NULL,
    elements uuid[] NOT NULL
  )`,
  `CREATE INDEX feed_entries_order ON feed_entries (project, changed, id)`,
  // Leaves have no elemental ID.
  functionOf('note_change', 'array_agg(elemental_id)'),
  functionOf('note_leaf_change', `'{}'::uuid[]`),
  ...Object.entries(kinds).flatMap(([table, kind]) =>
    events.map(
      ([event, rows, removed]) => `CREATE TRIGGER feed_${event.toLowerCase()} AFTER ${event} ON ${table}
        REFERENCING ${rows} FOR EACH STATEMENT EXECUTE FUNCTION ${kind === 'leaf' ? 'note_leaf_change' : 'note_change'}('${kind}', '${removed}')`,
    ),
  ),
];
