import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * The change feed tells the medias that the rows lie on as well: of rows that are gone nobody could ask where they
 * were. Entries from before have none.
 */
export const feedMedias: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

/** By function: the medias of the touched rows of one entry. Of a track they are several in each row. */
const medias = {
  note_localization_change: 'array_agg(DISTINCT media)',
  note_state_change: `(
      SELECT coalesce(array_agg(DISTINCT one), '{}') FROM touched AS those, unnest(those.media) AS one
      WHERE those.project = touched.project AND those.deleted = touched.deleted
    )`,
};

function noting(name: keyof typeof medias): string {
  return `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO feed_entries (project, changed, kind, removed, ids, elements, medias)
    SELECT project, pg_current_xact_id(), TG_ARGV[0], TG_ARGV[1]::boolean OR deleted,
      array_agg(id), array_agg(elemental_id), ${medias[name]}
    FROM touched WHERE project IS NOT NULL GROUP BY project, deleted;
    RETURN NULL;
  END $$`;
}

const annotations = [
  ['localizations', 'localization', 'note_localization_change'],
  ['states', 'state', 'note_state_change'],
] as const;

const events = [
  ['INSERT', 'NEW TABLE AS touched', false],
  ['UPDATE', 'NEW TABLE AS touched', false],
  ['DELETE', 'OLD TABLE AS touched', true],
] as const;

const statements = [
  `ALTER TABLE feed_entries ADD COLUMN medias integer[] NOT NULL DEFAULT '{}'`,
  noting('note_localization_change'),
  noting('note_state_change'),
  ...annotations.flatMap(([table, kind, noted]) =>
    events.flatMap(([event, rows, removed]) => [
      `DROP TRIGGER feed_${event.toLowerCase()} ON ${table}`,
      `CREATE TRIGGER feed_${event.toLowerCase()} AFTER ${event} ON ${table}
        REFERENCING ${rows} FOR EACH STATEMENT EXECUTE FUNCTION ${noted}('${kind}', '${removed}')`,
    ]),
  ),
];
