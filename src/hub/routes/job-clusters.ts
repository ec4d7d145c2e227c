import { requireOrganization, type Caller } from '../access/access.ts';
import { created, ok, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';

const HIGHEST_PORT = 65_535;

interface Spec {
  name: string;
  host: string;
  port: number;
  token: string;
  cert: string;
}

/** Kubernetes clusters of an organization that run its algorithms; a matter of its administrators. */
export function jobClusterRoutes(serve: Serve, { db }: HubDeps): void {
  serve('create_job_cluster', async ({ caller, params, body }) => {
    await requireOrganization(db, caller, params.organization, 'Admin');
    const spec = checkSpec(body);
    await requireFreeName(params.organization, spec.name);
    const row = await db
      .insertInto('job_clusters')
      .values({ organization: params.organization, ...spec })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created({ message: `Job cluster ${spec.name} created!`, id: row.id });
  });

  serve('get_job_cluster_list', async ({ caller, params }) => {
    await requireOrganization(db, caller, params.organization, 'Admin');
    const rows = db.selectFrom('job_clusters').selectAll().where('organization', '=', params.organization);
    return ok(await rows.orderBy('id').execute());
  });

  serve('get_job_cluster', async ({ caller, params }) => ok(await find(caller, params.id)));

  serve('update_job_cluster', async ({ caller, params, body }) => {
    const row = await find(caller, params.id);
    const spec = checkSpec({ ...pick(row), ...body });
    if (spec.name !== row.name) await requireFreeName(row.organization, spec.name);
    await db.updateTable('job_clusters').set(spec).where('id', '=', row.id).execute();
    // The protocol answers 201 here.
    return created({ message: `Job cluster ${row.id} successfully updated!` });
  });

  serve('delete_job_cluster', async ({ caller, params }) => {
    const row = await find(caller, params.id);
    const used = await db
      .selectFrom('algorithms')
      .select('name')
      .where('cluster', '=', row.id)
      .executeTakeFirst();
    if (used) throw badRequest(`The algorithm "${used.name}" runs on this cluster.`);
    const open = await db
      .selectFrom('jobs')
      .innerJoin('algorithm_runs as run', 'run.uid', 'jobs.uid')
      .select('jobs.uid')
      .where('run.cluster', '=', row.id)
      .where('jobs.status', 'in', ['Pending', 'Running'])
      .executeTakeFirst();
    if (open) throw badRequest(`The job ${open.uid} still runs on this cluster.`);
    await db.deleteFrom('job_clusters').where('id', '=', row.id).execute();
    return ok({ message: `Job cluster ${row.id} successfully deleted!` });
  });

  async function find(caller: Caller, id: number) {
    const row = await db.selectFrom('job_clusters').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no job cluster ${id}.`);
    await requireOrganization(db, caller, row.organization, 'Admin');
    return row;
  }

  async function requireFreeName(organization: number, name: string): Promise<void> {
    const row = await db
      .selectFrom('job_clusters')
      .select('id')
      .where('organization', '=', organization)
      .where('name', '=', name)
      .executeTakeFirst();
    if (row) throw badRequest(`The organization has a job cluster named "${name}" already.`);
  }
}

function pick({ name, host, port, token, cert }: Spec): Spec {
  return { name, host, port, token, cert };
}

function checkSpec(given: Spec): Spec {
  const spec = pick(given);
  if (spec.name.trim() === '' || spec.host.trim() === '')
    throw badRequest('A cluster needs a name and a host.');
  if (!Number.isInteger(spec.port) || spec.port < 1 || spec.port > HIGHEST_PORT)
    throw badRequest(`A port is a number from 1 to ${HIGHEST_PORT}.`);
  return spec;
}
