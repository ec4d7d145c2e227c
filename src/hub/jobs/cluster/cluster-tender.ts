import { sql, type Selectable } from 'kysely';
import { tokenOf } from '../../access/tokens.ts';
import type { AlgorithmRuns } from '../../db/schema-work.ts';
import type { HubDeps } from '../../deps.ts';
import { sendLetter } from '../../mail/letters.ts';
import { jobParameters, type AlgorithmSpec } from '../algorithm-spec.ts';
import type { JobRow } from '../queue.ts';
import type { Fields } from '../workflow/fields.ts';
import { parseManifest } from '../workflow/manifest.ts';
import type { ArgoApi } from './argo.ts';
import { ClusterFailure } from './kube-client.ts';
import { hubSelector, workflowObject } from './workflow-object.ts';
import { isOver, labelOf, statusOf, type WorkflowStatus } from './workflow-status.ts';

export type ClusterRow = JobRow & Pick<Selectable<AlgorithmRuns>, 'algorithm' | 'cluster' | 'workflow'>;

const LONGEST_LOG = 200_000;

/** `attempts` of a job says how far its workflow is: 0 is not sent, then these. */
const CLAIMED = 1;
const ARRIVED = 2;

/** Brings the open jobs of one namespace of one cluster together with their workflows. */
export class ClusterTender {
  readonly #deps: Pick<HubDeps, 'db' | 'mailer' | 'objects' | 'report'>;

  constructor(deps: Pick<HubDeps, 'db' | 'mailer' | 'objects' | 'report'>) {
    this.#deps = deps;
  }

  /** @throws ClusterFailure when the cluster cannot be reached */
  async tend(argo: ArgoApi, rows: readonly ClusterRow[], signal: AbortSignal): Promise<void> {
    const found = new Map<string, Fields>();
    for (const workflow of await argo.list({ labels: hubSelector, signal })) {
      const uid = labelOf(workflow, 'uid');
      if (uid !== undefined) found.set(uid, workflow);
    }
    for (const row of rows) {
      const workflow = found.get(row.uid);
      if (row.cancel_requested) await this.#cancel(argo, row, signal);
      else if (workflow) await this.#update(argo, row, { workflow, signal });
      else if (row.attempts === 0) await this.#submit(argo, row, signal);
      else await this.#missing(argo, row, signal);
    }
  }

