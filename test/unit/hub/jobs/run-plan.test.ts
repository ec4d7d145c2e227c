import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { badRequest } from '../../../../src/hub/errors.ts';
import { LocalLeaves } from '../../../../src/hub/jobs/local-leaves.ts';
import { checkPlan } from '../../../../src/hub/jobs/workflow/check-plan.ts';
import { parseManifest } from '../../../../src/hub/jobs/workflow/manifest.ts';
import type { Outcome } from '../../../../src/hub/jobs/workflow/outcome.ts';
import { readPlan } from '../../../../src/hub/jobs/workflow/read-plan.ts';
import { PlanRun } from '../../../../src/hub/jobs/workflow/run-plan.ts';
import { RunRecord } from '../../../../src/hub/jobs/workflow/run-record.ts';
import { workflowValues } from '../../../../src/hub/jobs/workflow/workflow-values.ts';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'tidemark-run-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ran extends Outcome {
  log: string;
  /** `task: phase`, in the order of their nodes. */
  steps: string[];
  record: RunRecord;
}

/** Runs the templates of a workflow as real commands of this machine. */
async function run(
  templates: object[],
  spec: object = {},
  signal = new AbortController().signal,
): Promise<Ran> {
  const head = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow' };
  const text = JSON.stringify({ ...head, spec: { entrypoint: 'main', templates, ...spec } });
  const plan = readPlan(parseManifest(text));
  const values = workflowValues(plan, { uid: 'u', name: 'n', parameters: { media_ids: '4,5' } });
  checkPlan(plan, values);
  const record = new RunRecord({ uid: 'u', now: Date.now, onChange: () => undefined, secrets: ['s3cr3t'] });
  const requireEngine = () => Promise.reject(badRequest('No engine.'));
  const leaves = new LocalLeaves({ uid: 'u', folder, claims: [], requireEngine });
  const common = { plan, values, record, runLeaf: leaves.run, clock: systemClock(), signal };
  const outcome = await new PlanRun({ ...common, parallelism: 4, onProgress: () => undefined }).run();
  const steps = record.nodes.map(({ task, status }) => `${task}: ${status}`);
  return { ...outcome, log: record.log, steps, record };
}

const shell = (name: string, script: string, more: object = {}) => ({
  name,
  container: { command: ['sh', '-c', script] },
  ...more,
});
const give = (name: string, value: string) => ({ arguments: { parameters: [{ name, value }] } });
const say = {
  ...shell('say', 'echo {{inputs.parameters.text}}'),
  inputs: { parameters: [{ name: 'text' }] },
};
const dag = (tasks: object[], more: object = {}) => ({ name: 'main', dag: { tasks, ...more } });

