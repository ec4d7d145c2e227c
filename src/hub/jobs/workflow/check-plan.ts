import { badRequest } from '../../errors.ts';
import { wordsOf } from './condition.ts';
import type { Leaf, Plan, Task, Template } from './plan.ts';
import { namesIn, type Values } from './values.ts';

/**
 * Finds, before anything runs, whatever a run would stumble over: names without a value, inputs that
 * nobody gives, templates that call themselves without a condition.
 * @param values those of the workflow, such as `workflow.parameters.media_ids`
 * @throws HubError 400
 */
export function checkPlan(plan: Plan, values: Values): void {
  const base = new Set(Object.keys(values));
  requireEnd(plan);
  const roots = [plan.entrypoint, ...(plan.onExit === undefined ? [] : [plan.onExit])];
  for (const root of roots)
    requireInputs(templateOf(plan, root), new Set(Object.keys(entryArguments(values))), 'the workflow');
  for (const root of roots) {
    const known = root === plan.onExit ? new Set([...base, 'workflow.status']) : base;
    for (const name of reachable(plan, root)) checkTemplate(plan, templateOf(plan, name), known);
  }
}

/** The parameters of the workflow, as its entry point gets them for its inputs of the same names. */
export function entryArguments(values: Values): Values {
  const prefix = 'workflow.parameters.';
  const given = Object.entries(values).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(given.map(([name, value]) => [name.slice(prefix.length), value]));
}

export function templateOf({ templates }: Plan, name: string): Template {
  const template = templates.get(name);
  if (!template) throw badRequest(`The workflow has no template "${name}".`);
  return template;
}

export function tasksOf({ body }: Template): readonly Task[] {
  if (body.kind === 'leaf') return [];
  return body.kind === 'steps' ? body.groups.flat() : body.tasks;
}

function reachable(plan: Plan, root: string): Set<string> {
  const found = new Set([root]);
  for (const name of found) for (const { template } of tasksOf(templateOf(plan, name))) found.add(template);
  return found;
}

function requireEnd(plan: Plan): void {
  const finite = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name))
      throw badRequest(`The workflow does not come to an end: "${name}" calls itself.`);
    if (finite.has(name)) return;
    for (const { template, when } of tasksOf(templateOf(plan, name)))
      if (when === undefined) visit(template, [...path, name]);
    finite.add(name);
  };
  for (const name of plan.templates.keys()) visit(name, []);
}

type Known = ReadonlySet<string>;

function checkTemplate(plan: Plan, template: Template, base: Known): void {
  const where = `the template "${template.name}"`;
  const inputs = template.inputs.map(({ name }) => `inputs.parameters.${name}`);
  const known = new Set([...base, ...inputs]);
  for (const { fallback } of template.inputs) requireNames([fallback ?? ''], known, where);
  const { body } = template;
  if (body.kind === 'leaf') {
    const retries = template.retry === undefined ? [] : ['retries'];
    requireNames(textsOf(body), new Set([...known, ...retries]), where);
    return;
  }
  const given = new Set(known);
  if (body.kind === 'steps') {
    for (const group of body.groups) {
      for (const task of group) checkTask(plan, task, given, where);
      for (const task of group) for (const name of outcomesOf(plan, task, 'steps')) given.add(name);
    }
  } else {
    for (const task of body.tasks) {
      const before = ancestors(body.tasks, task.name);
      const names = body.tasks
        .filter(({ name }) => before.has(name))
        .flatMap((other) => outcomesOf(plan, other, 'tasks'));
      checkTask(plan, task, new Set([...known, ...names]), where);
      for (const name of outcomesOf(plan, task, 'tasks')) given.add(name);
    }
  }
  requireNames(
    template.outputs.map(({ parameter }) => (parameter === undefined ? '' : asText(parameter))),
    given,
    where,
  );
}

/** Argo writes `parameter: "{{steps.a.outputs.result}}"`, and takes the bare name too. */
export function asText(parameter: string): string {
  return parameter.includes('{{') ? parameter : `{{${parameter}}}`;
}

function checkTask(plan: Plan, task: Task, known: Known, where: string): void {
  const place = `the step "${task.name}" of ${where}`;
  if (task.items && 'param' in task.items) requireNames([task.items.param], known, place);
  if (task.items && 'list' in task.items) requireNames([JSON.stringify(task.items.list)], known, place);
  const looped = task.items !== undefined;
  const texts = [...task.given.map(([, text]) => text), ...(task.when ? wordsOf(task.when) : [])];
  requireNames(texts, known, place, (name) => looped && /^item(\..+)?$/.test(name));
  requireInputs(templateOf(plan, task.template), new Set(task.given.map(([name]) => name)), place);
}

function requireInputs({ name, inputs }: Template, given: Known, where: string): void {
  const missing = inputs.find((input) => input.fallback === undefined && !given.has(input.name));
  if (missing)
    throw badRequest(`The input "${missing.name}" of the template "${name}" has no value from ${where}.`);
}

function requireNames(
  texts: readonly string[],
  known: Known,
  where: string,
  also: (name: string) => boolean = () => false,
): void {
  const missing = texts.flatMap(namesIn).find((name) => !known.has(name) && !also(name));
  if (missing !== undefined)
    throw badRequest(`The workflow uses {{${missing}}} in ${where}, which has no value.`);
}

/** Names that a task leaves to those after it. */
function outcomesOf(plan: Plan, task: Task, prefix: 'steps' | 'tasks'): string[] {
  const { body, outputs } = templateOf(plan, task.template);
  const of = `${prefix}.${task.name}`;
  return [
    `${of}.status`,
    ...(body.kind === 'leaf' ? [`${of}.outputs.result`] : []),
    ...outputs.map(({ name }) => `${of}.outputs.parameters.${name}`),
  ];
}

function ancestors(tasks: readonly { name: string; after: readonly string[] }[], name: string): Set<string> {
  const found = new Set(tasks.find((task) => task.name === name)?.after ?? []);
  for (const other of found)
    for (const before of tasks.find((task) => task.name === other)?.after ?? []) found.add(before);
  return found;
}

function textsOf(leaf: Leaf): string[] {
  const { image = '', command, args, source = '', env, workingDir = '' } = leaf;
  return [image, ...command, ...args, source, ...env.map(([, text]) => text), workingDir];
}