  /** The reason why nothing happens, for those who look at the jobs. */
  async waiting(rows: readonly ClusterRow[], message: string): Promise<void> {
    const uids = rows.map(({ uid }) => uid);
    await sql`UPDATE jobs SET message = ${message}
      WHERE uid = ANY(${uids}::uuid[]) AND status IN ('Pending', 'Running')`.execute(this.#deps.db);
  }

  /** Ends a job of which nothing more can be known. */
  async lose(row: ClusterRow, message: string): Promise<void> {
    const spec = row.spec as unknown as AlgorithmSpec;
    if (await this.#end(row, { status: 'Error', message, stopTime: null }))
      await sendLetter(this.#deps, spec.failure);
  }

  async #submit(argo: ArgoApi, row: ClusterRow, signal: AbortSignal): Promise<void> {
    // Claimed first: from now on the cluster is asked before the job is taken for cancelled.
    const claimed = await sql`UPDATE jobs SET attempts = ${CLAIMED}
      WHERE uid = ${row.uid} AND attempts = 0 AND status = 'Pending' AND NOT cancel_requested`.execute(
      this.#deps.db,
    );
    if (Number(claimed.numAffectedRows ?? 0) === 0) return;
    await this.#send(argo, row, signal);
  }

  /** Sends the workflow; it may be there already. */
  async #send(argo: ArgoApi, row: ClusterRow, signal: AbortSignal): Promise<void> {
    const { db } = this.#deps;
    const spec = row.spec as unknown as AlgorithmSpec;
    const token = await tokenOf(db, row.user_id, { refresh: false });
    const labels = {
      uid: row.uid,
      gid: row.gid,
      project: row.project,
      user: row.user_id,
      algorithm: row.algorithm,
      media: row.media,
    };
    const parameters = jobParameters(spec, token);
    const workflow = workflowObject(parseManifest(spec.manifest), { name: row.workflow, labels, parameters });
    try {
      await argo.submit(workflow, signal);
    } catch (error) {
      if (error instanceof ClusterFailure && isRefusal(error)) return this.lose(row, error.message);
      throw error;
    }
    const arrived = await sql`UPDATE jobs SET attempts = ${ARRIVED}
      WHERE uid = ${row.uid} AND status IN ('Pending', 'Running')`.execute(db);
    // Cancelled by another hub, which did not find it yet.
    if (Number(arrived.numAffectedRows ?? 0) === 0) await argo.delete(row.workflow, signal);
  }

  async #update(
    argo: ArgoApi,
    row: ClusterRow,
    { workflow, signal }: { workflow: Fields; signal: AbortSignal },
  ): Promise<void> {
    const now = statusOf(workflow);
    await this.#show(row, now);
    if (!isOver(now.status)) return;
    const log = await this.#logOf(argo, row, signal);
    await this.#deps.db.updateTable('algorithm_runs').set({ log }).where('uid', '=', row.uid).execute();
    const spec = row.spec as unknown as AlgorithmSpec;
    const end = { status: now.status, message: now.message, stopTime: now.stopTime };
    const letter = now.status === 'Succeeded' ? spec.success : spec.failure;
    if (await this.#end(row, end)) await sendLetter(this.#deps, letter);
  }

  /** What is known of a workflow that runs; its end is told by `#end` alone. */
  async #show(row: ClusterRow, now: WorkflowStatus): Promise<void> {
    const { db } = this.#deps;
    const status = isOver(now.status) ? row.status : now.status;
    await sql`UPDATE jobs SET status = ${status}, message = ${now.message}, progress = ${now.progress},
        attempts = ${ARRIVED}, start_time = coalesce(${now.startTime}::timestamptz, start_time)
      WHERE uid = ${row.uid} AND status IN ('Pending', 'Running')`.execute(db);
    const nodes = JSON.stringify(now.nodes);
    await db.updateTable('algorithm_runs').set({ nodes }).where('uid', '=', row.uid).execute();
  }

  /** @returns whether it was this hub that ended it: one mail, however many hubs look on */
  async #end(
    { uid }: ClusterRow,
    { status, message, stopTime }: Pick<WorkflowStatus, 'status' | 'message' | 'stopTime'>,
  ): Promise<boolean> {
    const ended = await sql`UPDATE jobs SET status = ${status}, message = ${message},
        stop_time = coalesce(${stopTime}::timestamptz, now())
      WHERE uid = ${uid} AND status IN ('Pending', 'Running')`.execute(this.#deps.db);
    return Number(ended.numAffectedRows ?? 0) === 1;
  }

  async #cancel(argo: ArgoApi, row: ClusterRow, signal: AbortSignal): Promise<void> {
    await argo.delete(row.workflow, signal);
    await this.#end(row, { status: 'Failed', message: 'Cancelled.', stopTime: null });
  }

  /** Handed over, and not in the list: a hub died in between, or the cluster has forgotten it. */
  async #missing(argo: ArgoApi, row: ClusterRow, signal: AbortSignal): Promise<void> {
    const workflow = await argo.get(row.workflow, signal);
    if (workflow) return this.#update(argo, row, { workflow, signal });
    if (row.attempts === CLAIMED) return this.#send(argo, row, signal);
    await this.lose(row, 'The job cluster no longer knows its workflow.');
  }

  async #logOf(argo: ArgoApi, row: ClusterRow, signal: AbortSignal): Promise<string> {
    try {
      const token = await tokenOf(this.#deps.db, row.user_id, { refresh: false });
      const logs = await argo.logs(row.workflow, signal);
      const text = logs.map(([pod, said]) => `${pod}:\n${said.trimEnd()}\n`).join('\n');
      return text.replaceAll(token, '***').replaceAll('\0', '').slice(-LONGEST_LOG);
    } catch (error) {
      if (!(error instanceof ClusterFailure)) throw error;
      return `The cluster gave no logs. ${error.message}\n`;
    }
  }
}

/** Sending the same again would be refused again. */
function isRefusal({ answered = 0 }: ClusterFailure): boolean {
  return answered === 400 || answered === 413 || answered === 422;
}