describe('steps', () => {
  it('hand results and files on to those after them', async () => {
    const make = shell('make', 'echo said; echo 42 > count.txt', {
      outputs: { parameters: [{ name: 'count', valueFrom: { path: 'count.txt' } }] },
    });
    const main = {
      name: 'main',
      steps: [
        [{ name: 'a', template: 'make' }],
        [
          {
            name: 'b',
            template: 'say',
            ...give('text', '{{steps.a.outputs.result}} {{steps.a.outputs.parameters.count}}'),
          },
        ],
      ],
    };
    const ran = await run([main, make, say]);
    expect(ran).toMatchObject({ phase: 'Succeeded', log: 'said\nsaid 42\n' });
    expect(ran.record.nodes.map(({ children }) => children)).toEqual([['u-1'], []]);
  });

  it('of one group run side by side, and their lines say whose they are', async () => {
    // Each waits for the other: one after the other they would never end.
    const meet = {
      ...shell(
        'meet',
        'touch {{inputs.parameters.me}}; until [ -e {{inputs.parameters.other}} ]; do sleep 0.05; done; echo met',
      ),
      inputs: { parameters: [{ name: 'me' }, { name: 'other' }] },
    };
    const task = (me: string, other: string) => ({
      name: me,
      template: 'meet',
      arguments: {
        parameters: [
          { name: 'me', value: me },
          { name: 'other', value: other },
        ],
      },
    });
    const ran = await run([{ name: 'main', steps: [[task('x', 'y'), task('y', 'x')]] }, meet]);
    expect(ran.phase).toBe('Succeeded');
    expect(ran.log.trim().split('\n').toSorted()).toEqual(['x: met', 'y: met']);
  });

  it('after a failure are omitted, unless it may go on', async () => {
    const bad = shell('bad', 'echo no model >&2; exit 3');
    const steps = (more: object) => [
      [{ name: 'a', template: 'bad', ...more }],
      [{ name: 'b', template: 'say', ...give('text', '{{steps.a.status}}') }],
    ];
    const ran = await run([{ name: 'main', steps: steps({}) }, bad, say]);
    expect(ran).toMatchObject({
      phase: 'Failed',
      message: '"a" ended with 3. no model',
      steps: ['a: Failed', 'b: Omitted'],
    });
    const on = await run([{ name: 'main', steps: steps({ continueOn: { failed: true } }) }, bad, say]);
    expect(on).toMatchObject({ phase: 'Succeeded', steps: ['a: Failed', 'b: Succeeded'] });
    expect(on.log).toContain('Failed\n');
  });

  it('run once for each item, and leave a list', async () => {
    const list = shell('list', `echo '[1,{"of":2}]'`);
    const main = {
      name: 'main',
      steps: [
        [{ name: 'l', template: 'list' }],
        [
          {
            name: 'e',
            template: 'say',
            withParam: '{{steps.l.outputs.result}}',
            ...give('text', '{{item}}'),
          },
        ],
        [{ name: 'f', template: 'say', withItems: [{ n: 7 }, { n: 8 }], ...give('text', '{{item.n}}') }],
        [{ name: 'all', template: 'say', ...give('text', "'{{steps.f.outputs.result}}'") }],
      ],
    };
    const ran = await run([main, list, say]);
    expect(ran.steps).toEqual([
      'l: Succeeded',
      'e(0): Succeeded',
      'e(1): Succeeded',
      'f(0): Succeeded',
      'f(1): Succeeded',
      'all: Succeeded',
    ]);
    expect(ran.log).toContain('all: ["7","8"]\n');
  });

  it('are skipped when their condition does not hold', async () => {
    const step = (name: string, when: string) => ({ name, template: 'say', when, ...give('text', name) });
    const when = "'{{workflow.parameters.media_ids}}'";
    const main = { name: 'main', steps: [[step('a', `${when} == '4,5'`)], [step('b', `${when} == other`)]] };
    expect(await run([main, say])).toMatchObject({
      phase: 'Succeeded',
      steps: ['a: Succeeded', 'b: Skipped'],
      log: 'a\n',
    });
  });

  it('may nest, with outputs of the inner ones, down to a workflow that never ends', async () => {
    const inner = {
      name: 'inner',
      steps: [[{ name: 'deep', template: 'say', ...give('text', 'pearl') }]],
      outputs: { parameters: [{ name: 'found', valueFrom: { parameter: '{{steps.deep.outputs.result}}' } }] },
    };
    const main = {
      name: 'main',
      steps: [
        [{ name: 'i', template: 'inner' }],
        [{ name: 's', template: 'say', ...give('text', '{{steps.i.outputs.parameters.found}}!') }],
      ],
    };
    expect((await run([main, inner, say])).log).toBe('pearl\npearl!\n');
    const loop = { name: 'main', steps: [[{ name: 'again', template: 'main', when: '1 == 1' }]] };
    expect(await run([loop])).toMatchObject({
      phase: 'Error',
      message: expect.stringContaining('come to an end'),
    });
  });
});

describe('a graph', () => {
  const echo = (name: string, more: object = {}) => ({
    name,
    template: 'say',
    ...give('text', name),
    ...more,
  });
  const bad = shell('bad', 'exit 1');

  it('runs each task after those that it depends on, and links their nodes', async () => {
    const ran = await run([
      dag([
        echo('d', { dependencies: ['b', 'c'] }),
        echo('b', { depends: 'a' }),
        echo('c', { depends: 'a.Succeeded' }),
        echo('a'),
      ]),
      say,
    ]);
    const lines = ran.log.trim().split('\n');
    expect([lines[0], lines[3]]).toEqual(['a: a', 'd: d']);
    const byTask = new Map(ran.record.nodes.map((node) => [node.task, node]));
    expect(byTask.get('a')?.children).toHaveLength(2);
    expect(byTask.get('b')?.children).toEqual([byTask.get('d')?.id]);
  });

  it('begins what handles a failure, and succeeds when that does', async () => {
    const ran = await run([
      dag([{ name: 'x', template: 'bad' }, echo('rescue', { depends: 'x.Failed' })]),
      say,
      bad,
    ]);
    expect(ran).toMatchObject({ phase: 'Succeeded', steps: ['x: Failed', 'rescue: Succeeded'] });
    const broken = await run([
      dag([{ name: 'x', template: 'bad' }, echo('y', { depends: 'x' }), echo('z', { depends: 'y' })]),
      say,
      bad,
    ]);
    expect(broken).toMatchObject({
      phase: 'Failed',
      message: '"x" ended with 1.',
      steps: ['x: Failed', 'y: Omitted', 'z: Omitted'],
    });
  });

  it('leaves out what depends on what was left out', async () => {
    const tasks = [
      { name: 'x', template: 'bad' },
      echo('y', { dependencies: ['x'] }),
      echo('z', { dependencies: ['y'] }),
    ];
    const ran = await run([dag(tasks, { failFast: false }), say, bad]);
    expect(ran).toMatchObject({ phase: 'Failed', steps: ['x: Failed', 'y: Omitted', 'z: Omitted'] });
  });

  it('begins nothing new after a failure, unless it is told to', async () => {
    const slow = shell('slow', 'sleep 0.3');
    const tasks = [
      { name: 'x', template: 'bad' },
      { name: 's', template: 'slow' },
      echo('t', { depends: 's' }),
    ];
    expect((await run([dag(tasks), say, bad, slow])).steps).toContain('t: Omitted');
    const all = await run([dag(tasks, { failFast: false }), say, bad, slow]);
    expect(all.steps).toContain('t: Succeeded');
    expect(all.phase).toBe('Failed');
  });
});

