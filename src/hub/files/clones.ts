import { sql } from 'kysely';
import { attributesForCreate, SECTION_ATTRIBUTE } from '../attributes.ts';
import type { Db, Tx } from '../db/database.ts';
import type { AttributeType } from '../db/schema.ts';
import { badRequest } from '../errors.ts';
import { hasParts } from './compose-media.ts';
import type { MediaRow } from './media-row.ts';

export interface CloneTarget {
  project: number;
  /** -1: the first type of the destination that holds the same kind of media. */
  type: number;
  section: { id: number; tator_user_sections: string | null } | undefined;
  user: number;
  now: number;
}

interface MediaType {
  id: number;
  dtype: string;
  attribute_types: AttributeType[];
}

/**
 * New media with the files of others: both name the same objects, which no delete removes.
 * @returns their ids, in the order of the sources.
 * @throws HubError 400 for a type that the destination does not have or that holds other media.
 */
export async function cloneRows(
  tx: Tx,
  sources: readonly MediaRow[],
  target: CloneTarget,
): Promise<number[]> {
  const dtypes = await dtypesOf(tx, sources);
  const types = await typesOf(tx, target.project);
  const ids: number[] = [];
  for (const source of sources) {
    const dtype = dtypes.get(source.type) ?? '';
    if (dtype === 'multi' || hasParts(source.media_files))
      throw badRequest('Media made of other media cannot be cloned.');
    const row = await tx
      .insertInto('media')
      .values(cloneOf(source, typeFor(types, target.type, dtype), target))
      .returning('id')
      .executeTakeFirstOrThrow();
    ids.push(row.id);
  }
  return ids;
}

function cloneOf(source: MediaRow, type: MediaType, { project, section, user, now }: CloneTarget) {
  const at = new Date(now);
  const { name, md5, gid, uid, source_url, num_frames, fps, codec, width, height, summary_level } = source;
  const attributes = attributesForCreate(type.attribute_types, source.attributes, { now });
  if (section) attributes[SECTION_ATTRIBUTE] = section.tator_user_sections;
  return {
    ...{ name, md5, gid, uid, source_url, num_frames, fps, codec, width, height, summary_level },
    project,
    type: type.id,
    attributes: JSON.stringify(attributes),
    // Kept, as the original does: it tells that both are one recording.
    elemental_id: source.elemental_id,
    primary_section: section?.id ?? null,
    media_files: source.media_files === null ? null : JSON.stringify(source.media_files),
    archive_state: source.archive_state,
    archive_status_date: at,
    created_by: user,
    created_datetime: at,
    modified_by: user,
    modified_datetime: at,
  };
}

async function dtypesOf(tx: Tx, sources: readonly MediaRow[]): Promise<Map<number, string>> {
  const ids = [...new Set(sources.map(({ type }) => type))];
  if (ids.length === 0) return new Map();
  const rows = await tx.selectFrom('entity_types').select(['id', 'dtype']).where('id', 'in', ids).execute();
  return new Map(rows.map(({ id, dtype }) => [id, dtype]));
}

function typesOf(tx: Tx, project: number): Promise<MediaType[]> {
  return tx
    .selectFrom('entity_types')
    .select(['id', 'dtype', 'attribute_types'])
    .where('project', '=', project)
    .where('kind', '=', 'media')
    .orderBy('id')
    .execute();
}

function typeFor(types: readonly MediaType[], wanted: number, dtype: string): MediaType {
  const type = types.find((known) => (wanted === -1 ? known.dtype === dtype : known.id === wanted));
  if (!type)
    throw badRequest(`The destination has no media type ${wanted === -1 ? `for ${dtype}` : wanted}.`);
  if (type.dtype !== dtype) throw badRequest(`The media type ${type.id} does not hold ${dtype} media.`);
  return type;
}

/** Ids of the other media that name one of the same objects, in projects that the user is a member of. */
export async function clonesOf(db: Db, row: MediaRow, user: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    WITH own AS (
      SELECT DISTINCT file ->> 'path' AS path FROM media, jsonb_path_query(media_files, '$.*[*]') AS file
      WHERE media.id = ${row.id} AND file ->> 'path' IS NOT NULL)
    SELECT media.id FROM media
    WHERE media.id <> ${row.id} AND NOT media.deleted
      AND media.project IN (SELECT project FROM memberships WHERE user_id = ${user})
      AND EXISTS (SELECT 1 FROM jsonb_path_query(media.media_files, '$.*[*]') AS file
        JOIN own ON own.path = file ->> 'path')
    ORDER BY media.id`.execute(db);
  return rows.map(({ id }) => id);
}
