import { HubError } from '../../errors.ts';
import { holds } from './condition.ts';
import { isFields } from './fields.ts';
import { goesOn, isFailure, type Outcome, type Scope } from './outcome.ts';
import type { Task, Template } from './plan.ts';
import type { PlanRun } from './run-plan.ts';
import { Slots } from './slots.ts';
import { fill, itemValues, type Values } from './values.ts';

/** The tasks of one run of a template of steps or tasks, and what they left to one another. */
export class Children {
  readonly #run: PlanRun;
  readonly #place: { template: Template; depth: number; scope: Scope };
  readonly #slots: Slots;
  values: Values;

  constructor(run: PlanRun, place: { template: Template; depth: number; scope: Scope }) {
    this.#run = run;
    this.#place = place;
    this.#slots = new Slots(place.template.parallelism || Infinity);
    this.values = place.scope.values;
  }

  get parents(): readonly string[] {
    return this.#place.scope.parents;
  }

  get isOver(): boolean {
    return this.#place.scope.signal.aborted;
  }

  omit(task: Task, parents: readonly string[]): Outcome {
    return this.#run.omit(task.name, parents, 'Omitted');
  }

  /** Runs a task, once for each of its items, and keeps its outputs under `prefix`. */
  async perform(task: Task, parents: readonly string[], prefix: 'steps' | 'tasks'): Promise<Outcome> {
    let items: unknown[] | undefined;
    try {
      items = itemsOf(task, this.values);
    } catch (error) {
      return this.#run.fault(task.name, parents, error);
    }
    const each: readonly unknown[] = items ?? [undefined];
    const runs = each.map((item, index) => {
      const own = item === undefined ? this.values : { ...this.values, ...itemValues(item) };
      const name = items === undefined ? task.name : `${task.name}(${index})`;
      return this.#slots.run(() => this.#once(task, { name, values: own, parents }));
    });
    const outcomes = await Promise.all(runs);
    const outcome = items === undefined ? (outcomes[0] as Outcome) : together(outcomes, parents);
    const left = Object.entries(outcome.outputs).map(([name, value]): [string, string] => [
      `${prefix}.${task.name}.outputs.${name}`,
      value,
    ]);
    this.values = {
      ...this.values,
      ...Object.fromEntries(left),
      [`${prefix}.${task.name}.status`]: outcome.phase,
    };
    return outcome;
  }

  async #once(
    task: Task,
    { name, values, parents }: { name: string; values: Values; parents: readonly string[] },
  ): Promise<Outcome> {
    const reading = {
      value: (text: string) => fill(text, values),
      truth: (text: string) => fill(text, values).toLowerCase() === 'true',
    };
    let given: Values;
    try {
      if (task.when !== undefined && !holds(task.when, reading))
        return this.#run.omit(name, parents, 'Skipped');
      given = Object.fromEntries(task.given.map(([key, text]) => [key, fill(text, values)]));
    } catch (error) {
      return this.#run.fault(name, parents, error);
    }
    const { depth, scope } = this.#place;
    return this.#run.template(task.template, {
      task: name,
      given,
      depth: depth + 1,
      scope: { ...scope, parents },
    });
  }
}

export async function runSteps(
  groups: readonly (readonly Task[])[],
  children: Children,
): Promise<Omit<Outcome, 'outputs'>> {
  let exits = children.parents;
  let failure: Outcome | undefined;
  for (const group of groups) {
    const before = exits;
    const over = failure !== undefined || children.isOver;
    const outcomes = over
      ? group.map((task) => children.omit(task, before))
      : await Promise.all(group.map((task) => children.perform(task, before, 'steps')));
    failure ??= outcomes.find((outcome, i) => isFailure(outcome) && !goesOn(group[i] as Task, outcome));
    exits = outcomes.flatMap((outcome) => outcome.exits);
  }
  return failure ?? { phase: 'Succeeded', message: '', exits };
}

/** The runs of a loop as one outcome: outputs become JSON lists. */
function together(outcomes: readonly Outcome[], parents: readonly string[]): Outcome {
  const worst = outcomes.find(isFailure);
  const ran = outcomes.filter(({ phase }) => phase === 'Succeeded');
  const names = new Set(ran.flatMap(({ outputs }) => Object.keys(outputs)));
  const lists = [...names].map((name): [string, string] => [
    name,
    JSON.stringify(ran.map(({ outputs }) => outputs[name] ?? '')),
  ]);
  const exits = outcomes.length === 0 ? parents : outcomes.flatMap((outcome) => outcome.exits);
  const phase = worst?.phase ?? (outcomes.length > 0 && ran.length === 0 ? 'Skipped' : 'Succeeded');
  return { phase, message: worst?.message ?? '', outputs: Object.fromEntries(lists), exits };
}

/** @throws HubError 400 for a withParam that is no list */
function itemsOf({ name, items }: Task, values: Values): unknown[] | undefined {
  if (items === undefined) return undefined;
  if ('list' in items) return items.list.map((item) => filledItem(item, values));
  try {
    const list: unknown = JSON.parse(fill(items.param, values));
    if (Array.isArray(list)) return list as unknown[];
  } catch (error) {
    if (error instanceof HubError) throw error;
  }
  throw new HubError(400, `The withParam of the step "${name}" is no JSON list.`);
}

function filledItem(item: unknown, values: Values): unknown {
  if (typeof item === 'string') return fill(item, values);
  if (!isFields(item)) return item;
  return Object.fromEntries(Object.entries(item).map(([key, value]) => [key, filledItem(value, values)]));
}
