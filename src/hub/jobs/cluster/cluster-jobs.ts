import { sql, type Selectable } from 'kysely';
import type { JobClusters } from '../../db/schema-work.ts';
import type { HubDeps } from '../../deps.ts';
import { HubError } from '../../errors.ts';
import { clusterKind } from '../kinds.ts';
import { parseManifest } from '../workflow/manifest.ts';
import type { AlgorithmSpec } from '../algorithm-spec.ts';
import { ArgoApi } from './argo.ts';
import { ClusterTender, type ClusterRow } from './cluster-tender.ts';
import { KubeClient } from './kube-client.ts';
import { namespaceOf } from './workflow-object.ts';

type Cluster = Selectable<JobClusters>;
type Deps = Pick<HubDeps, 'db' | 'remote' | 'clock' | 'mailer' | 'objects' | 'report'>;

/** Clusters are asked so often while jobs of theirs are open, ms. */
const POLL_MS = 3_000;
/** Patience with one cluster in one round, ms. */
const ROUND_MS = 120_000;

/**
 * Jobs that run on clusters. The rows of the database are what is wanted, the workflows of the clusters
 * what is; each round brings them together, and can be repeated at any point: by this hub after a crash,
 * by another hub at the same time.
 *
 *     row, not handed over --submit--> workflow --status--> row ... --over--> row ends, mail, logs
 *     row, to be cancelled --delete--> no workflow -------------------------> row ends
 */
export class ClusterJobs {
  readonly #deps: Deps;
  readonly #stopped = new AbortController();
  #wake: () => void = () => undefined;
  #loop: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Begins to look after the jobs. @returns its stop */
  start(): () => Promise<void> {
    this.#loop = this.#run();
    return async () => {
      this.#stopped.abort();
      this.#wake();
      await this.#loop;
    };
  }

  /** There may be something to do. */
  wake(): void {
    this.#wake();
  }

  /** Whether workflows of a manifest could be sent now. @throws HubError 400, 503 */
  async probe(id: number, manifest: string): Promise<void> {
    const rows = this.#deps.db.selectFrom('job_clusters').selectAll().where('id', '=', id);
    const cluster = await rows.executeTakeFirst();
    if (!cluster) throw new HubError(400, `There is no job cluster ${id}.`);
    await this.#with(cluster, (client) => new ArgoApi(client, namespaceOf(parseManifest(manifest))).probe());
  }

  /** Asks for the end of a job; one that was not handed over yet ends at once. */
  async cancel(uid: string): Promise<void> {
    await sql`UPDATE jobs SET cancel_requested = true,
        status = CASE WHEN attempts = 0 THEN 'Failed' ELSE status END,
        message = CASE WHEN attempts = 0 THEN 'Cancelled.' ELSE message END,
        stop_time = CASE WHEN attempts = 0 THEN now() ELSE stop_time END
      WHERE uid = ${uid} AND kind = ${clusterKind} AND status IN ('Pending', 'Running')`.execute(
      this.#deps.db,
    );
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped()) {
      // Before the round, so that what comes during it is not slept over.
      const pause = this.#pause();
      await this.#round().catch((error: unknown) => {
        if (!this.#isStopped()) this.#deps.report(error, 'jobs on clusters');
      });
      await pause;
    }
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(POLL_MS, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async #round(): Promise<void> {
    const { rows } = await sql<ClusterRow>`
      SELECT jobs.*, run.algorithm, run.cluster, run.workflow
      FROM jobs JOIN algorithm_runs AS run ON run.uid = jobs.uid
      WHERE jobs.kind = ${clusterKind} AND jobs.status IN ('Pending', 'Running')
      ORDER BY jobs.created, jobs.uid`.execute(this.#deps.db);
    if (rows.length === 0) return;
    const clusters = await this.#deps.db.selectFrom('job_clusters').selectAll().execute();
    const groups = new Map<string, ClusterRow[]>();
    for (const row of rows) {
      const place = `${row.cluster} ${namespaceOfRow(row)}`;
      const group = groups.get(place) ?? [];
      group.push(row);
      groups.set(place, group);
    }
    await Promise.all(
      [...groups.values()].map((group) =>
        this.#tend(
          clusters.find(({ id }) => id === group[0]?.cluster),
          group,
        ),
      ),
    );
  }

  async #tend(cluster: Cluster | undefined, rows: readonly ClusterRow[]): Promise<void> {
    const tender = new ClusterTender(this.#deps);
    const [first] = rows;
    if (!first) return;
    try {
      if (!cluster) {
        for (const row of rows) await tender.lose(row, 'Its job cluster is no longer known.');
        return;
      }
      const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(ROUND_MS)]);
      await this.#with(cluster, (client) =>
        tender.tend(new ArgoApi(client, namespaceOfRow(first)), rows, signal),
      );
    } catch (error) {
      if (this.#isStopped()) return;
      if (!(error instanceof HubError)) this.#deps.report(error, 'jobs on a cluster');
      const why = error instanceof HubError ? error.message : 'The job cluster does not answer in time.';
      await tender.waiting(rows, `${why} It is tried again.`);
    }
  }

  async #with<T>(cluster: Cluster, work: (client: KubeClient) => Promise<T>): Promise<T> {
    const client = new KubeClient(cluster, { remote: this.#deps.remote });
    try {
      return await work(client);
    } finally {
      client.close();
    }
  }
}

function namespaceOfRow({ spec }: ClusterRow): string {
  const { namespace } = spec as unknown as AlgorithmSpec;
  return namespace ?? 'default';
}
