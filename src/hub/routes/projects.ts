import { sql, type Selectable } from 'kysely';
import { requireOrganization, requireProject, type Caller } from '../access/access.ts';
import { labelOf, level, levelLabels, levelOf } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Db, Tx } from '../db/database.ts';
import type { Memberships, Projects, Users } from '../db/schema.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { checkElementalId } from '../marks/writing.ts';
import { requireBuckets } from './buckets.ts';

export function projectRoutes(serve: Serve, { db, clock }: HubDeps): void {
  serve('create_project', async ({ caller, body }) => {
    await requireOrganization(db, caller, body.organization, 'Admin');
    const buckets = bucketsOf(body);
    await requireBuckets(db, body.organization, Object.values(buckets));
    const id = await db.transaction().execute((tx) =>
      createProject(tx, {
        caller,
        name: body.name,
        summary: body.summary ?? '',
        organization: body.organization,
        enable_downloads: body.enable_downloads ?? true,
        elemental_id: checkElementalId(body.elemental_id) ?? null,
        ...buckets,
        now: clock.now(),
      }),
    );
    const object = await readProject(db, caller, id);
    return created({ message: `Project ${body.name} created successfully!`, id, object });
  });

  serve('get_project_list', async ({ caller, query }) => {
    let rows = db
      .selectFrom('projects')
      .innerJoin('memberships', 'memberships.project', 'projects.id')
      .selectAll('projects')
      .select('memberships.level')
      .where('memberships.user_id', '=', caller.id);
    if (query.organization !== undefined) rows = rows.where('organization', '=', query.organization);
    const elemental = checkElementalId(query.elemental_id);
    if (elemental !== undefined) rows = rows.where('elemental_id', '=', elemental);
    const list = await rows.orderBy('projects.id').execute();
    return ok(await Promise.all(list.map((row) => projectJson(db, caller, row))));
  });

  serve('get_project', async ({ caller, params }) => ok(await readProject(db, caller, params.id)));

  serve('update_project', async ({ caller, params, body }) => {
    const { project } = await requireProject(db, caller, params.id, level.full);
    const buckets = bucketsOf(body);
    await requireBuckets(db, project.organization, Object.values(buckets));
    const elemental = checkElementalId(body.elemental_id);
    const set = {
      ...(body.name === undefined ? {} : { name: body.name }),
      ...(body.summary === undefined ? {} : { summary: body.summary }),
      ...(body.enable_downloads === undefined ? {} : { enable_downloads: body.enable_downloads }),
      ...(elemental === undefined ? {} : { elemental_id: elemental }),
      ...buckets,
    };
    if (Object.keys(set).length === 0) throw badRequest('Nothing to change was given.');
    await db.updateTable('projects').set(set).where('id', '=', params.id).execute();
    const object = await readProject(db, caller, params.id);
    return ok({ message: `Project ${params.id} updated successfully!`, object });
  });

  serve('delete_project', async ({ caller, params }) => {
    const { project } = await requireProject(db, caller, params.id, level.view);
    if (project.creator !== caller.id) throw forbidden('Only its creator can delete a project.');
    await db.deleteFrom('projects').where('id', '=', params.id).execute();
    return ok({ message: `Project ${params.id} deleted successfully!` });
  });

  serve('get_membership_list', async ({ caller, params }) => {
    await requireProject(db, caller, params.project, level.view);
    const rows = await memberships(db)
      .where('project', '=', params.project)
      .orderBy('last_name')
      .orderBy('username')
      .execute();
    return ok(rows.map(membershipJson));
  });

  serve('get_membership', async ({ caller, params }) =>
    ok(membershipJson(await findMembership(caller, params.id, level.view))),
  );

  serve('create_membership', async ({ caller, params, body }) => {
    await requireProject(db, caller, params.project, level.full);
    const row = await db
      .insertInto('memberships')
      .values({
        project: params.project,
        user_id: body.user,
        level: levelOf(body.permission),
        default_version: body.default_version ?? null,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created({ message: 'Membership successfully created!', id: row.id });
  });

  serve('update_membership', async ({ caller, params, body }) => {
    const row = await findMembership(caller, params.id, level.full);
    await db
      .updateTable('memberships')
      .set({
        level: body.permission === undefined ? row.level : levelOf(body.permission),
        default_version: body.default_version ?? row.default_version,
      })
      .where('id', '=', row.id)
      .execute();
    return ok({ message: `Membership ${row.id} successfully updated!` });
  });

  serve('delete_membership', async ({ caller, params }) => {
    const row = await findMembership(caller, params.id, level.full);
    await db.deleteFrom('memberships').where('id', '=', row.id).execute();
    return ok({ message: `Membership ${row.id} successfully deleted!` });
  });

  async function findMembership(caller: Caller, id: number, need: 1 | 5) {
    const row = await memberships(db).where('memberships.id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no membership ${id}.`);
    await requireProject(db, caller, row.project, need);
    return row;
  }
}

function memberships(db: Db) {
  return db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select(['memberships.id', 'project', 'user_id', 'level', 'default_version'])
    .select(['username', 'first_name', 'last_name', 'email']);
}

type MembershipRow = Selectable<Memberships> &
  Pick<Selectable<Users>, 'username' | 'first_name' | 'last_name' | 'email'>;

function membershipJson({ user_id, level: stored, ...row }: MembershipRow): Record<string, unknown> {
  return { ...row, user: user_id, permission: labelOf(stored) };
}

export interface NewProject {
  caller: Pick<Caller, 'id'>;
  name: string;
  summary: string;
  organization: number;
  enable_downloads: boolean;
  elemental_id: string | null;
  now: number;
}

/** A project with what every project begins with: the version "Baseline" and its members. */
export async function createProject(tx: Tx, { caller, now, ...columns }: NewProject): Promise<number> {
  const { id } = await tx
    .insertInto('projects')
    .values({ ...columns, creator: caller.id, created: new Date(now) })
    .returning('id')
    .executeTakeFirstOrThrow();
  await tx
    .insertInto('versions')
    .values({
      project: id,
      name: 'Baseline',
      description: 'Initial version',
      number: 0,
      created_by: caller.id,
    })
    .execute();
  const members = await initialMembers(tx, columns.organization);
  members.set(caller.id, level.full);
  await tx
    .insertInto('memberships')
    .values([...members].map(([user_id, granted]) => ({ project: id, user_id, level: granted })))
    .execute();
  return id;
}

/** Everybody affiliated gets the organization's default level, when it has one. */
async function initialMembers(tx: Tx, organization: number): Promise<Map<number, number>> {
  const { default_membership_permission: label } = await tx
    .selectFrom('organizations')
    .select('default_membership_permission')
    .where('id', '=', organization)
    .executeTakeFirstOrThrow();
  const granted = levelLabels.findIndex((known) => known === label) + 1;
  if (granted === 0) return new Map();
  const users = await tx
    .selectFrom('affiliations')
    .select('user_id')
    .where('organization_id', '=', organization)
    .execute();
  return new Map(users.map(({ user_id }) => [user_id, granted]));
}

async function readProject(db: Db, caller: Caller, id: number): Promise<Record<string, unknown>> {
  const { project, membership } = await requireProject(db, caller, id, level.view);
  return projectJson(db, caller, { ...project, level: membership.level });
}

async function projectJson(
  db: Db,
  caller: Caller,
  row: Selectable<Projects> & { level: number },
): Promise<Record<string, unknown>> {
  const { level: stored, creator, ...project } = row;
  const totals = await sql<{ num_files: number; duration: number; size: number; usernames: string[] | null }>`
    SELECT
      (SELECT count(*)::int FROM media WHERE project = ${row.id} AND NOT deleted) AS num_files,
      (SELECT coalesce(sum(num_frames / nullif(fps, 0)), 0)::int FROM media
        WHERE project = ${row.id} AND NOT deleted) AS duration,
      (SELECT coalesce(sum((file ->> 'size')::float8), 0)::float8 FROM media,
        jsonb_path_query(media_files, '$.*[*]') AS file
        WHERE project = ${row.id} AND NOT deleted AND file ? 'size') AS size,
      (SELECT array_agg(username ORDER BY username) FROM memberships
        JOIN users ON users.id = user_id WHERE project = ${row.id}) AS usernames`.execute(db);
  return {
    ...project,
    ...totals.rows[0],
    permission: creator === caller.id ? 'Creator' : labelOf(stored),
    effective_permission: 0,
  };
}

interface ProjectBuckets {
  bucket?: number;
  upload_bucket?: number;
  backup_bucket?: number;
}

/** Those that were named; none can be cleared. */
function bucketsOf(body: { [Role in keyof ProjectBuckets]?: number | undefined }): ProjectBuckets {
  const roles = ['bucket', 'upload_bucket', 'backup_bucket'] as const;
  return Object.fromEntries(roles.flatMap((role) => (body[role] === undefined ? [] : [[role, body[role]]])));
}
