import { requireProject, type Caller } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { userByElementalId } from '../access/users.ts';
import { attributesForCreate, SECTION_ATTRIBUTE } from '../attributes.ts';
import type { Tx } from '../db/database.ts';
import type { AttributeType } from '../db/schema.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import { checkElementalId } from '../marks/writing.ts';
import type { MediaRow } from './media-row.ts';
import { folderByName } from './section-of-media.ts';

export interface MediaSpec {
  type: number;
  name: string;
  md5: string;
  url?: string | undefined;
  section?: string | undefined;
  section_id?: number | undefined;
  gid?: string | undefined;
  uid?: string | undefined;
  attributes?: Record<string, unknown> | null | undefined;
  elemental_id?: string | null | undefined;
  user_elemental_id?: string | undefined;
  num_frames?: number | null | undefined;
  fps?: number | null | undefined;
  codec?: string | null | undefined;
  width?: number | null | undefined;
  height?: number | null | undefined;
  summary_level?: number | undefined;
}

export interface NewMedia {
  caller: Caller;
  project: number;
  spec: MediaSpec;
}

/** The row of a new media; its files come later, by a transcode or from the client. */
export async function createMedia(
  tx: Tx,
  { clock, makeId }: HubDeps,
  { caller, project, spec }: NewMedia,
): Promise<MediaRow> {
  const now = clock.now();
  const type = await typeFor(tx, project, spec);
  if (spec.user_elemental_id) await requireProject(tx, caller, project, level.full);
  const user = spec.user_elemental_id ? await userByElementalId(tx, spec.user_elemental_id) : caller.id;
  const section = await sectionFor(tx, project, spec, { user, now, identifier: makeId() });
  const attributes = attributesForCreate(type.attribute_types, spec.attributes, {
    now,
    alsoAllowed: [SECTION_ATTRIBUTE],
  });
  if (section) attributes[SECTION_ATTRIBUTE] = section.tator_user_sections;
  const at = new Date(now);
  return tx
    .insertInto('media')
    .values({
      project,
      type: type.id,
      name: spec.name,
      md5: spec.md5,
      gid: spec.gid ?? null,
      uid: spec.uid ?? null,
      source_url: spec.url ?? null,
      attributes: JSON.stringify(attributes),
      elemental_id: checkElementalId(spec.elemental_id) ?? makeId(),
      primary_section: section?.id ?? null,
      media_files: type.dtype === 'image' ? '{}' : null,
      num_frames: spec.num_frames ?? null,
      fps: spec.fps ?? null,
      codec: spec.codec ?? null,
      width: spec.width ?? null,
      height: spec.height ?? null,
      summary_level: spec.summary_level ?? null,
      archive_status_date: at,
      created_by: user,
      created_datetime: at,
      modified_by: user,
      modified_datetime: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

const imageEndings = /\.(png|jpe?g|gif|bmp|tiff?|webp|avif|heic)$/i;

async function typeFor(
  tx: Tx,
  project: number,
  { type, name }: MediaSpec,
): Promise<{ id: number; dtype: string; attribute_types: AttributeType[] }> {
  const types = tx
    .selectFrom('entity_types')
    .select(['id', 'dtype', 'attribute_types'])
    .where('project', '=', project)
    .where('kind', '=', 'media');
  const row =
    type === -1
      ? await types
          .where('dtype', '=', imageEndings.test(name) ? 'image' : 'video')
          .orderBy('id')
          .executeTakeFirst()
      : await types.where('id', '=', type).executeTakeFirst();
  if (!row) throw badRequest(`There is no media type ${type} in this project.`);
  return row;
}

async function sectionFor(
  tx: Tx,
  project: number,
  { section, section_id }: MediaSpec,
  options: { user: number; now: number; identifier: string },
): Promise<{ id: number; tator_user_sections: string | null } | undefined> {
  if (section_id !== undefined) {
    const row = await tx
      .selectFrom('sections')
      .select(['id', 'dtype', 'tator_user_sections'])
      .where('id', '=', section_id)
      .where('project', '=', project)
      .executeTakeFirst();
    if (row?.dtype !== 'folder') throw badRequest(`There is no folder ${section_id} in this project.`);
    return row;
  }
  return section ? folderByName(tx, project, section, options) : undefined;
}
