import { describe, expect, it } from 'vitest';
import { createArguments, type CreateOptions } from '../../../../src/hub/jobs/containers/create-arguments.ts';
import { engineEnvironment } from '../../../../src/hub/jobs/containers/engine.ts';
import type { Leaf } from '../../../../src/hub/jobs/workflow/plan.ts';

const options: CreateOptions = {
  flavour: 'podman',
  name: 'tidemark-u-0',
  uid: 'u',
  network: 'host',
  options: [],
};
const leaf: Leaf = {
  kind: 'leaf',
  image: 'alpine:3',
  pull: undefined,
  command: [],
  args: [],
  source: undefined,
  env: [],
  workingDir: undefined,
  mounts: [],
  scratch: [],
  limits: {},
};
const start = ['create', '--name', 'tidemark-u-0', '--label', 'tidemark.job=u', '--network', 'host'];

describe('the words that make a container', () => {
  it('leave entry point and command to the image where the workflow names none', () => {
    expect(createArguments(leaf, options)).toEqual([...start, 'alpine:3']);
    expect(createArguments({ ...leaf, args: ['-x'] }, options)).toEqual([...start, 'alpine:3', '-x']);
  });

  it('put command before args, and the script last', () => {
    const script = { ...leaf, command: ['sh', '-e'], args: ['a'], source: 'echo' };
    expect(createArguments(script, options).slice(start.length)).toEqual([
      '--entrypoint',
      'sh',
      'alpine:3',
      '-e',
      'a',
      '/argo/staging/script',
    ]);
  });

  it('carry environment, folder, volumes, limits and the operator’s own options', () => {
    const full: Leaf = {
      ...leaf,
      pull: 'never',
      env: [['A', 'b c\n$d']],
      workingDir: '/work',
      mounts: [
        { volume: 'data', path: '/data', readOnly: true },
        { volume: 'tmp', path: '/scratch', readOnly: false },
      ],
      scratch: ['tmp'],
      limits: { cpu: 0.5, memory: 2 ** 30, gpus: 2 },
    };
    const words = createArguments(full, { ...options, options: ['--cgroups=disabled'] }).slice(start.length);
    expect(words).toEqual([
      ...['--pull', 'never', '--cpus', '0.5', '--memory', '1073741824'],
      ...['--device', 'nvidia.com/gpu=0', '--device', 'nvidia.com/gpu=1'],
      ...['--env', 'A=b c\n$d', '--workdir', '/work'],
      ...['--volume', 'tidemark-u-data:/data:ro', '--volume', '/scratch', '--cgroups=disabled', 'alpine:3'],
    ]);
    expect(createArguments(full, { ...options, flavour: 'docker' }).join(' ')).toContain('--gpus 2 ');
  });

  it('never let a parameter stand in the place of an option', () => {
    for (const image of ['', '-v/:/host', '--privileged', 'a b', 'a\nb'])
      expect(() => createArguments({ ...leaf, image }, options), image).toThrow('no name of an image');
  });
});

describe('the environment of the engine’s client', () => {
  it('has what an engine needs and none of the hub’s secrets', () => {
    const env = {
      PATH: '/bin',
      DOCKER_HOST: 'x',
      XDG_RUNTIME_DIR: 'r',
      DATABASE_URL: 's',
      SMTP_URL: 's',
      S3_SECRET_ACCESS_KEY: 's',
    };
    expect(engineEnvironment(env)).toEqual({ PATH: '/bin', DOCKER_HOST: 'x', XDG_RUNTIME_DIR: 'r' });
  });
});
