import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { tokenOf } from '../access/tokens.ts';
import type { HubDeps } from '../deps.ts';
import { HubError } from '../errors.ts';
import { sendLetter } from '../mail/letters.ts';
import { jobParameters, type AlgorithmSpec } from './algorithm-spec.ts';
import { removeContainers } from './containers/run-container.ts';
import { endProcesses } from './leftovers.ts';
import { LocalLeaves } from './local-leaves.ts';
import { HopelessJob, type JobContext, type JobRow, type Worker } from './queue.ts';
import { RunSaver } from './run-saver.ts';
import { checkPlan } from './workflow/check-plan.ts';
import { parseManifest } from './workflow/manifest.ts';
import type { Outcome } from './workflow/outcome.ts';
import { readPlan } from './workflow/read-plan.ts';
import { PlanRun } from './workflow/run-plan.ts';
import { RunRecord } from './workflow/run-record.ts';
import { workflowValues } from './workflow/workflow-values.ts';

/** The folder of a job, in which its plain commands run; removed when it ends. */
export function jobFolder({ workFolder }: Pick<HubDeps, 'workFolder'>, uid: string): string {
  return join(workFolder, `job-${uid}`);
}

/** Runs the workflow of an algorithm on this machine. */
export function algorithmWorker(deps: HubDeps): Worker {
  return async (job, context) => {
    const spec = job.spec as unknown as AlgorithmSpec;
    try {
      // It may have done half of its work, and nobody knows which half.
      if (await hasBegun(deps, job)) throw await abandoned(deps, job);
      const { phase, message } = await perform(deps, { job, spec, context });
      if (context.signal.aborted) throw new HopelessJob('Cancelled.');
      if (phase !== 'Succeeded') throw new HopelessJob(message, phase === 'Error' ? 'Error' : 'Failed');
    } catch (error) {
      if (!context.signal.aborted) await sendLetter(deps, spec.failure);
      throw asHopeless(deps, error);
    }
    await sendLetter(deps, spec.success);
  };
}

async function hasBegun({ db }: HubDeps, { uid, attempts }: JobRow): Promise<boolean> {
  if (attempts > 1) return true;
  const rows = db.selectFrom('algorithm_runs').select('nodes').where('uid', '=', uid);
  return ((await rows.executeTakeFirst())?.nodes.length ?? 0) > 0;
}

/** Ends what an earlier hub left of a job on this machine. */
async function abandoned(deps: HubDeps, { uid }: JobRow): Promise<HopelessJob> {
  const { db, clock } = deps;
  await endLeftovers(deps, uid);
  const row = await db.selectFrom('algorithm_runs').select('nodes').where('uid', '=', uid).executeTakeFirst();
  const stop_time = new Date(clock.now()).toISOString();
  const nodes = (row?.nodes ?? []).map((node) => {
    if (node.status === 'Pending') return { ...node, status: 'Omitted' };
    return node.status === 'Running' ? { ...node, status: 'Error', stop_time } : node;
  });
  const changes = { nodes: JSON.stringify(nodes) };
  await db.updateTable('algorithm_runs').set(changes).where('uid', '=', uid).execute();
  return new HopelessJob('The hub stopped while this ran. Start it again.', 'Error');
}

export async function endLeftovers(deps: HubDeps, uid: string): Promise<void> {
  await endProcesses(uid);
  const engine = await deps.containers.find();
  if (engine) await removeContainers(engine, uid);
  await rm(jobFolder(deps, uid), { recursive: true, force: true });
}

interface Parts {
  job: JobRow;
  spec: AlgorithmSpec;
  context: JobContext;
}

async function perform(deps: HubDeps, { job, spec, context }: Parts): Promise<Outcome> {
  const { db, clock, containers, report } = deps;
  const { uid } = job;
  const plan = readPlan(parseManifest(spec.manifest));
  const token = await tokenOf(db, job.user_id, { refresh: false });
  const run = db.selectFrom('algorithm_runs').select('workflow').where('uid', '=', uid);
  const { workflow: name } = await run.executeTakeFirstOrThrow();
  const values = workflowValues(plan, { uid, name, parameters: jobParameters(spec, token) });
  checkPlan(plan, values);
  const folder = jobFolder(deps, uid);
  const saver = new RunSaver({ db, clock, uid, report });
  const onChange = saver.changed;
  const record = new RunRecord({ uid, now: () => clock.now(), onChange, secrets: [token] });
  saver.follow(record);
  if (plan.idle.length > 0) record.say(`Without effect here: ${plan.idle.join(', ')}.\n`);
  const requireEngine = () => containers.require();
  const leaves = new LocalLeaves({ uid, folder, claims: plan.volumes.claims, requireEngine });
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const options = { plan, values, record, clock, signal: context.signal };
    const outcome = await new PlanRun({
      ...options,
      runLeaf: leaves.run,
      parallelism: availableParallelism(),
      onProgress: (ended, known) => context.progress(ended / known),
    }).run();
    return { ...outcome, message: record.masked(outcome.message) };
  } finally {
    await leaves.close();
    await rm(folder, { recursive: true, force: true });
    await saver.flush();
  }
}

function asHopeless({ report }: HubDeps, error: unknown): HopelessJob {
  if (error instanceof HopelessJob) return error;
  if (error instanceof HubError) return new HopelessJob(error.message, 'Error');
  report(error, 'run of an algorithm');
  return new HopelessJob('The workflow could not be run.', 'Error');
}
