import { badRequest } from '../../errors.ts';
import { isFields, listOf, requireKnown, textOf, type Fields } from './fields.ts';
import type { Leaf, Limits, Mount } from './plan.ts';

const honoured = [
  'name',
  'image',
  'imagePullPolicy',
  'command',
  'args',
  'source',
  'env',
  'workingDir',
  'resources',
  'volumeMounts',
];

const pulls: Readonly<Record<string, Leaf['pull']>> = {
  Always: 'always',
  IfNotPresent: 'missing',
  Never: 'never',
};

export interface LeafPlace {
  /** "the template …". */
  where: string;
  /** Names of the volumes that it may mount. */
  volumes: readonly string[];
  /** Of these, those that are new for every container. */
  scratch: readonly string[];
  idle: string[];
}

/** @throws HubError 400 for what the local runner cannot honour */
export function readLeaf(body: Fields, { where, volumes, scratch, idle }: LeafPlace): Leaf {
  idle.push(...requireKnown(body, where, { honoured, idle: ['terminationMessagePath'] }));
  const { image, source, workingDir, imagePullPolicy } = body;
  const text = (value: unknown, what: string): string => textOf(value, `${what} of ${where}`);
  const leaf: Leaf = {
    kind: 'leaf',
    image: image === undefined ? undefined : text(image, 'The image'),
    pull: undefined,
    command: listOf(body['command']).map((word) => text(word, 'A word of the command')),
    args: listOf(body['args']).map((word) => text(word, 'An argument')),
    source: source === undefined ? undefined : text(source, 'The source'),
    env: listOf(body['env']).map((entry) => variableOf(entry, where)),
    workingDir: workingDir === undefined ? undefined : text(workingDir, 'The workingDir'),
    mounts: listOf(body['volumeMounts']).map((entry) => mountOf(entry, where, volumes)),
    scratch,
    limits: limitsOf(body['resources'], where, idle),
  };
  if (imagePullPolicy !== undefined) {
    const policy = text(imagePullPolicy, 'The imagePullPolicy');
    if (!Object.hasOwn(pulls, policy)) throw badRequest(`The imagePullPolicy of ${where} is none of Argo’s.`);
    leaf.pull = pulls[policy];
  }
  return leaf.image === undefined ? plain(leaf, where) : leaf;
}

/** A command of this machine has no walls around it, so nothing of them can be asked for. */
function plain(leaf: Leaf, where: string): Leaf {
  const first = leaf.command[0] ?? leaf.args[0] ?? '';
  if (first === '' || (leaf.source !== undefined && leaf.command.length === 0))
    throw badRequest(`${capital(where)} has no command.`);
  const asked = [
    leaf.workingDir !== undefined && 'workingDir',
    leaf.mounts.length > 0 && 'volumeMounts',
    Object.keys(leaf.limits).length > 0 && 'resources.limits',
    leaf.pull !== undefined && 'imagePullPolicy',
  ].find((name) => name !== false);
  if (asked !== undefined)
    throw badRequest(`${capital(where)} uses "${asked}", which needs an image: it is a plain command.`);
  return leaf;
}

function variableOf(entry: unknown, where: string): readonly [string, string] {
  const { name, value = '' } = isFields(entry) ? entry : {};
  if (!isFields(entry) || typeof name !== 'string' || !/^[\w.-]+$/.test(name))
    throw badRequest(`A variable of ${where} has no name.`);
  requireKnown(entry, `the variable "${name}" of ${where}`, { honoured: ['name', 'value'] });
  return [name, textOf(value, `The variable "${name}" of ${where}`)];
}

function mountOf(entry: unknown, where: string, volumes: readonly string[]): Mount {
  if (!isFields(entry)) throw badRequest(`A volumeMount of ${where} is no mapping.`);
  const { name, mountPath, readOnly } = entry;
  requireKnown(entry, `the volumeMount "${String(name)}" of ${where}`, {
    honoured: ['name', 'mountPath', 'readOnly'],
  });
  if (typeof name !== 'string' || !volumes.includes(name))
    throw badRequest(
      `${capital(where)} mounts the volume "${String(name)}", which the workflow does not have.`,
    );
  // A colon or a comma would be an option of the container engine.
  if (typeof mountPath !== 'string' || !/^\/[^:,\0]*$/.test(mountPath))
    throw badRequest(`The mountPath of "${name}" in ${where} is no absolute path.`);
  return { volume: name, path: mountPath, readOnly: readOnly === true };
}

const gpu = 'nvidia.com/gpu';

function limitsOf(resources: unknown, where: string, idle: string[]): Limits {
  if (resources === undefined) return {};
  if (!isFields(resources)) throw badRequest(`The resources of ${where} are no mapping.`);
  const place = `the resources of ${where}`;
  idle.push(...requireKnown(resources, place, { honoured: ['limits'], idle: ['requests'] }));
  const { limits = {} } = resources;
  if (!isFields(limits)) throw badRequest(`The limits of ${place} are no mapping.`);
  idle.push(
    ...requireKnown(limits, place, { honoured: ['cpu', 'memory', gpu], idle: ['ephemeral-storage'] }),
  );
  const read = (name: string): number | undefined =>
    limits[name] === undefined ? undefined : quantityOf(limits[name], `"${name}" in ${place}`);
  const found = { cpu: read('cpu'), memory: read('memory'), gpus: read(gpu) };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  m: 0.001,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity of Kubernetes, such as 500m, 2 or 4Gi. */
export function quantityOf(value: unknown, what: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(String(value)) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (count === undefined || factor === undefined || Number(count) === 0)
    throw badRequest(`${what} is no quantity such as 500m or 4Gi.`);
  return Number(count) * factor;
}

function capital(where: string): string {
  return where.replace(/^the/, 'The');
}
