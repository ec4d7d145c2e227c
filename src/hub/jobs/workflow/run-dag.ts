import type { Children } from './children.ts';
import { holds } from './condition.ts';
import { goesOn, isFailure, type Outcome } from './outcome.ts';
import type { DagBody, DagTask } from './plan.ts';

/** Runs each task as soon as those that it depends on have ended, and its condition over them holds. */
export async function runDag(
  { tasks, failFast }: DagBody,
  children: Children,
): Promise<Omit<Outcome, 'outputs'>> {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const ended = new Map<string, Outcome>();
  const started = new Map<string, Promise<Outcome>>();
  let broken = false;

  const perform = async (task: DagTask): Promise<Outcome> => {
    await Promise.all(task.after.map(start));
    const before = task.after.map((name) => ended.get(name) as Outcome);
    const parents = before.length === 0 ? children.parents : before.flatMap(({ exits }) => exits);
    const stopped = children.isOver || (failFast && broken && !before.some(isFailure));
    const outcome =
      stopped || !mayBegin(task)
        ? children.omit(task, parents)
        : await children.perform(task, parents, 'tasks');
    ended.set(task.name, outcome);
    broken ||= isFailure(outcome) && !goesOn(task, outcome);
    return outcome;
  };
  const start = (name: string): Promise<Outcome> => {
    const known = started.get(name) ?? perform(byName.get(name) as DagTask);
    started.set(name, known);
    return known;
  };
  const mayBegin = ({ after, depends }: DagTask): boolean => {
    if (depends !== undefined)
      return holds(depends, { value: (text) => text, truth: (word) => isSo(word, ended) });
    return after.every((name) => {
      const outcome = ended.get(name) as Outcome;
      if (isFailure(outcome)) return goesOn(byName.get(name) as DagTask, outcome);
      return outcome.phase !== 'Omitted';
    });
  };
  /** What a branch came to, looking behind tasks that never began. */
  const failureOf = (name: string): Outcome | undefined => {
    const outcome = ended.get(name) as Outcome;
    const task = byName.get(name) as DagTask;
    if (isFailure(outcome)) return goesOn(task, outcome) ? undefined : outcome;
    if (outcome.phase !== 'Omitted') return undefined;
    return task.after.map(failureOf).find((found) => found !== undefined);
  };

  await Promise.all(tasks.map(({ name }) => start(name)));
  const inner = new Set(tasks.flatMap(({ after }) => after));
  const last = tasks.map(({ name }) => name).filter((name) => !inner.has(name));
  const exits = last.flatMap((name) => (ended.get(name) as Outcome).exits);
  const failure = last.map(failureOf).find((found) => found !== undefined);
  return failure ? { ...failure, exits } : { phase: 'Succeeded', message: '', exits };
}

/** A word of `depends`: `A` is short for `A.Succeeded || A.Skipped`. */
function isSo(word: string, ended: ReadonlyMap<string, Outcome>): boolean {
  const [name = '', end] = word.split('.');
  const phase = ended.get(name)?.phase;
  if (end === undefined) return phase === 'Succeeded' || phase === 'Skipped';
  return phase === (end === 'Errored' ? 'Error' : end);
}
