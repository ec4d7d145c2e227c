import { level } from '../access/levels.ts';
import type { Tx } from '../db/database.ts';
import type { HubDeps } from '../deps.ts';
import type { FirstUsers } from '../first-users.ts';
import { childPath } from '../leaf-paths.ts';
import { createProject } from '../routes/projects.ts';
import { detailDefaults } from '../routes/types.ts';
import type { AttributeType, TypeKind } from '../db/schema.ts';
import { annotationAttributes, leafAttributes, mediaAttributes, speciesColors } from './sample-attributes.ts';
import { readTaxonomy, type Taxon } from './taxonomy.ts';

export const SAMPLE_PROJECT = 'Sample dives';
const SAMPLE_ORGANIZATION = 'Sample organization';

/**
 * The sample project, made once: whoever renamed or deleted it meanwhile keeps it so, because the
 * organization is what marks that it was made.
 */
export async function ensureSample(deps: HubDeps, users: FirstUsers): Promise<void> {
  const taxonomy = await readTaxonomy();
  await deps.db.transaction().execute(async (tx) => {
    const known = await tx
      .selectFrom('organizations')
      .select('id')
      .where('name', '=', SAMPLE_ORGANIZATION)
      .executeTakeFirst();
    if (!known) await seed(tx, deps, { admin: users.admin.id, annotator: users.annotator?.id, taxonomy });
  });
}

interface Seed {
  admin: number;
  annotator: number | undefined;
  taxonomy: Taxon[];
}

async function seed(tx: Tx, { clock, makeId }: HubDeps, { admin, annotator, taxonomy }: Seed): Promise<void> {
  const organization = await tx
    .insertInto('organizations')
    .values({ name: SAMPLE_ORGANIZATION })
    .returning('id')
    .executeTakeFirstOrThrow();
  await tx
    .insertInto('affiliations')
    .values({ user_id: admin, organization_id: organization.id, permission: 'Admin' })
    .execute();
  const project = await createProject(tx, {
    caller: { id: admin },
    name: SAMPLE_PROJECT,
    summary: 'A project to try everything on.',
    organization: organization.id,
    enable_downloads: true,
    elemental_id: makeId(),
    now: clock.now(),
  });
  if (annotator !== undefined) {
    await tx
      .insertInto('memberships')
      .values({ project, user_id: annotator, level: level.transfer })
      .execute();
    await tx
      .insertInto('affiliations')
      .values({ user_id: annotator, organization_id: organization.id, permission: 'Member' })
      .execute();
  }
  await seedVersions(tx, { project, admin, makeId });
  await seedTypes(tx, { project, makeId });
  await seedLeaves(tx, { project, taxonomy, makeId });
  await tx
    .insertInto('sections')
    .values({
      project,
      name: SAMPLE_PROJECT,
      path: 'Sample_dives',
      dtype: 'folder',
      tator_user_sections: makeId(),
      elemental_id: makeId(),
      created_by: admin,
      created_datetime: new Date(clock.now()),
    })
    .execute();
}

interface Place {
  project: number;
  makeId: () => string;
}

async function seedVersions(tx: Tx, { project, admin, makeId }: Place & { admin: number }): Promise<void> {
  const baseline = await tx
    .updateTable('versions')
    .set({ elemental_id: makeId() })
    .where('project', '=', project)
    .returning('id')
    .executeTakeFirstOrThrow();
  await tx
    .insertInto('versions')
    .values({
      project,
      name: 'Review',
      description: 'Corrections over the baseline',
      number: 1,
      bases: [baseline.id],
      created_by: admin,
      elemental_id: makeId(),
    })
    .execute();
}

async function seedTypes(tx: Tx, { project, makeId }: Place): Promise<void> {
  const add = async (kind: TypeKind, type: NewType): Promise<number> => {
    const { details, attribute_types, ...columns } = type;
    const row = await tx
      .insertInto('entity_types')
      .values({
        project,
        kind,
        ...columns,
        attribute_types: JSON.stringify(attribute_types),
        details: JSON.stringify({ ...detailDefaults[kind], ...details }),
        elemental_id: makeId(),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return row.id;
  };
  const video = await add('media', { name: 'Dive video', dtype: 'video', attribute_types: mediaAttributes });
  const image = await add('media', { name: 'Still image', dtype: 'image', attribute_types: mediaAttributes });
  const media = [video, image];
  const drawn = annotationAttributes(project);
  const shapes = { box: 'Animal box', line: 'Measurement line', dot: 'Animal dot', poly: 'Habitat outline' };
  for (const [dtype, name] of Object.entries(shapes)) {
    const details = { color_map: speciesColors, line_width: 3 };
    await add('localization', { name, dtype, media, attribute_types: drawn, details });
  }
  await add('state', {
    name: 'Track',
    dtype: 'state',
    media: [video],
    attribute_types: drawn,
    details: { association: 'Localization', interpolation: 'none', delete_child_localizations: true },
  });
  await add('state', {
    name: 'Activity',
    dtype: 'state',
    media: [video],
    attribute_types: activityAttributes,
    details: { association: 'Frame', interpolation: 'latest' },
  });
  await add('state', {
    name: 'Dive summary',
    dtype: 'state',
    media,
    attribute_types: summaryAttributes,
    details: { association: 'Media', interpolation: 'none' },
  });
  await add('file', { name: 'Dive report', dtype: 'file', attribute_types: [] });
}

interface NewType {
  name: string;
  dtype: string;
  media?: number[];
  attribute_types: AttributeType[];
  details?: Record<string, unknown>;
}

const activityAttributes: AttributeType[] = [
  {
    name: 'Activity',
    dtype: 'enum',
    choices: ['Descending', 'On bottom', 'Transit', 'Ascending'],
    default: 'On bottom',
    required: false,
    order: 0,
  },
  { name: 'Comment', dtype: 'string', style: 'long_string', required: false, order: 1 },
];

const summaryAttributes: AttributeType[] = [
  { name: 'Chief scientist', dtype: 'string', required: false, order: 0 },
  { name: 'Summary', dtype: 'string', style: 'long_string', required: false, order: 1 },
];

async function seedLeaves(
  tx: Tx,
  { project, taxonomy, makeId }: Place & { taxonomy: Taxon[] },
): Promise<void> {
  const type = await tx
    .insertInto('entity_types')
    .values({
      project,
      kind: 'leaf',
      dtype: 'leaf',
      name: 'Taxonomy',
      description: 'Marine animals, phylum to species',
      attribute_types: JSON.stringify(leafAttributes),
      details: JSON.stringify(detailDefaults.leaf),
      elemental_id: makeId(),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const add = async (taxon: Taxon, parent: { id: number; path: string } | undefined): Promise<void> => {
    const path = childPath(parent?.path ?? childPath(undefined, SAMPLE_PROJECT), taxon.name);
    const attributes = {
      rank: taxon.rank,
      ...(taxon.alias === undefined ? {} : { alias: taxon.alias }),
    };
    const { id } = await tx
      .insertInto('leaves')
      .values({
        project,
        type: type.id,
        name: taxon.name,
        parent: parent?.id ?? null,
        path,
        attributes: JSON.stringify(attributes),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    for (const child of taxon.children ?? []) await add(child, { id, path });
  };
  for (const root of taxonomy) await add(root, undefined);
}
