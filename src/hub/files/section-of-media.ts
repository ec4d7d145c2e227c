import { sql } from 'kysely';
import { SECTION_ATTRIBUTE } from '../attributes.ts';
import type { Tx } from '../db/database.ts';
import { badRequest } from '../errors.ts';

export interface Placement {
  /** New primary section; null for none; undefined: unchanged. */
  section: number | null | undefined;
  attributes: Record<string, unknown>;
}

/**
 * Keeps a media's folder and the attribute that old clients read in step: whichever an edit sets, the
 * other follows. -1 takes the media out of its folder.
 */
export async function placeInSection(
  tx: Tx,
  project: number,
  { primary, attribute }: { primary: number | undefined; attribute: unknown },
): Promise<Placement> {
  if (primary !== undefined) {
    if (primary === -1) return { section: null, attributes: { [SECTION_ATTRIBUTE]: null } };
    const row = await tx
      .selectFrom('sections')
      .select(['id', 'tator_user_sections'])
      .where('id', '=', primary)
      .where('project', '=', project)
      .executeTakeFirst();
    if (!row) throw badRequest(`There is no section ${primary} in this project.`);
    return { section: row.id, attributes: { [SECTION_ATTRIBUTE]: row.tator_user_sections } };
  }
  if (attribute === undefined) return { section: undefined, attributes: {} };
  if (typeof attribute !== 'string') return { section: null, attributes: {} };
  const row = await tx
    .selectFrom('sections')
    .select('id')
    .where('project', '=', project)
    .where('tator_user_sections', '=', attribute)
    .executeTakeFirst();
  return { section: row?.id ?? null, attributes: {} };
}

/** The folder of this name (any case), made when missing. */
export async function folderByName(
  tx: Tx,
  project: number,
  name: string,
  { user, now, identifier }: { user: number; now: number; identifier: string },
): Promise<{ id: number; tator_user_sections: string | null }> {
  // The lock on the project keeps two uploads from making the same folder twice.
  await sql`SELECT 1 FROM projects WHERE id = ${project} FOR UPDATE`.execute(tx);
  const known = await tx
    .selectFrom('sections')
    .select(['id', 'tator_user_sections'])
    .where('project', '=', project)
    .where((eb) => eb(eb.fn('lower', ['name']), '=', name.toLowerCase()))
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  if (known) return known;
  return tx
    .insertInto('sections')
    .values({
      project,
      name,
      dtype: 'folder',
      tator_user_sections: identifier,
      created_by: user,
      created_datetime: new Date(now),
    })
    .returning(['id', 'tator_user_sections'])
    .executeTakeFirstOrThrow();
}
