import { badRequest } from '../../errors.ts';
import type { Leaf } from '../workflow/plan.ts';

export type Flavour = 'podman' | 'docker';

/** Where the text of a script is, within its container. */
export const scriptPath = '/argo/staging/script';

export interface CreateOptions {
  flavour: Flavour;
  /** Name of the container. */
  name: string;
  /** Of the job: its containers and volumes carry it as a label. */
  uid: string;
  network: string;
  /** Further words of the operator. */
  options: readonly string[];
}

export const jobLabel = 'tidemark.job';

export function volumeName(uid: string, volume: string): string {
  return `tidemark-${uid}-${volume}`;
}

/**
 * The words after `podman` or `docker` that make a container of a leaf whose texts are filled. As in a
 * cluster, `command` takes the place of the image's entry point and `args` that of its command.
 * @throws HubError 400 for an image that is no name of one
 */
export function createArguments(leaf: Leaf, options: CreateOptions): string[] {
  const { image = '', command, args, source, env, workingDir, mounts, scratch, pull } = leaf;
  // Never an option, whatever a parameter of the job says.
  if (!/^[\w][\w.:/@+-]*$/.test(image)) throw badRequest(`"${image}" is no name of an image.`);
  const [entry, ...rest] = command;
  const script = source === undefined ? [] : [scriptPath];
  return [
    'create',
    ...['--name', options.name, '--label', `${jobLabel}=${options.uid}`, '--network', options.network],
    ...(pull === undefined ? [] : ['--pull', pull]),
    ...limitArguments(leaf, options.flavour),
    ...env.flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...(workingDir === undefined ? [] : ['--workdir', workingDir]),
    ...mounts.flatMap(({ volume, path, readOnly }) => {
      const own = scratch.includes(volume) ? '' : `${volumeName(options.uid, volume)}:`;
      return ['--volume', `${own}${path}${readOnly && own !== '' ? ':ro' : ''}`];
    }),
    ...(entry === undefined ? [] : ['--entrypoint', entry]),
    ...options.options,
    image,
    ...rest,
    ...args,
    ...script,
  ];
}

function limitArguments({ limits: { cpu, memory, gpus } }: Leaf, flavour: Flavour): string[] {
  return [
    ...(cpu === undefined ? [] : ['--cpus', String(cpu)]),
    ...(memory === undefined ? [] : ['--memory', String(Math.round(memory))]),
    ...(gpus === undefined ? [] : gpuArguments(gpus, flavour)),
  ];
}

/** Docker counts them; podman names each by the Container Device Interface. */
function gpuArguments(count: number, flavour: Flavour): string[] {
  if (flavour === 'docker') return ['--gpus', String(count)];
  return Array.from({ length: count }, (_, i) => ['--device', `nvidia.com/gpu=${i}`]).flat();
}
