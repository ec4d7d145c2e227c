import { badRequest } from '../../errors.ts';
import { readCondition, wordsOf, type Condition } from './condition.ts';
import { isFields, isPlain, listOf, requireKnown, textOf, type Fields } from './fields.ts';
import type { DagBody, DagTask, StepsBody, Task } from './plan.ts';

const common = ['name', 'template', 'arguments', 'when', 'withItems', 'withParam', 'continueOn'];

/** @throws HubError 400 for what the local runner cannot honour */
export function readSteps(groups: unknown, where: string): StepsBody {
  const read = (step: unknown): Task => {
    const fields = step as Fields;
    requireKnown(fields, placeOf(fields, where), { honoured: common });
    return readTask(fields, where);
  };
  return { kind: 'steps', groups: listOf(groups).map((group) => listOf(group).map(read)) };
}

/** @throws HubError 400 for what the local runner cannot honour, and for tasks that wait for one another */
export function readDag(dag: Fields, where: string): DagBody {
  requireKnown(dag, `the dag of ${where}`, { honoured: ['tasks', 'failFast'] });
  const tasks = listOf(dag['tasks']).map((task) => readDagTask(task as Fields, where));
  const names = new Set(tasks.map(({ name }) => name));
  for (const { name, after } of tasks) {
    const missing = after.find((other) => !names.has(other));
    if (missing !== undefined)
      throw badRequest(`The task "${name}" of ${where} depends on "${missing}", which is none of its tasks.`);
  }
  requireOrder(tasks, where);
  return { kind: 'dag', tasks, failFast: dag['failFast'] !== false };
}

function readDagTask(fields: Fields, where: string): DagTask {
  const place = placeOf(fields, where);
  requireKnown(fields, place, { honoured: [...common, 'dependencies', 'depends'] });
  const { dependencies, depends } = fields;
  if (depends === undefined || depends === '') {
    return { ...readTask(fields, where), after: listOf(dependencies).map(String), depends: undefined };
  }
  if (dependencies !== undefined) throw badRequest(`${place} has both "dependencies" and "depends".`);
  const condition = readCondition(textOf(depends, `"depends" of ${place}`), place);
  return { ...readTask(fields, where), after: dependsOn(condition, place), depends: condition };
}

/** Ends of a task that `depends` can name. */
const ends = ['Succeeded', 'Failed', 'Errored', 'Skipped', 'Omitted'];

function dependsOn(condition: Condition, place: string): string[] {
  const words = wordsOf(condition).map((word) => {
    const [name = '', end] = word.split('.');
    if (end !== undefined && !ends.includes(end))
      throw badRequest(`${place} depends on "${word}", which needs a job cluster.`);
    return name;
  });
  return [...new Set(words)];
}

function requireOrder(tasks: readonly DagTask[], where: string): void {
  const done = new Set<string>();
  let left = [...tasks];
  while (left.length > 0) {
    const ready = left.filter(({ after }) => after.every((name) => done.has(name)));
    if (ready.length === 0)
      throw badRequest(
        `The tasks ${left.map(({ name }) => `"${name}"`).join(', ')} of ${where} wait for one another.`,
      );
    for (const { name } of ready) done.add(name);
    left = left.filter(({ name }) => !done.has(name));
  }
}

function readTask(fields: Fields, where: string): Task {
  const { name, template, when, continueOn } = fields;
  const place = placeOf(fields, where);
  if (continueOn !== undefined && !isFields(continueOn))
    throw badRequest(`"continueOn" of ${place} is no mapping.`);
  return {
    name: String(name),
    template: String(template),
    given: readArguments(fields['arguments'], place),
    when:
      when === undefined || when === ''
        ? undefined
        : readCondition(textOf(when, `"when" of ${place}`), place),
    items: itemsOf(fields, place),
    continueOn: { failed: continueOn?.['failed'] === true, error: continueOn?.['error'] === true },
  };
}

function itemsOf({ withItems, withParam }: Fields, place: string): Task['items'] {
  if (withItems !== undefined && withParam !== undefined)
    throw badRequest(`${place} has both "withItems" and "withParam".`);
  if (withParam !== undefined) return { param: textOf(withParam, `"withParam" of ${place}`) };
  if (withItems === undefined) return undefined;
  if (!Array.isArray(withItems)) throw badRequest(`"withItems" of ${place} is no list.`);
  return { list: withItems };
}

function readArguments(given: unknown, place: string): [string, string][] {
  if (given === undefined || given === null) return [];
  if (!isFields(given)) throw badRequest(`The arguments of ${place} are no mapping.`);
  requireKnown(given, `the arguments of ${place}`, { honoured: ['parameters'] });
  return listOf(given['parameters']).map((entry) => {
    const { name, value } = isFields(entry) ? entry : {};
    if (!isFields(entry) || typeof name !== 'string')
      throw badRequest(`An argument of ${place} has no name.`);
    requireKnown(entry, `the argument "${name}" of ${place}`, { honoured: ['name', 'value'] });
    return [name, isPlain(value) ? String(value) : JSON.stringify(value ?? null)];
  });
}

function placeOf({ name }: Fields, where: string): string {
  return `the step "${String(name)}" of ${where}`;
}
