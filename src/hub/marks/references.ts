import { sql } from 'kysely';
import type { MembershipRow } from '../access/access.ts';
import type { Tx } from '../db/database.ts';
import type { AttributeType } from '../db/schema.ts';
import { badRequest } from '../errors.ts';

/** Where a create without a version goes: the member's default, else the lowest number from 0. */
export async function defaultVersion(tx: Tx, project: number, membership: MembershipRow): Promise<number> {
  if (membership.default_version !== null) return membership.default_version;
  const version = await tx
    .selectFrom('versions')
    .select('id')
    .where('project', '=', project)
    .where('number', '>=', 0)
    .orderBy('number')
    .limit(1)
    .executeTakeFirst();
  if (!version) throw badRequest('The project has no version to write to.');
  return version.id;
}

const sources = {
  localization: sql`SELECT id, attribute_types FROM entity_types WHERE kind = 'localization'`,
  state: sql`SELECT id, attribute_types FROM entity_types WHERE kind = 'state'`,
  media: sql`SELECT id, attribute_types FROM entity_types WHERE kind = 'media'`,
  leaf: sql`SELECT id, attribute_types FROM entity_types WHERE kind = 'leaf'`,
  file: sql`SELECT id, attribute_types FROM entity_types WHERE kind = 'file'`,
  version: sql`SELECT id FROM versions WHERE true`,
  'media object': sql`SELECT id FROM media WHERE NOT deleted`,
  'localization object': sql`SELECT id FROM localizations WHERE NOT deleted`,
  section: sql`SELECT id FROM sections WHERE true`,
} as const;

/**
 * Checks that everything named exists and belongs to the project.
 * @returns the attribute definitions by id, for kinds of types.
 * @throws HubError 400 with the first id that does not.
 */
export async function requireAll(
  tx: Tx,
  what: keyof typeof sources,
  project: number,
  ids: readonly number[],
): Promise<Map<number, AttributeType[]>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const { rows } = await sql<{ id: number; attribute_types?: AttributeType[] }>`
    ${sources[what]} AND project = ${project} AND id = ANY(${wanted}::int[])`.execute(tx);
  const found = new Map(rows.map((row) => [row.id, row.attribute_types ?? []]));
  const missing = wanted.find((id) => !found.has(id));
  if (missing !== undefined) {
    const name = what in { localization: 1, state: 1, media: 1, leaf: 1, file: 1 } ? `${what} type` : what;
    throw badRequest(`There is no ${name} ${missing} in this project.`);
  }
  return found;
}
