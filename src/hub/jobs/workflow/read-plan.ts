import { badRequest } from '../../errors.ts';
import { countOf, isFields, isPlain, listOf, requireKnown, secondsOf } from './fields.ts';
import type { Workflow, WorkflowTemplate } from './manifest.ts';
import type { Input, Output, Plan, Retry, Template, Volumes } from './plan.ts';
import { readLeaf } from './read-leaf.ts';
import { readDag, readSteps } from './read-tasks.ts';

/** What only a cluster's scheduler and its tidying up have use for. */
const scheduling = [
  'serviceAccountName',
  'automountServiceAccountToken',
  'nodeSelector',
  'tolerations',
  'affinity',
  'schedulerName',
  'priorityClassName',
  'priority',
  'podPriorityClassName',
  'metadata',
  'archiveLocation',
];

const ofSpec = {
  honoured: [
    'entrypoint',
    'templates',
    'arguments',
    'onExit',
    'activeDeadlineSeconds',
    'parallelism',
    'volumes',
    'volumeClaimTemplates',
  ],
  idle: [
    ...scheduling,
    'ttlStrategy',
    'podGC',
    'volumeClaimGC',
    'podMetadata',
    'workflowMetadata',
    'archiveLogs',
    'artifactGC',
    'podDisruptionBudget',
    'imagePullSecrets',
  ],
};

const ofTemplate = {
  honoured: [
    'name',
    'inputs',
    'outputs',
    'container',
    'script',
    'steps',
    'dag',
    'retryStrategy',
    'activeDeadlineSeconds',
    'parallelism',
    'volumes',
  ],
  idle: scheduling,
};

/**
 * What the local runner will do for a workflow.
 * @throws HubError 400 that names the first thing of the manifest which it cannot honour
 */
export function readPlan({ spec }: Workflow): Plan {
  const where = 'the spec of the workflow';
  const idle = requireKnown(spec, where, ofSpec);
  const volumes: Volumes = {
    claims: listOf(spec['volumeClaimTemplates']).map((claim) => claimName(claim)),
    scratch: scratchVolumes(spec['volumes'], where),
  };
  const templates = spec.templates.map((template) => readTemplate(template, volumes, idle));
  return {
    entrypoint: spec.entrypoint,
    onExit: typeof spec['onExit'] === 'string' ? spec['onExit'] : undefined,
    templates: new Map(templates.map((template) => [template.name, template])),
    parameters: readParameters(spec['arguments']),
    deadline: optional(spec['activeDeadlineSeconds'], `activeDeadlineSeconds of ${where}`),
    parallelism: optional(spec['parallelism'], `parallelism of ${where}`),
    volumes,
    idle: [...new Set(idle)],
  };
}

function readTemplate(template: WorkflowTemplate, shared: Volumes, idle: string[]): Template {
  const where = `the template "${template.name}"`;
  if (template['suspend'] !== undefined)
    throw badRequest(`${where} uses "suspend": nobody could resume a job of this hub’s own runner.`);
  idle.push(...requireKnown(template, where, ofTemplate));
  const body = readBody(template, { where, shared, idle });
  return {
    name: template.name,
    inputs: readInputs(template['inputs'], where),
    outputs: readOutputs(template['outputs'], { where, body }),
    retry: template['retryStrategy'] === undefined ? undefined : readRetry(template['retryStrategy'], where),
    deadline: optional(template['activeDeadlineSeconds'], `activeDeadlineSeconds of ${where}`),
    parallelism: optional(template['parallelism'], `parallelism of ${where}`),
    body,
  };
}

function readBody(
  template: WorkflowTemplate,
  { where, shared, idle }: { where: string; shared: Volumes; idle: string[] },
): Template['body'] {
  const { steps, dag, container, script } = template;
  if (steps !== undefined) return readSteps(steps, where);
  if (isFields(dag)) return readDag(dag, where);
  const leaf = container ?? script;
  if (!isFields(leaf)) throw badRequest(`${where} has no command.`);
  const scratch = [...shared.scratch, ...scratchVolumes(template['volumes'], where)];
  return readLeaf(leaf, { where, volumes: [...shared.claims, ...scratch], scratch, idle });
}

function claimName(claim: unknown): string {
  const metadata = isFields(claim) ? claim['metadata'] : undefined;
  const name = isFields(metadata) ? metadata['name'] : undefined;
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9.-]*$/.test(name))
    throw badRequest('A volumeClaimTemplate has no name of small letters.');
  return name;
}

function scratchVolumes(volumes: unknown, where: string): string[] {
  return listOf(volumes).map((volume) => {
    const name = isFields(volume) ? volume['name'] : undefined;
    if (!isFields(volume) || typeof name !== 'string' || !/^[a-z0-9][a-z0-9.-]*$/.test(name))
      throw badRequest(`A volume of ${where} has no name of small letters.`);
    requireKnown(volume, `the volume "${name}" of ${where}`, { honoured: ['name', 'emptyDir'] });
    return name;
  });
}

