import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokenOf } from '../access/tokens.ts';
import type { JobNode } from '../db/schema-work.ts';
import type { HubDeps } from '../deps.ts';
import { HubError } from '../errors.ts';
import { post } from '../mail/posting.ts';
import type { Mail } from '../mail/mailer.ts';
import { parseManifest } from './manifest.ts';
import { HopelessJob, type JobContext, type JobRow, type Worker } from './queue.ts';
import { runCommand } from './run-command.ts';
import { stepsOf, type Step } from './workflow-steps.ts';

/** What the run of an algorithm needs, kept in its job. */
export interface AlgorithmSpec {
  /** Text of the manifest as it was when the job was made. */
  manifest: string;
  /** Base of the hub's URLs. */
  host: string;
  parameters: Record<string, string>;
  success?: Mail | undefined;
  failure?: Mail | undefined;
}

/** Characters of a run's output that are kept: its end. */
const LONGEST_LOG = 200_000;

/** Runs the workflow of an algorithm on this machine, command after command. */
export function algorithmWorker(deps: HubDeps): Worker {
  return async (job, context) => {
    const spec = job.spec as unknown as AlgorithmSpec;
    const run = new Run(deps, job);
    try {
      // It may have done half of its work, and nobody knows which half.
      if (job.attempts > 1 || (await run.hasBegun()))
        throw new HopelessJob('The hub stopped while this ran. Start it again.');
      await perform(deps, { job, spec, run, context });
      await mail(deps, spec.success);
    } catch (error) {
      await run.stopped();
      await mail(deps, spec.failure);
      throw error instanceof HopelessJob ? error : new HopelessJob(describe(error));
    }
  };
}

interface Parts {
  job: JobRow;
  spec: AlgorithmSpec;
  run: Run;
  context: JobContext;
}

async function perform(deps: HubDeps, { job, spec, run, context }: Parts): Promise<void> {
  const manifest = parseManifest(spec.manifest);
  const token = await tokenOf(deps.db, job.user_id, { refresh: false });
  const parameters = {
    ...spec.parameters,
    host: spec.host,
    rest_url: `${spec.host}/rest`,
    rest_token: token,
  };
  const steps = stepsOf(manifest, parameters);
  const folder = await mkdtemp(join(deps.workFolder, 'job-'));
  try {
    await run.begin(steps);
    for (const [index, step] of steps.entries()) {
      await runStep(step, { index, folder, run, signal: context.signal });
      context.progress((index + 1) / steps.length);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runStep(
  step: Step,
  { index, folder, run, signal }: { index: number; folder: string; run: Run; signal: AbortSignal },
): Promise<void> {
  await run.enter(index);
  const script = step.source === undefined ? [] : [join(folder, `script-${index}`)];
  if (step.source !== undefined) await writeFile(script[0] as string, step.source, { mode: 0o600 });
  const onOutput = (said: string): void => run.say(said);
  const code = await runCommand([...step.command, ...script], { folder, env: step.env, signal, onOutput });
  if (signal.aborted) throw new HopelessJob('Cancelled.');
  await run.leave(index, code === 0);
  if (code !== 0) throw new HopelessJob(`"${step.task}" ended with ${code}. ${run.lastLine()}`.trim());
}

/** The row that tells clients how far a run is. */
class Run {
  readonly #deps: HubDeps;
  readonly #uid: string;
  #nodes: JobNode[] = [];
  #log = '';

  constructor(deps: HubDeps, job: JobRow) {
    this.#deps = deps;
    this.#uid = job.uid;
  }

  async hasBegun(): Promise<boolean> {
    const rows = this.#deps.db.selectFrom('algorithm_runs').select('nodes').where('uid', '=', this.#uid);
    return ((await rows.executeTakeFirst())?.nodes.length ?? 0) > 0;
  }

  async begin(steps: readonly Step[]): Promise<void> {
    this.#nodes = steps.map(({ task }, index) => ({
      id: `${this.#uid}-${index}`,
      children: index + 1 < steps.length ? [`${this.#uid}-${index + 1}`] : [],
      task,
      status: 'Pending',
      start_time: null,
      stop_time: null,
    }));
    await this.#save();
  }

  async enter(index: number): Promise<void> {
    await this.#change(index, { status: 'Running', start_time: this.#now() });
  }

  async leave(index: number, succeeded: boolean): Promise<void> {
    await this.#change(index, { status: succeeded ? 'Succeeded' : 'Failed', stop_time: this.#now() });
  }

  /** Whatever was running has not succeeded. */
  async stopped(): Promise<void> {
    const index = this.#nodes.findIndex(({ status }) => status === 'Running');
    if (index >= 0) await this.leave(index, false);
  }

  say(text: string): void {
    this.#log = (this.#log + text.replaceAll('\0', '')).slice(-LONGEST_LOG);
  }

  lastLine(): string {
    return this.#log.trim().split('\n').at(-1)?.slice(0, 500) ?? '';
  }

  #now(): string {
    return new Date(this.#deps.clock.now()).toISOString();
  }

  async #change(index: number, changes: Partial<JobNode>): Promise<void> {
    this.#nodes = this.#nodes.map((node, i) => (i === index ? { ...node, ...changes } : node));
    await this.#save();
  }

  async #save(): Promise<void> {
    await this.#deps.db
      .updateTable('algorithm_runs')
      .set({ nodes: JSON.stringify(this.#nodes), log: this.#log })
      .where('uid', '=', this.#uid)
      .execute();
  }
}

/** A mail that cannot be sent does not undo the work that it tells about. */
async function mail(deps: HubDeps, letter: Mail | undefined): Promise<void> {
  if (letter === undefined || !deps.mailer) return;
  await post(deps, deps.mailer, letter).catch(() => undefined);
}

function describe(error: unknown): string {
  if (error instanceof HubError) return error.message;
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
    ? 'A command of the workflow is not installed on the hub’s machine.'
    : 'The workflow could not be run.';
}
