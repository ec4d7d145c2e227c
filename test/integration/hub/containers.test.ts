import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AlgorithmBench, jobPatience, workflowText } from '../../support/algorithms.ts';
import { findTestEngine, type TestEngine } from '../../support/containers.ts';
import { startTestHub, type TestHub } from '../../support/hub.ts';
import { makeVideo, sampleIds } from '../../support/hub-sample.ts';

const found = await findTestEngine();
if (typeof found === 'string') console.log(`containers of algorithms: skipped, ${found}`);
const engine = found as TestEngine;

let hub: TestHub;
let bench: AlgorithmBench;
let media: number;

const boxed = (script: string, more: object = {}) => ({
  image: engine.image,
  command: ['sh', '-c'],
  args: [script],
  ...more,
});

describe.skipIf(typeof found === 'string')('algorithms in containers', () => {
  beforeAll(async () => {
    hub = await startTestHub({ sample: true, env: { ...engine.env, RUN_ALGORITHMS: 'containers' } });
    const ids = await sampleIds(hub.client());
    bench = new AlgorithmBench(hub.client(), ids.project);
    media = await makeVideo(hub.client(), ids);
  });

  afterAll(async () => {
    await hub.stop();
    await engine.remove();
  });

  /** Names of what the engine has of a job. */
  async function leftOf(uid: string): Promise<string[]> {
    const filter = ['--filter', `label=tidemark.job=${uid}`, '--quiet'];
    const containers = await engine.call('ps', '--all', ...filter);
    const volumes = await engine.call('volume', 'ls', ...filter);
    return `${containers.out}\n${volumes.out}`.split(/\s+/).filter((word) => word !== '');
  }

  it('get their parameters, environment and folder, and leave results and files', async () => {
    const make = {
      name: 'make',
      inputs: { parameters: [{ name: 'media' }] },
      container: boxed('echo "$LEG {{inputs.parameters.media}}"; pwd; echo 42 > /tmp/count', {
        env: [{ name: 'LEG', value: 'leg 3' }],
        workingDir: '/tmp',
      }),
      outputs: { parameters: [{ name: 'count', valueFrom: { path: '/tmp/count' } }] },
    };
    const tell = {
      name: 'tell',
      inputs: { parameters: [{ name: 'count' }] },
      script: { image: engine.image, command: ['sh'], source: 'echo counted {{inputs.parameters.count}}' },
    };
    const given = (name: string, value: string) => ({ arguments: { parameters: [{ name, value }] } });
    const main = {
      name: 'main',
      dag: {
        tasks: [
          { name: 'a', template: 'make', ...given('media', '{{workflow.parameters.media_ids}}') },
          {
            name: 'b',
            depends: 'a',
            template: 'tell',
            ...given('count', '{{tasks.a.outputs.parameters.count}}'),
          },
        ],
      },
    };
    await bench.register('Boxed', workflowText([main, make, tell]));
    const { body } = await bench.start('Boxed', [media]);
    const uid = body.id[0] ?? '';
    const done = await bench.ended(uid);
    expect(done).toMatchObject({ status: 'Succeeded', message: '' });
    expect(done.log).toBe(`a: leg 3 ${media}\na: /tmp\nb: counted 42\n`);
    expect(await leftOf(uid)).toEqual([]);
  });

  it('share the volumes that the workflow claims, and have scratch folders of their own', async () => {
    const mounts = [
      { name: 'shared', mountPath: '/shared' },
      { name: 'scratch', mountPath: '/scratch' },
    ];
    const write = {
      name: 'write',
      container: boxed('echo pearl > /shared/a; touch /scratch/b', { volumeMounts: mounts }),
    };
    const read = { name: 'read', container: boxed('cat /shared/a; ls /scratch', { volumeMounts: mounts }) };
    const main = {
      name: 'main',
      steps: [[{ name: 'w', template: 'write' }], [{ name: 'r', template: 'read' }]],
    };
    const volumes = {
      volumeClaimTemplates: [
        { metadata: { name: 'shared' }, spec: { resources: { requests: { storage: '1Gi' } } } },
      ],
      volumes: [{ name: 'scratch', emptyDir: {} }],
    };
    await bench.register('Sharing', workflowText([main, write, read], volumes));
    const { body } = await bench.start('Sharing', [media]);
    const uid = body.id[0] ?? '';
    expect(await bench.ended(uid)).toMatchObject({ status: 'Succeeded', log: 'pearl\n' });
    expect(await leftOf(uid)).toEqual([]);
  });

  it('fail with the exit code and the last words of the container', async () => {
    await bench.register(
      'Boxed bad',
      workflowText([{ name: 'main', container: boxed('echo no model >&2; exit 3') }]),
    );
    const { body } = await bench.start('Boxed bad', [media]);
    expect(await bench.ended(body.id[0] ?? '')).toMatchObject({
      status: 'Failed',
      message: '"main" ended with 3. no model',
    });
    const missing = { image: 'localhost/tidemark-test/none:1', imagePullPolicy: 'Never' };
    await bench.register('No image', workflowText([{ name: 'main', container: missing }]));
    const none = await bench.start('No image', [media]);
    const failed = await bench.ended(none.body.id[0] ?? '');
    expect(failed.status).toBe('Error');
    expect(failed.message).toContain('localhost/tidemark-test/none:1 cannot be made');
  });

  it('end, container and all, when the job is cancelled', async () => {
    await bench.register(
      'Boxed long',
      workflowText([{ name: 'main', container: boxed('echo begun; sleep 600') }]),
    );
    const { body } = await bench.start('Boxed long', [media]);
    const uid = body.id[0] ?? '';
    await expect.poll(async () => (await bench.job(uid)).log, jobPatience).toBe('begun\n');
    expect(await leftOf(uid)).toHaveLength(1);
    expect((await hub.client()('DELETE', `/rest/Job/${uid}`)).status).toBe(200);
    expect(await bench.ended(uid)).toMatchObject({ status: 'Failed', message: 'Cancelled.' });
    expect(await leftOf(uid)).toEqual([]);
  });

  it('are ended by the next hub when theirs was killed', async () => {
    const { body } = await bench.start('Boxed long', [media]);
    const uid = body.id[0] ?? '';
    await expect.poll(async () => (await bench.job(uid)).log, jobPatience).toBe('begun\n');
    await hub.kill();
    expect(await leftOf(uid)).toHaveLength(1);
    await hub.restart();
    expect(await bench.ended(uid)).toMatchObject({
      status: 'Error',
      message: expect.stringContaining('stopped while'),
    });
    expect(await leftOf(uid)).toEqual([]);
  });

  it('run where plain commands may not', async () => {
    await bench.register('Plain', workflowText([{ name: 'main', container: { command: ['true'] } }]));
    const refused = await bench.start('Plain', [media]);
    expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining('containers only')]);
  });
});