function readParameters(given: unknown): Record<string, string> {
  const where = 'the arguments of the workflow';
  if (given === undefined || given === null) return {};
  if (!isFields(given)) throw badRequest(`${where} are no mapping.`);
  requireKnown(given, where, { honoured: ['parameters'] });
  const named = listOf(given['parameters']).map((entry) => {
    const { name, value } = isFields(entry) ? entry : {};
    if (!isFields(entry) || typeof name !== 'string')
      throw badRequest(`A parameter in ${where} has no name.`);
    requireKnown(entry, `the parameter "${name}" in ${where}`, {
      honoured: ['name', 'value', 'description', 'enum'],
    });
    return [name, value] as const;
  });
  return Object.fromEntries(
    named.flatMap(([name, value]) => (isPlain(value) ? [[name, String(value)]] : [])),
  );
}

function readInputs(inputs: unknown, where: string): Input[] {
  if (inputs === undefined || inputs === null) return [];
  if (!isFields(inputs)) throw badRequest(`The inputs of ${where} are no mapping.`);
  requireKnown(inputs, `the inputs of ${where}`, { honoured: ['parameters'] });
  return listOf(inputs['parameters']).map((entry) => {
    const { name, value, default: usual } = isFields(entry) ? entry : {};
    if (!isFields(entry) || typeof name !== 'string') throw badRequest(`An input of ${where} has no name.`);
    requireKnown(entry, `the input "${name}" of ${where}`, {
      honoured: ['name', 'value', 'default', 'description', 'enum'],
    });
    const fallback = value ?? usual;
    const oneOf = listOf(entry['enum']).map(String);
    return { name, fallback: isPlain(fallback) ? String(fallback) : undefined, oneOf };
  });
}

function readOutputs(outputs: unknown, { where, body }: { where: string; body: Template['body'] }): Output[] {
  if (outputs === undefined || outputs === null) return [];
  if (!isFields(outputs)) throw badRequest(`The outputs of ${where} are no mapping.`);
  requireKnown(outputs, `the outputs of ${where}`, { honoured: ['parameters'] });
  return listOf(outputs['parameters']).map((entry) => {
    const { name, valueFrom } = isFields(entry) ? entry : {};
    if (!isFields(entry) || typeof name !== 'string' || !isFields(valueFrom))
      throw badRequest(`An output of ${where} has no name or no valueFrom.`);
    const place = `the output "${name}" of ${where}`;
    requireKnown(entry, place, { honoured: ['name', 'valueFrom', 'description'] });
    const from = body.kind === 'leaf' ? 'path' : 'parameter';
    requireKnown(valueFrom, place, { honoured: [from, 'default'] });
    const text = valueFrom[from];
    if (typeof text !== 'string') throw badRequest(`${place} has no "${from}".`);
    if (body.kind === 'leaf') requirePath(text, place, body.image !== undefined);
    const fallback = isPlain(valueFrom['default']) ? String(valueFrom['default']) : undefined;
    return {
      name,
      path: from === 'path' ? text : undefined,
      parameter: from === 'parameter' ? text : undefined,
      fallback,
    };
  });
}

/** Of a container an absolute path; of a plain command one below the folder of the job. */
function requirePath(path: string, place: string, inContainer: boolean): void {
  if (inContainer ? path.startsWith('/') : !path.startsWith('/') && !path.split('/').includes('..')) return;
  const kind = inContainer
    ? 'no absolute path'
    : 'no path below the folder of the job, where plain commands run';
  throw badRequest(`The path of ${place} is ${kind}.`);
}

function readRetry(given: unknown, where: string): Retry {
  const place = `the retryStrategy of ${where}`;
  if (!isFields(given)) throw badRequest(`${place} is no mapping.`);
  requireKnown(given, place, { honoured: ['limit', 'retryPolicy', 'backoff'] });
  const { limit, retryPolicy = 'OnFailure', backoff = {} } = given;
  if (limit === undefined) throw badRequest(`${place} has no limit, and might never come to an end.`);
  const policies = ['Always', 'OnFailure', 'OnError'];
  if (!policies.includes(String(retryPolicy)))
    throw badRequest(
      `The retryPolicy in ${place} needs a job cluster; here it is one of ${policies.join(', ')}.`,
    );
  if (!isFields(backoff)) throw badRequest(`The backoff of ${place} is no mapping.`);
  requireKnown(backoff, `the backoff of ${place}`, { honoured: ['duration', 'factor', 'maxDuration'] });
  const { duration, factor, maxDuration } = backoff;
  return {
    limit: countOf(limit, `The limit of ${place}`),
    on: { failure: retryPolicy !== 'OnError', error: retryPolicy !== 'OnFailure' },
    wait: duration === undefined ? 0 : secondsOf(duration, `The duration in ${place}`),
    factor: factor === undefined ? 1 : countOf(factor, `The factor in ${place}`),
    within: maxDuration === undefined ? undefined : secondsOf(maxDuration, `The maxDuration in ${place}`),
  };
}

function optional(value: unknown, what: string): number | undefined {
  return value === undefined || value === null ? undefined : countOf(value, what);
}
