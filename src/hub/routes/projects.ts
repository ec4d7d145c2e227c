import { sql, type Selectable } from 'kysely';
import { requireOrganization, requireProject, type Caller } from '../access/access.ts';
import { labelOf, level, levelLabels, levelOf } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Db, Tx } from '../db/database.ts';
import type { Memberships, Projects, Users } from '../db/schema.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { downloadUrl } from '../files/presign.ts';
import { checkElementalId } from '../marks/writing.ts';
import { requireBuckets } from './buckets.ts';

/** Life of the URL of a picture, s. */
const THUMB_SECONDS = 8 * 3600;

export function projectRoutes(serve: Serve, deps: HubDeps): void {
  const { db, clock, objects } = deps;

  serve('create_project', async ({ caller, body, origin }) => {
    await requireOrganization(db, caller, body.organization, 'Admin');
    const buckets = bucketsOf(body);
    await requireBuckets(db, body.organization, Object.values(buckets));
    const id = await db.transaction().execute(async (tx) => {
      await requireFreeName(tx, caller, body.name);
      return createProject(tx, {
        caller,
        name: body.name,
        summary: body.summary ?? '',
        organization: body.organization,
        enable_downloads: body.enable_downloads ?? true,
        elemental_id: checkElementalId(body.elemental_id) ?? null,
        ...buckets,
        now: clock.now(),
      });
    });
    const object = await readProject(caller, id, origin);
    return created({ message: `Project ${body.name} created successfully!`, id, object });
  });

  serve('get_project_list', async ({ caller, query, origin }) => {
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
    return ok(await Promise.all(list.map((row) => projectJson(caller, row, origin))));
  });

  serve('get_project', async ({ caller, params, origin }) =>
    ok(await readProject(caller, params.id, origin)),
  );

  serve('update_project', async ({ caller, params, body, origin }) => {
    const { project } = await requireProject(db, caller, params.id, level.full);
    const buckets = bucketsOf(body);
    await requireBuckets(db, project.organization, Object.values(buckets));
    const elemental = checkElementalId(body.elemental_id);
    const set = {
      ...(body.name === undefined ? {} : { name: body.name }),
      ...(body.summary === undefined ? {} : { summary: body.summary }),
      ...(body.enable_downloads === undefined ? {} : { enable_downloads: body.enable_downloads }),
      ...(elemental === undefined ? {} : { elemental_id: elemental }),
      ...(body.thumb === undefined ? {} : { thumb: await keptThumb(caller, project, body.thumb) }),
      ...buckets,
    };
    if (Object.keys(set).length === 0) throw badRequest('Nothing to change was given.');
    await db.transaction().execute(async (tx) => {
      if (body.name !== undefined) await requireFreeName(tx, caller, body.name);
      await tx.updateTable('projects').set(set).where('id', '=', params.id).execute();
    });
    // The same upload again is kept under the same key.
    if (set.thumb !== undefined && project.thumb !== '' && set.thumb !== project.thumb)
      await objects.delete(project.thumb);
    const object = await readProject(caller, params.id, origin);
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

  /** Takes a picture over from the caller's uploads; the key under which it is kept. */
  async function keptThumb(caller: Caller, project: Selectable<Projects>, key: string): Promise<string> {
    const owner = `${project.organization ?? 0}/${project.id}`;
    const name = new RegExp(`^_uploads/[^/]+/${owner}/${caller.id}/([^/]+)$`).exec(key)?.[1];
    if (name === undefined) throw badRequest('The picture is not an upload of yours to this project.');
    if (!(await objects.head(key))) throw badRequest(`There is no object ${key}.`);
    const kept = `${owner}/${name}`;
    await objects.put(kept, await objects.read(key));
    return kept;
  }

  async function readProject(caller: Caller, id: number, origin: string): Promise<Record<string, unknown>> {
    const { project, membership } = await requireProject(db, caller, id, level.view);
    return projectJson(caller, { ...project, level: membership.level }, origin);
  }

  async function projectJson(
    caller: Caller,
    row: Selectable<Projects> & { level: number },
    origin: string,
  ): Promise<Record<string, unknown>> {
    const { level: stored, creator, thumb, ...project } = row;
    const expires = Math.floor(clock.now() / 1000) + THUMB_SECONDS;
    return {
      ...project,
      ...(await totalsOf(db, row.id)),
      thumb: thumb === '' ? null : downloadUrl({ signer: deps.signer, origin, expires }, thumb),
      permission: creator === caller.id ? 'Creator' : labelOf(stored),
      effective_permission: 0,
    };
  }

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

async function totalsOf(db: Db, id: number): Promise<Record<string, unknown>> {
  const { rows } = await sql<Record<string, unknown>>`
    SELECT
      (SELECT count(*)::int FROM media WHERE project = ${id} AND NOT deleted) AS num_files,
      (SELECT coalesce(sum(num_frames / nullif(fps, 0)), 0)::int FROM media
        WHERE project = ${id} AND NOT deleted) AS duration,
      (SELECT coalesce(sum((file ->> 'size')::float8), 0)::float8 FROM media,
        jsonb_path_query(media_files, '$.*[*]') AS file
        WHERE project = ${id} AND NOT deleted AND file ? 'size') AS size,
      (SELECT array_agg(username ORDER BY username) FROM memberships
        JOIN users ON users.id = user_id WHERE project = ${id}) AS usernames`.execute(db);
  return rows[0] ?? {};
}

/** Names differ, whatever the case, among the projects of one user; one that stays is taken too. */
async function requireFreeName(tx: Tx, caller: Pick<Caller, 'id'>, name: string): Promise<void> {
  if (name.trim() === '') throw badRequest('The name is empty.');
  const taken = await tx
    .selectFrom('projects')
    .innerJoin('memberships', 'memberships.project', 'projects.id')
    .select('projects.id')
    .where('user_id', '=', caller.id)
    .where((where) => where(where.fn('lower', ['name']), '=', name.toLowerCase()))
    .executeTakeFirst();
  if (taken) throw badRequest(`There already is a project "${name}".`);
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
