import { badRequest } from '../../errors.ts';
import { isFields, listOf, type Fields } from '../workflow/fields.ts';
import type { Workflow } from '../workflow/manifest.ts';

export interface JobLabels {
  uid: string;
  gid: string;
  project: number;
  user: number;
  algorithm: number | null;
  media: readonly number[];
}

/** Selects the workflows that hubs submitted. */
export const hubSelector = 'app.kubernetes.io/managed-by=tidemark-hub,job_type=algorithm';

const LONGEST_LABEL = 63;

/** Where the workflow goes: as its manifest says. */
export function namespaceOf({ metadata }: Pick<Workflow, 'metadata'>): string {
  const { namespace } = metadata;
  return typeof namespace === 'string' && namespace !== '' ? namespace : 'default';
}

/**
 * Name of the workflow of a job, as Kubernetes takes it. It follows from the job alone, so that submitting
 * twice makes one.
 */
export function workflowName(algorithm: string, uid: string): string {
  const words = algorithm
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 20);
  return `${words.replace(/-+$/, '') || 'algorithm'}-${uid}`;
}

/** What is sent to the cluster: the manifest with the name, labels and parameters of a job. */
export function workflowObject(
  { apiVersion, kind, metadata, spec }: Workflow,
  {
    name,
    labels,
    parameters,
  }: { name: string; labels: JobLabels; parameters: Readonly<Record<string, string>> },
): object {
  const own = { ...metadata };
  delete own['generateName'];
  return {
    apiVersion,
    kind,
    metadata: {
      ...own,
      name,
      namespace: namespaceOf({ metadata }),
      labels: { ...(isFields(own['labels']) ? own['labels'] : {}), ...labelsOf(labels) },
      annotations: {
        ...(isFields(own['annotations']) ? own['annotations'] : {}),
        media_ids: labels.media.join(','),
      },
    },
    spec: { ...spec, arguments: argumentsOf(spec['arguments'], parameters) },
  };
}

/** Labels hold no commas and at most 63 characters: many media are told by the annotation only. */
function labelsOf({ uid, gid, project, user, algorithm, media }: JobLabels): Record<string, string> {
  const joined = media.join('_');
  return {
    'app.kubernetes.io/managed-by': 'tidemark-hub',
    job_type: 'algorithm',
    uid,
    gid,
    project: String(project),
    user: String(user),
    ...(algorithm === null ? {} : { algorithm: String(algorithm) }),
    ...(joined.length <= LONGEST_LABEL ? { media: joined } : {}),
  };
}

/** Declared parameters keep their place and what else is said of them; those of the job are added. */
function argumentsOf(given: unknown, parameters: Readonly<Record<string, string>>): Fields {
  const declared = listOf(isFields(given) ? given['parameters'] : undefined).filter(isFields);
  const names = new Set(declared.map(({ name }) => name));
  const filled = declared.map((entry) => {
    const name = String(entry['name']);
    return Object.hasOwn(parameters, name) ? { ...entry, value: parameters[name] } : entry;
  });
  const added = Object.entries(parameters).filter(([name]) => !names.has(name));
  return {
    ...(isFields(given) ? given : {}),
    parameters: [...filled, ...added.map(([name, value]) => ({ name, value }))],
  };
}

/** On a cluster every command runs in an image. @throws HubError 400 */
export function requireImages({ spec }: Workflow): void {
  for (const { name, container, script } of spec.templates) {
    const body = container ?? script;
    if (isFields(body) && body['image'] === undefined)
      throw badRequest(`The template "${name}" names no image, which a job cluster needs.`);
  }
}
