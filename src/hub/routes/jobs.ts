import { text as readText } from 'node:stream/consumers';
import { sql, type Selectable } from 'kysely';
import { requireProject, type Caller, type ProjectRow } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Algorithms, AlgorithmRuns } from '../db/schema-work.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { servedFile } from '../files/served-files.ts';
import { jobParameters, type AlgorithmSpec } from '../jobs/algorithm-spec.ts';
import { namespaceOf, requireImages, workflowName } from '../jobs/cluster/workflow-object.ts';
import { algorithmKind, clusterKind } from '../jobs/kinds.ts';
import { requireLocalRun } from '../jobs/local-run.ts';
import { renderTemplate } from '../jobs/templates.ts';
import type { JobRow } from '../jobs/queue.ts';
import { parseManifest } from '../jobs/workflow/manifest.ts';
import { letterOf } from '../mail/letters.ts';
import { requireAll } from '../marks/references.ts';

type Run = JobRow & Pick<Selectable<AlgorithmRuns>, 'algorithm' | 'workflow' | 'nodes' | 'log'>;

const MOST_MEDIA = 100_000;

/** Runs of algorithms over batches of media. */
export function jobRoutes(serve: Serve, deps: HubDeps): void {
  const { db, objects, algorithmQueue, clusters, makeId } = deps;
  const tells = deps.settings.extensions.has('job-log');
  const shown = (row: Run) => jobJson(row, tells);

  serve('create_job_list', async ({ caller, params, body, origin }) => {
    const { project } = await requireProject(db, caller, params.project, level.execute);
    const algorithm = await findAlgorithm(project.id, body.algorithm_name);
    if (body.media_ids.length === 0) throw badRequest('No media are named.');
    if (body.media_ids.length > MOST_MEDIA)
      throw badRequest(`At most ${MOST_MEDIA} media can be run at once.`);
    const manifest = await manifestOf(project, algorithm);
    const workflow = parseManifest(manifest);
    const success = await letterOf(deps, project.id, body.success_email_spec);
    const failure = await letterOf(deps, project.id, body.failure_email_spec);
    const gid = makeId();
    const given = [...algorithm.parameters, ...(body.extra_params ?? [])];
    const batches = inBatches([...new Set<number>(body.media_ids)], algorithm.files_per_job);
    const specs = batches.map((media) => {
      const uid = makeId();
      const parameters = {
        ...Object.fromEntries(given.map(({ name, value }) => [name, String(value)])),
        name: algorithm.name,
        media_ids: media.join(','),
        project_id: String(project.id),
        gid,
        uid,
      };
      const namespace = namespaceOf(workflow);
      const spec: AlgorithmSpec = { manifest, host: origin, parameters, namespace, success, failure };
      return { uid, media, spec };
    });
    const { cluster } = algorithm;
    if (cluster === null) {
      for (const { spec } of specs.slice(0, 1))
        await requireLocalRun(deps, workflow, jobParameters(spec, ''));
    } else {
      requireImages(workflow);
      await clusters.probe(cluster, manifest);
    }
    await db.transaction().execute(async (tx) => {
      await requireAll(tx, 'media object', project.id, body.media_ids);
      for (const { uid, media, spec } of specs) {
        const row = {
          uid,
          gid,
          kind: cluster === null ? algorithmKind : clusterKind,
          project: project.id,
          user: caller.id,
          media,
        };
        await algorithmQueue.add({ ...row, spec: { ...spec } }, tx);
        const run = {
          uid,
          algorithm: algorithm.id,
          cluster,
          workflow: workflowName(algorithm.name, uid),
        };
        await tx.insertInto('algorithm_runs').values(run).execute();
      }
    });
    const uids = specs.map(({ uid }) => uid);
    algorithmQueue.wake();
    clusters.wake();
    const order = new Map(uids.map((uid, index) => [uid, index]));
    const rows = await runs(sql`jobs.gid = ${gid}`);
    rows.sort((a, b) => (order.get(a.uid) ?? 0) - (order.get(b.uid) ?? 0));
    const message = `Submitted ${uids.length} jobs of "${algorithm.name}"!`;
    return created({ message, id: uids, object: rows.map(shown) });
  });

  serve('get_job_list', async ({ caller, params, query }) => {
    await requireProject(db, caller, params.project, level.view);
    return ok((await chosen(params.project, query)).map(shown));
  });

  // Without gid the original cancels all of the project, whatever media_id says; here media_id counts.
  serve('delete_job_list', async ({ caller, params, query }) => {
    await requireProject(db, caller, params.project, level.execute);
    const rows = await chosen(params.project, query);
    for (const row of rows) await cancel(row);
    return ok({ message: `Cancelled ${rows.length} jobs!` });
  });

  serve('get_job', async ({ caller, params }) => {
    const row = await find(caller, params.uid, level.view);
    return ok(tells ? { ...shown(row), log: row.log } : shown(row));
  });

  serve('delete_job', async ({ caller, params }) => {
    const row = await find(caller, params.uid, level.execute);
    await cancel(row);
    return ok({ message: `Job ${row.uid} cancelled!` });
  });

  function cancel({ uid, kind }: Run): Promise<void> {
    return kind === clusterKind ? clusters.cancel(uid) : algorithmQueue.cancel(uid);
  }

  async function findAlgorithm(project: number, name: string): Promise<Selectable<Algorithms>> {
    const rows = db
      .selectFrom('algorithms')
      .selectAll()
      .where('project', '=', project)
      .where('name', '=', name);
    const row = await rows.executeTakeFirst();
    if (!row) throw notFound(`There is no algorithm "${name}" in this project.`);
    return row;
  }

  /** The text of the workflow as it is now: the run keeps it, whatever becomes of the file or the template. */
  async function manifestOf(
    project: Pick<ProjectRow, 'id' | 'organization'>,
    { manifest, template, tparams, headers }: Selectable<Algorithms>,
  ): Promise<string> {
    if (template !== null) return renderTemplate(deps, { template, tparams, headers });
    const key = servedFile(project, manifest ?? '');
    if (key === undefined || !(await objects.head(key)))
      throw badRequest('The manifest of the algorithm is missing.');
    return readText(await objects.read(key));
  }

  async function chosen(
    project: number,
    { gid, media_id: media }: { gid?: string | undefined; media_id?: readonly number[] | undefined },
  ): Promise<Run[]> {
    return runs(sql`jobs.project = ${project}
      AND (${gid ?? null}::text IS NULL OR jobs.gid = ${gid ?? null}::text)
      AND (${media === undefined}::boolean OR jobs.media && ${[...(media ?? [])]}::int[])`);
  }

  async function find(caller: Caller, uid: string, need: Level): Promise<Run> {
    const [row] = await runs(sql`jobs.uid::text = ${uid}`);
    if (!row) throw notFound(`There is no job ${uid}.`);
    await requireProject(db, caller, row.project, need);
    return row;
  }

  async function runs(condition: ReturnType<typeof sql>): Promise<Run[]> {
    const { rows } = await sql<Run>`
      SELECT jobs.*, run.algorithm, run.workflow, run.nodes, run.log
      FROM jobs JOIN algorithm_runs AS run ON run.uid = jobs.uid
      WHERE ${condition} ORDER BY jobs.created, jobs.uid`.execute(db);
    return rows;
  }
}

function inBatches(media: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(media.length / size) }, (_, i) =>
    media.slice(i * size, (i + 1) * size),
  );
}

/** Project and user as text, as clients know them. `tells`: with `progress` and `message`, which are ours. */
function jobJson(row: Run, tells: boolean): Record<string, unknown> {
  return {
    id: row.workflow,
    uid: row.uid,
    gid: row.gid,
    project: String(row.project),
    user: String(row.user_id),
    alg_id: row.algorithm,
    media_ids: row.media,
    nodes: row.nodes,
    status: row.status,
    start_time: row.start_time,
    stop_time: row.stop_time,
    ...(tells ? { progress: row.progress, message: row.message } : {}),
  };
}
