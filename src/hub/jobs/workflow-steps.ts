import { badRequest } from '../errors.ts';
import type { Workflow, WorkflowTemplate } from './manifest.ts';

/** A plain command of a workflow, as the hub itself runs it. */
export interface Step {
  /** Name of the task within the workflow. */
  task: string;
  command: readonly string[];
  /** What is written to a file whose path becomes the last argument, for a template with a script. */
  source: string | undefined;
  env: Readonly<Record<string, string>>;
}

export type Values = Readonly<Record<string, string>>;

const DEEPEST = 20;
const MOST_STEPS = 1_000;

/**
 * The commands of a workflow in the order in which they run, with `{{workflow.parameters.NAME}}` filled
 * in. Templates may be commands, scripts, or lists of steps; what runs side by side on a cluster runs
 * one after the other here.
 * @throws HubError 400 for what only a cluster can run: images, graphs, loops, conditions.
 */
export function stepsOf(workflow: Workflow, parameters: Values): Step[] {
  const values = {
    ...declared(workflow.spec['arguments'], 'workflow.parameters', {}),
    ...prefixed(parameters),
  };
  const templates = new Map(workflow.spec.templates.map((template) => [template.name, template]));
  const steps: Step[] = [];
  const visit = (name: string, task: string, scope: Values, depth: number): void => {
    const template = templates.get(name);
    if (!template) throw badRequest(`The workflow has no template "${name}".`);
    if (depth > DEEPEST || steps.length >= MOST_STEPS)
      throw badRequest('The workflow does not come to an end.');
    const { steps: groups } = template;
    if (groups === undefined) {
      steps.push(commandOf(template, task, scope));
      return;
    }
    for (const step of listOf(groups).flatMap(listOf)) {
      if (!isRecord(step) || typeof step['name'] !== 'string' || typeof step['template'] !== 'string')
        throw badRequest(`A step of "${name}" has no name or no template.`);
      refuse(step, ['when', 'withItems', 'withParam', 'withSequence'], `the step "${step['name']}"`);
      const inputs = declared(step['arguments'], 'inputs.parameters', scope);
      visit(step['template'], step['name'], { ...values, ...inputs }, depth + 1);
    }
  };
  visit(workflow.spec.entrypoint, workflow.spec.entrypoint, values, 0);
  return steps;
}

function commandOf(template: WorkflowTemplate, task: string, scope: Values): Step {
  const where = `the template "${template.name}"`;
  refuse(template, ['dag', 'resource', 'suspend', 'http', 'plugin', 'containerSet'], where);
  const { container, script } = template;
  const body = container ?? script;
  if (!isRecord(body)) throw badRequest(`${where} has no command.`);
  if (body['image'] !== undefined)
    throw badRequest(`${where} names an image: without a job cluster this hub runs plain commands only.`);
  const source = script === undefined ? undefined : body['source'];
  if (source !== undefined && typeof source !== 'string')
    throw badRequest(`The script of ${where} has no text.`);
  const words = [...listOf(body['command'] ?? []), ...listOf(body['args'] ?? [])];
  const command = words.map((word) => fill(String(word), scope));
  if (command.length === 0 || command[0] === '') throw badRequest(`${where} has no command.`);
  const env = listOf(body['env'] ?? []).map((entry) => {
    if (!isRecord(entry) || typeof entry['name'] !== 'string' || typeof entry['value'] !== 'string')
      throw badRequest(`A variable of ${where} has no name or no plain value.`);
    return [entry['name'], fill(entry['value'], scope)] as const;
  });
  return {
    task,
    command,
    source: source === undefined ? undefined : fill(source, scope),
    env: Object.fromEntries(env),
  };
}

function declared(given: unknown, prefix: string, scope: Values): Record<string, string> {
  const parameters = isRecord(given) ? listOf(given['parameters'] ?? []) : [];
  return Object.fromEntries(
    parameters.flatMap((entry) =>
      isRecord(entry) && typeof entry['name'] === 'string' && isPlain(entry['value'])
        ? [[`${prefix}.${entry['name']}`, fill(String(entry['value']), scope)]]
        : [],
    ),
  );
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function prefixed(parameters: Values): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [`workflow.parameters.${name}`, value]),
  );
}

function fill(text: string, scope: Values): string {
  return text.replace(/\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => {
    const value = scope[name];
    if (value === undefined) throw badRequest(`The workflow uses {{${name}}}, which has no value.`);
    return value;
  });
}

function refuse(record: Record<string, unknown>, names: readonly string[], where: string): void {
  const found = names.find((name) => record[name] !== undefined);
  if (found !== undefined) throw badRequest(`${where} uses "${found}", which needs a job cluster.`);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
