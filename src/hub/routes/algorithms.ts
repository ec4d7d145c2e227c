import { text as readText } from 'node:stream/consumers';
import type { Selectable } from 'kysely';
import { requireProject, type Caller, type ProjectRow } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Algorithms, NamedValue } from '../db/schema-work.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { servedFile, servedKey, servedName, takeFile } from '../files/served-files.ts';
import { LARGEST_MANIFEST, parseManifest } from '../jobs/workflow/manifest.ts';
import { renderedOf, renderTemplate, requireTemplate } from '../jobs/templates.ts';
import { omit } from '../omit.ts';

type Row = Selectable<Algorithms>;
type Place = Pick<ProjectRow, 'id' | 'organization'>;

const LONGEST_NAME = 128;

interface Members {
  name: string;
  user: number;
  files_per_job: number;
  manifest: string | null;
  cluster: number | null;
  template: number | null;
}

interface Given extends Members {
  tparams?: readonly NamedValue[] | undefined;
  headers?: readonly NamedValue[] | undefined;
}

/** Workflows that a project runs over its media. */
export function algorithmRoutes(serve: Serve, deps: HubDeps): void {
  const { db, objects } = deps;

  serve('save_algorithm_manifest', async ({ caller, params, body }) => {
    const { project } = await requireProject(db, caller, params.project, level.edit);
    const { name, upload_url: upload } = body;
    if (name === undefined || upload === undefined) throw badRequest('name and upload_url are needed.');
    const saved = servedName(name);
    await takeFile(deps, { url: upload, project: project.id, key: servedKey(project, saved) });
    return created({ url: `${project.id}/${saved}` });
  });

  serve('register_algorithm', async ({ caller, params, body }) => {
    const { project } = await requireProject(db, caller, params.project, level.edit);
    const given = {
      ...body,
      manifest: body.manifest ?? null,
      template: body.template ?? null,
      // Without a cluster it runs where the hub runs, which is for those who keep the hub.
      cluster: body.cluster ?? null,
    };
    const members = await checkMembers(project, caller, given);
    await requireFreeName(project.id, members.name);
    const row = await db
      .insertInto('algorithms')
      .values({
        project: project.id,
        ...columnsOf(members),
        description: body.description ?? '',
        categories: [...(body.categories ?? [])],
        parameters: JSON.stringify(body.parameters ?? []),
        tparams: JSON.stringify(body.tparams ?? []),
        headers: JSON.stringify(body.headers ?? []),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created({ message: 'Algorithm registered successfully!', id: row.id });
  });

  serve('get_algorithm_list', async ({ caller, params }) => {
    await requireProject(db, caller, params.project, level.view);
    const rows = db.selectFrom('algorithms').selectAll().where('project', '=', params.project);
    return ok((await rows.orderBy('id').execute()).map(algorithmJson));
  });

  serve('get_algorithm', async ({ caller, params }) => {
    const row = await find(caller, params.id, level.view);
    return ok({ ...algorithmJson(row), ...(await renderedOf(deps, row)) });
  });

  serve('update_algorithm', async ({ caller, params, body }) => {
    const row = await find(caller, params.id, level.edit);
    const { project } = await requireProject(db, caller, row.project, level.edit);
    const given = {
      ...body,
      manifest: body.manifest ?? row.manifest,
      template: body.template ?? row.template,
      cluster: body.cluster ?? null,
    };
    const members = await checkMembers(project, caller, given);
    if (members.name !== row.name) await requireFreeName(project.id, members.name);
    await db
      .updateTable('algorithms')
      .set({
        ...columnsOf(members),
        description: body.description ?? row.description,
        categories: [...(body.categories ?? row.categories)],
        parameters: JSON.stringify(body.parameters ?? row.parameters),
        // Left out, they are emptied: so the declared defaults of the protocol have it.
        tparams: JSON.stringify(body.tparams ?? []),
        headers: JSON.stringify(body.headers ?? []),
      })
      .where('id', '=', row.id)
      .execute();
    if (row.manifest !== members.manifest) await dropManifest(project, row.manifest);
    return ok({ message: `Algorithm ${row.id} successfully updated!` });
  });

  serve('delete_algorithm', async ({ caller, params }) => {
    const row = await find(caller, params.id, level.edit);
    const { project } = await requireProject(db, caller, row.project, level.edit);
    await db.deleteFrom('algorithms').where('id', '=', row.id).execute();
    await dropManifest(project, row.manifest);
    return ok({ message: `Algorithm ${row.id} successfully deleted!` });
  });

  async function find(caller: Caller, id: number, need: Level): Promise<Row> {
    const row = await db.selectFrom('algorithms').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no algorithm ${id}.`);
    await requireProject(db, caller, row.project, need);
    return row;
  }

  /**
   * @throws HubError 400 for what does not fit, 403 for somebody who is not staff and names no cluster.
   */
  async function checkMembers(project: Place, caller: Caller, given: Given): Promise<Members> {
    const { name, user, files_per_job: filesPerJob, manifest, cluster, template } = given;
    if (manifest === null && template === null)
      throw badRequest('An algorithm needs a manifest or a template.');
    if (name.trim() === '' || name.length > LONGEST_NAME)
      throw badRequest(`An algorithm needs a name of at most ${LONGEST_NAME} characters.`);
    if (filesPerJob < 1) throw badRequest('files_per_job is at least 1.');
    await requireMember(project.id, user);
    if (cluster === null) {
      if (!caller.isStaff) throw forbidden('An algorithm without a job cluster is for staff only.');
    } else await requireCluster(project, cluster);
    if (manifest !== null) await requireManifest(project, manifest);
    if (template !== null) {
      const { tparams = [], headers = [] } = given;
      await requireTemplate(deps, caller, project, template);
      parseManifest(await renderTemplate(deps, { template, tparams, headers }));
    }
    return { name, user, files_per_job: filesPerJob, manifest, cluster, template };
  }

  async function requireMember(project: number, user: number): Promise<void> {
    const row = await db
      .selectFrom('memberships')
      .select('id')
      .where('project', '=', project)
      .where('user_id', '=', user)
      .executeTakeFirst();
    if (!row) throw badRequest(`The user ${user} is not a member of the project.`);
  }

  async function requireCluster(project: Place, cluster: number): Promise<void> {
    const row = await db
      .selectFrom('job_clusters')
      .select('id')
      .where('id', '=', cluster)
      .where('organization', '=', project.organization ?? 0)
      .executeTakeFirst();
    if (!row) throw badRequest(`There is no job cluster ${cluster} in the project's organization.`);
  }

  async function requireManifest(project: Place, url: string): Promise<void> {
    const key = servedFile(project, url);
    const info = key === undefined ? undefined : await objects.head(key);
    if (key === undefined || !info)
      throw badRequest('manifest must be the url that save_algorithm_manifest answered in this project.');
    if (info.size > LARGEST_MANIFEST) throw badRequest('The manifest is too large.');
    parseManifest(await readText(await objects.read(key)));
  }

  async function requireFreeName(project: number, name: string): Promise<void> {
    const row = await db
      .selectFrom('algorithms')
      .select('id')
      .where('project', '=', project)
      .where('name', '=', name)
      .executeTakeFirst();
    if (row) throw badRequest(`The project has an algorithm named "${name}" already.`);
  }

  /** A manifest that another algorithm was registered from stays. */
  async function dropManifest(project: Place, url: string | null): Promise<void> {
    if (url === null) return;
    const key = servedFile(project, url);
    const used = await db
      .selectFrom('algorithms')
      .select('id')
      .where('project', '=', project.id)
      .where('manifest', '=', url)
      .executeTakeFirst();
    if (key !== undefined && !used) await objects.delete(key);
  }
}

function columnsOf({ user, ...members }: Members) {
  return { ...members, user_id: user };
}

function algorithmJson(row: Row): Record<string, unknown> {
  return { ...omit(row, ['headers', 'user_id']), user: row.user_id };
}
