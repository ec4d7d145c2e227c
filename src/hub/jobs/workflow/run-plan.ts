import { sleep, type Clock } from '../../../base/clock.ts';
import { HubError } from '../../errors.ts';
import { asText, entryArguments, tasksOf, templateOf } from './check-plan.ts';
import { Children, runSteps } from './children.ts';
import { filled, leafOutputs, waitBefore, type RunLeaf } from './leaf-run.ts';
import { isFailure, type Outcome, type Scope } from './outcome.ts';
import type { Leaf, Output, Plan, Template } from './plan.ts';
import { runDag } from './run-dag.ts';
import type { Phase, RunRecord } from './run-record.ts';
import { Slots } from './slots.ts';
import { fill, type Values } from './values.ts';

/** Templates within templates, and commands of one run; a workflow that calls itself stops there. */
const DEEPEST = 100;
const MOST_LEAVES = 10_000;

export interface RunOptions {
  plan: Plan;
  /** Of the workflow: `workflow.name`, `workflow.parameters.…`. */
  values: Values;
  record: RunRecord;
  runLeaf: RunLeaf;
  clock: Clock;
  signal: AbortSignal;
  /** Commands side by side at most, unless the workflow allows fewer. */
  parallelism: number;
  onProgress: (ended: number, known: number) => void;
}

/** Runs a plan that `checkPlan` has passed: entry point, then the exit handler, whatever became of it. */
export class PlanRun {
  readonly #options: RunOptions;
  readonly #slots: Slots;
  /** Whether steps may speak at the same time. */
  readonly #sideBySide: boolean;
  #leaves = 0;
  #ended = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#sideBySide = [...options.plan.templates.values()].some(runsSideBySide);
    this.#slots = new Slots(Math.max(1, Math.min(options.parallelism, options.plan.parallelism || Infinity)));
  }

  async run(): Promise<Outcome> {
    const { plan, values, signal } = this.#options;
    const given = entryArguments(values);
    const outcome = await this.#within(plan.deadline, signal, (inner) =>
      this.template(plan.entrypoint, {
        task: plan.entrypoint,
        given,
        depth: 0,
        scope: { values, parents: [], signal: inner },
      }),
    );
    if (plan.onExit === undefined || signal.aborted) return outcome;
    const last = await this.template(plan.onExit, {
      task: plan.onExit,
      given,
      depth: 0,
      scope: { values: { ...values, 'workflow.status': outcome.phase }, parents: outcome.exits, signal },
    });
    return isFailure(outcome) || !isFailure(last) ? outcome : last;
  }

  /** One run of a template. Failures are outcomes, not exceptions. */
  async template(
    name: string,
    { task, given, depth, scope }: { task: string; given: Values; depth: number; scope: Scope },
  ): Promise<Outcome> {
    const template = templateOf(this.#options.plan, name);
    const { values } = this.#options;
    try {
      if (depth > DEEPEST) throw new HubError(400, 'The workflow does not come to an end.');
      const status = scope.values['workflow.status'];
      const base = status === undefined ? values : { ...values, 'workflow.status': status };
      const inner = { ...scope, values: { ...base, ...inputsOf(template, given, base) } };
      const { body } = template;
      if (body.kind === 'leaf') return await this.#leaf(template, body, { task, scope: inner });
      return await this.#within(template.deadline, scope.signal, async (signal) => {
        const children = new Children(this, { template, depth, scope: { ...inner, signal } });
        const outcome =
          body.kind === 'steps' ? await runSteps(body.groups, children) : await runDag(body, children);
        return { ...outcome, outputs: innerOutputs(template.outputs, children.values, outcome.phase) };
      });
    } catch (error) {
      return this.fault(task, scope.parents, error);
    }
  }

  /** A task that could not even begin. */
  fault(task: string, parents: readonly string[], error: unknown): Outcome {
    if (!(error instanceof HubError)) throw error;
    const id = this.#options.record.add(task, parents);
    this.#options.record.end(id, 'Error');
    return { phase: 'Error', message: `"${task}": ${error.message}`, outputs: {}, exits: [id] };
  }

  omit(task: string, parents: readonly string[], phase: 'Skipped' | 'Omitted'): Outcome {
    const id = this.#options.record.add(task, parents, phase);
    return { phase, message: '', outputs: {}, exits: [id] };
  }

  async #leaf(
    template: Template,
    leaf: Leaf,
    { task, scope }: { task: string; scope: Scope },
  ): Promise<Outcome> {
    const { record, onProgress, clock } = this.#options;
    if (++this.#leaves > MOST_LEAVES) throw new HubError(400, 'The workflow does not come to an end.');
    const id = record.add(task, scope.parents);
    const outcome = await this.#slots.run(async () => {
      if (isOver(scope)) return { phase: 'Omitted' as const, message: '', outputs: {} };
      record.begin(id);
      const began = clock.now();
      for (let attempt = 0; ; attempt++) {
        const result = await this.#within(template.deadline, scope.signal, (signal) =>
          this.#attempt(template, leaf, {
            task,
            signal,
            values: { ...scope.values, retries: String(attempt) },
          }),
        );
        const wait = waitBefore(template.retry, result.phase, attempt);
        const late = (template.retry?.within ?? Infinity) * 1_000 < clock.now() - began;
        if (wait === undefined || late || isOver(scope)) return result;
        record.say(`${result.message}\n"${task}" is tried again.\n`);
        await sleep(clock, wait * 1_000, scope.signal).catch(() => undefined);
        if (isOver(scope)) return result;
      }
    });
    record.end(id, outcome.phase);
    onProgress(++this.#ended, this.#leaves);
    return { ...outcome, exits: [id] };
  }

  async #attempt(
    { outputs }: Template,
    leaf: Leaf,
    { task, signal, values }: { task: string; signal: AbortSignal; values: Values },
  ): Promise<Outcome> {
    const { record, runLeaf } = this.#options;
    let lastLine = '';
    const log = lineWriter(this.#sideBySide ? `${task}: ` : '', record);
    const onOutput = (text: string): void => {
      log.write(text);
      lastLine = text.trim().split('\n').at(-1)?.slice(0, 500) || lastLine;
    };
    const failed = (phase: Phase, message: string): Outcome => ({ phase, message, outputs: {}, exits: [] });
    const files = outputs.flatMap(({ path }) => (path === undefined ? [] : [path]));
    try {
      const end = await runLeaf({ leaf: filled(leaf, values), task, files, signal, onOutput });
      if (end.code !== 0) return failed('Failed', `"${task}" ended with ${end.code}. ${lastLine}`.trim());
      const found = leafOutputs(outputs, end);
      if (typeof found === 'string') return failed('Error', `"${task}" did not write "${found}".`);
      return { phase: 'Succeeded', message: '', outputs: { result: end.result, ...found }, exits: [] };
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      return failed('Error', `"${task}": ${error.message}`);
    } finally {
      log.end();
    }
  }

  /** Work that may take so many seconds. */
  async #within(
    seconds: number | undefined,
    outer: AbortSignal,
    work: (signal: AbortSignal) => Promise<Outcome>,
  ): Promise<Outcome> {
    if (seconds === undefined || seconds === 0) return work(outer);
    const late = new AbortController();
    const stop = this.#options.clock.after(seconds * 1_000, () => late.abort());
    try {
      const outcome = await work(AbortSignal.any([outer, late.signal]));
      if (!late.signal.aborted || outer.aborted) return outcome;
      return {
        ...outcome,
        phase: 'Failed',
        message: `It took longer than the ${seconds} s that the workflow allows.`,
      };
    } finally {
      stop();
    }
  }
}

