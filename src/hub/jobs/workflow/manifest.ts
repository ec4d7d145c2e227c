import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import { badRequest } from '../../errors.ts';
import { isFields, listOf, type Fields } from './fields.ts';

/** What the hub has to know of an Argo workflow; all else is passed on as it was written. */
export interface Workflow {
  apiVersion: string;
  kind: 'Workflow';
  metadata: Record<string, unknown>;
  spec: Record<string, unknown> & { entrypoint: string; templates: WorkflowTemplate[] };
}

export type WorkflowTemplate = Record<string, unknown> & { name: string };

/** Bytes; a workflow of the field has some kilobytes. */
export const LARGEST_MANIFEST = 1_000_000;

type Path = readonly (string | number)[];

/** Thrown by the checks below: what is wrong with the part of the document at `path`. */
class Fault extends Error {
  readonly path: Path;

  constructor(path: Path, reason: string) {
    super(reason);
    this.path = path;
  }
}

/**
 * Reads the manifest of an algorithm: one YAML document that is an Argo workflow, whose templates say
 * what they do and name one another rightly.
 * @throws HubError 400 that says what is wrong, and in which line.
 */
export function parseManifest(text: string): Workflow {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  const [document, ...more] = 'empty' in documents ? [] : documents;
  if (document === undefined || more.length > 0) throw badRequest('A manifest is one YAML document.');
  const [problem] = document.errors;
  if (problem) throw badRequest(`The manifest is not YAML: ${problem.message.split('\n')[0] ?? ''}`);
  // Aliases that blow up are cut off by the library's limit, as an error.
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch {
    throw badRequest('The manifest repeats itself too often.');
  }
  try {
    return checkWorkflow(value);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw badRequest(`${error.message} (line ${lineOf(document, error.path, lines)})`);
  }
}

/** Of the part at `path`, or of the nearest part around it that is written down. */
function lineOf(document: Document, path: Path, lines: LineCounter): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isFields(node) && Array.isArray(node['range'])) return lines.linePos(Number(node['range'][0])).line;
  }
  return 1;
}

function checkWorkflow(value: unknown): Workflow {
  if (!isFields(value)) throw new Fault([], 'The manifest is not a workflow.');
  const { apiVersion, kind, metadata = {}, spec } = value;
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith('argoproj.io/'))
    throw new Fault(['apiVersion'], 'The manifest has no apiVersion of Argo, such as argoproj.io/v1alpha1.');
  if (kind !== 'Workflow') throw new Fault(['kind'], 'The kind of the manifest is not Workflow.');
  if (!isFields(metadata)) throw new Fault(['metadata'], 'The metadata of the manifest are no mapping.');
  if (!isFields(spec)) throw new Fault(['spec'], 'The manifest has no spec.');
  const { entrypoint, templates, onExit } = spec;
  const path = ['spec', 'templates'];
  if (!Array.isArray(templates) || templates.length === 0 || !templates.every(isTemplate))
    throw new Fault(path, 'The spec of the manifest needs templates, each with a name.');
  const names = templates.map(({ name }) => name);
  const twin = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twin >= 0)
    throw new Fault([...path, twin], `Two templates of the manifest are named "${names[twin]}".`);
  if (typeof entrypoint !== 'string' || !names.includes(entrypoint))
    throw new Fault(['spec', 'entrypoint'], 'The entrypoint of the manifest is none of its templates.');
  if (onExit !== undefined && !names.some((name) => name === onExit))
    throw new Fault(['spec', 'onExit'], 'The onExit of the manifest is none of its templates.');
  for (const [index, template] of templates.entries()) checkTemplate(template, [...path, index], names);
  return { apiVersion, kind, metadata, spec: { ...spec, entrypoint, templates } };
}

function isTemplate(value: unknown): value is WorkflowTemplate {
  return isFields(value) && typeof value['name'] === 'string' && value['name'] !== '';
}

/** What a template does; it does one of them. */
const bodies = [
  'container',
  'script',
  'steps',
  'dag',
  'suspend',
  'resource',
  'containerSet',
  'http',
  'data',
  'plugin',
];

function checkTemplate(template: WorkflowTemplate, path: Path, names: readonly string[]): void {
  const where = `The template "${template.name}"`;
  const [body, second] = bodies.filter((name) => template[name] !== undefined);
  if (body === undefined)
    throw new Fault(path, `${where} does nothing: it has none of ${bodies.slice(0, 4).join(', ')}.`);
  if (second !== undefined)
    throw new Fault([...path, second], `${where} has both "${body}" and "${second}".`);
  const content = template[body];
  if (body === 'steps') checkSteps(content, { path: [...path, body], where, names });
  else if (content !== null && !isFields(content))
    throw new Fault([...path, body], `"${body}" of ${lower(where)} is no mapping.`);
  else if (body === 'dag') checkDag(content ?? {}, { path: [...path, body], where, names });
  else if (body === 'script' && typeof content?.['source'] !== 'string')
    throw new Fault([...path, body], `The script of ${lower(where)} has no source.`);
}

interface Place {
  path: Path;
  where: string;
  names: readonly string[];
}

function checkSteps(groups: unknown, { path, where, names }: Place): void {
  if (!Array.isArray(groups)) throw new Fault(path, `The steps of ${lower(where)} are no list.`);
  const seen = new Set<string>();
  for (const [i, group] of groups.entries())
    for (const [j, step] of listOf(group).entries()) {
      const at = Array.isArray(group) ? [...path, i, j] : [...path, i];
      checkTask(step, { path: at, where, names }, seen);
    }
}

function checkDag(dag: Fields, { path, where, names }: Place): void {
  const tasks = dag['tasks'];
  if (!Array.isArray(tasks) || tasks.length === 0)
    throw new Fault(path, `The dag of ${lower(where)} has no tasks.`);
  const seen = new Set<string>();
  const at = [...path, 'tasks'];
  for (const [i, task] of tasks.entries()) checkTask(task, { path: [...at, i], where, names }, seen);
  for (const [i, task] of tasks.entries())
    for (const name of listOf((task as Fields)['dependencies']))
      if (!seen.has(String(name)))
        throw new Fault([...at, i, 'dependencies'], `${where} has no task "${String(name)}" to depend on.`);
}

function checkTask(task: unknown, { path, where, names }: Place, seen: Set<string>): void {
  if (!isFields(task) || typeof task['name'] !== 'string')
    throw new Fault(path, `A step of ${lower(where)} has no name.`);
  const { name, template } = task;
  if (seen.has(name)) throw new Fault(path, `Two steps of ${lower(where)} are named "${name}".`);
  seen.add(name);
  if (task['templateRef'] !== undefined || task['inline'] !== undefined) return;
  if (typeof template !== 'string' || !names.includes(template))
    throw new Fault(
      [...path, 'template'],
      `The step "${name}" of ${lower(where)} names no template of the manifest.`,
    );
}

function lower(where: string): string {
  return where.replace(/^The/, 'the');
}