describe('a run', () => {
  it('tries again as often as it may', async () => {
    const flaky = shell('main', 'echo {{retries}}; [ {{retries}} = 2 ]', { retryStrategy: { limit: '2' } });
    const ran = await run([flaky]);
    expect(ran.phase).toBe('Succeeded');
    expect(ran.log).toContain('2\n');
    expect(ran.steps).toEqual(['main: Succeeded']);
    const never = shell('main', 'exit 1', { retryStrategy: { limit: 1, retryPolicy: 'OnError' } });
    expect((await run([never])).log).toBe('');
  });

  it('tries no more often than that', async () => {
    const never = shell('main', 'echo {{retries}}; exit 1', { retryStrategy: { limit: 2 } });
    const ran = await run([never]);
    expect(ran.log.split('\n').filter((line) => /^\d$/.test(line))).toEqual(['0', '1', '2']);
    expect(ran.phase).toBe('Failed');
  });

  it('waits for no process that a command left behind, and ends it', async () => {
    const began = Date.now();
    expect(await run([shell('main', 'sleep 30 & echo done')])).toMatchObject({
      phase: 'Succeeded',
      log: 'done\n',
    });
    expect(Date.now() - began).toBeLessThan(20_000);
  }, 30_000);

  it('ends at its deadline, with all that it started', async () => {
    const began = Date.now();
    const long = shell('main', 'sleep 30 & sleep 30', { activeDeadlineSeconds: 1 });
    const ran = await run([long]);
    expect(ran).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('1 s'),
      steps: ['main: Failed'],
    });
    const whole = {
      name: 'main',
      steps: [[{ name: 'a', template: 'long' }], [{ name: 'b', template: 'long' }]],
    };
    const late = await run([whole, { ...long, name: 'long', activeDeadlineSeconds: 20 }], {
      activeDeadlineSeconds: 1,
    });
    expect(late).toMatchObject({ phase: 'Failed', steps: ['a: Failed', 'b: Omitted'] });
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  it('ends with its exit handler, whatever became of it', async () => {
    const tell = shell('tell', 'echo it {{workflow.status}}');
    const ran = await run([shell('main', 'exit 1'), tell], { onExit: 'tell' });
    expect(ran).toMatchObject({
      phase: 'Failed',
      log: 'it Failed\n',
      steps: ['main: Failed', 'tell: Succeeded'],
    });
    const good = await run([shell('main', 'true'), shell('tell', 'exit 5')], { onExit: 'tell' });
    expect(good).toMatchObject({ phase: 'Failed', message: '"tell" ended with 5.' });
  });

  it('ends when it is cancelled, and begins nothing more', async () => {
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 300);
    const main = {
      name: 'main',
      steps: [[{ name: 'a', template: 'wait' }], [{ name: 'b', template: 'wait' }]],
    };
    const ran = await run([main, shell('wait', 'sleep 30')], { onExit: 'wait' }, cancel.signal);
    expect(ran.steps).toEqual(['a: Failed', 'b: Omitted']);
  });

  it('says what is missing: programs, files, engines', async () => {
    expect(await run([{ name: 'main', container: { command: ['no-such-program'] } }])).toMatchObject({
      phase: 'Error',
      message: '"main": "no-such-program" is not installed on the hub’s machine.',
    });
    const parameters = [{ name: 'o', valueFrom: { path: 'none.txt' } }];
    expect(await run([shell('main', 'true', { outputs: { parameters } })])).toMatchObject({
      phase: 'Error',
      message: '"main" did not write "none.txt".',
    });
    expect(await run([{ name: 'main', container: { image: 'a' } }])).toMatchObject({
      phase: 'Error',
      message: '"main": No engine.',
    });
  });

  it('keeps secrets out of its log, also in two pieces', async () => {
    const ran = await run([shell('main', 'printf "a s3c"; sleep 0.3; echo r3t b')]);
    expect(ran.log).toBe('a *** b\n');
  });
});