function inputsOf({ name, inputs }: Template, given: Values, values: Values): Record<string, string> {
  return Object.fromEntries(
    inputs.map((input) => {
      const value = given[input.name] ?? fill(input.fallback ?? '', values);
      if (input.oneOf.length > 0 && !input.oneOf.includes(value))
        throw new HubError(
          400,
          `The input "${input.name}" of "${name}" is none of ${input.oneOf.join(', ')}.`,
        );
      return [`inputs.parameters.${input.name}`, value];
    }),
  );
}

function innerOutputs(outputs: readonly Output[], values: Values, phase: Phase): Record<string, string> {
  if (phase !== 'Succeeded') return {};
  return Object.fromEntries(
    outputs.map(({ name, parameter = '', fallback }) => {
      const missing = asText(parameter);
      try {
        return [`parameters.${name}`, fill(missing, values)];
      } catch (error) {
        // What a skipped step would have left.
        if (fallback === undefined) throw error;
        return [`parameters.${name}`, fallback];
      }
    }),
  );
}

/** Asked anew each time: it changes while a step runs. */
function isOver({ signal }: Scope): boolean {
  return signal.aborted;
}

function runsSideBySide(template: Template): boolean {
  const { body } = template;
  if (body.kind === 'leaf') return false;
  const groups = body.kind === 'steps' ? body.groups : [body.tasks];
  return (
    groups.some(({ length }) => length > 1) || tasksOf(template).some(({ items }) => items !== undefined)
  );
}

/** Lines of several steps at once are kept whole, and say whose they are. */
function lineWriter(
  prefix: string,
  record: Pick<RunRecord, 'say'>,
): { write: (text: string) => void; end: () => void } {
  if (prefix === '') return { write: (text) => record.say(text), end: () => undefined };
  let rest = '';
  return {
    write(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) record.say(`${prefix}${line}\n`);
    },
    end: () => rest !== '' && record.say(`${prefix}${rest}\n`),
  };
}
