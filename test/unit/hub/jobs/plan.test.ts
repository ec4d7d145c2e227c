import { describe, expect, it } from 'vitest';
import { checkPlan } from '../../../../src/hub/jobs/workflow/check-plan.ts';
import { parseManifest } from '../../../../src/hub/jobs/workflow/manifest.ts';
import { readPlan } from '../../../../src/hub/jobs/workflow/read-plan.ts';
import type { Plan } from '../../../../src/hub/jobs/workflow/plan.ts';
import { workflowValues } from '../../../../src/hub/jobs/workflow/workflow-values.ts';

const run = { name: 'run', container: { command: ['true'] } };
const boxed = { image: 'alpine:3', command: ['true'] };

function plan(templates: object[], spec: object = {}): Plan {
  const head = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow' };
  return readPlan(
    parseManifest(JSON.stringify({ ...head, spec: { entrypoint: 'main', templates, ...spec } })),
  );
}

/** A workflow whose only step is as given, and what it would stumble over. */
function check(step: object, more: object[] = [], spec: object = {}): void {
  const main = { name: 'main', steps: [[{ name: 'a', template: 'run', ...step }]] };
  const made = plan([main, ...(more.length === 0 ? [run] : more)], spec);
  checkPlan(made, workflowValues(made, { uid: 'u', name: 'n', parameters: { media_ids: '1' } }));
}

describe('the local runner', () => {
  it.each([
    ['suspend', [{ name: 'main', suspend: {} }]],
    ['resource', [{ name: 'main', resource: { action: 'create' } }]],
    ['sidecars', [{ name: 'main', container: boxed, sidecars: [] }]],
    ['artifacts', [{ name: 'main', container: boxed, outputs: { artifacts: [] } }]],
    ['valueFrom', [{ name: 'main', container: { ...boxed, env: [{ name: 'A', valueFrom: {} }] } }]],
    ['envFrom', [{ name: 'main', container: { ...boxed, envFrom: [] } }]],
    ['securityContext', [{ name: 'main', container: { ...boxed, securityContext: {} } }]],
    ['daemon', [{ name: 'main', container: boxed, daemon: true }]],
    ['withSequence', [{ name: 'main', steps: [[{ name: 'a', template: 'run', withSequence: {} }]] }, run]],
    ['templateRef', [{ name: 'main', steps: [[{ name: 'a', templateRef: {} }]] }, run]],
    ['hostPath', [{ name: 'main', container: boxed, volumes: [{ name: 'v', hostPath: { path: '/' } }] }]],
    ['expression', [{ name: 'main', container: boxed, retryStrategy: { limit: 1, expression: 'true' } }]],
    ['no limit', [{ name: 'main', container: boxed, retryStrategy: {} }]],
    [
      'volumeMounts',
      [
        {
          name: 'main',
          container: { command: ['a'], volumeMounts: [{ name: 'v', mountPath: '/v' }] },
          volumes: [{ name: 'v', emptyDir: {} }],
        },
      ],
    ],
    [
      'mountPath',
      [
        {
          name: 'main',
          container: { ...boxed, volumeMounts: [{ name: 'v', mountPath: '/v:/etc' }] },
          volumes: [{ name: 'v', emptyDir: {} }],
        },
      ],
    ],
    [
      'below the folder of the job',
      [
        {
          name: 'main',
          container: { command: ['a'] },
          outputs: { parameters: [{ name: 'o', valueFrom: { path: '../x' } }] },
        },
      ],
    ],
    [
      'wait for one another',
      [
        {
          name: 'main',
          dag: {
            tasks: [
              { name: 'a', template: 'run', depends: 'b' },
              { name: 'b', template: 'run', depends: 'a' },
            ],
          },
        },
        run,
      ],
    ],
    [
      'AnySucceeded',
      [
        {
          name: 'main',
          dag: {
            tasks: [
              { name: 'a', template: 'run' },
              { name: 'b', template: 'run', depends: 'a.AnySucceeded' },
            ],
          },
        },
        run,
      ],
    ],
  ])('refuses what it cannot honour and names it: %s', (named, templates) => {
    expect(() => plan(templates)).toThrow(named);
  });

  it('refuses settings of the whole workflow that it cannot honour', () => {
    for (const name of [
      'synchronization',
      'hooks',
      'podSpecPatch',
      'workflowTemplateRef',
      'templateDefaults',
    ])
      expect(() => plan([{ ...run, name: 'main' }], { [name]: {} }), name).toThrow(`"${name}"`);
  });

  it('tells what of scheduling has no effect here', () => {
    const template = { name: 'main', container: boxed, nodeSelector: { gpu: 'yes' } };
    const { idle } = plan([template], { ttlStrategy: { secondsAfterCompletion: 10 } });
    expect(idle).toEqual(['ttlStrategy of the spec of the workflow', 'nodeSelector of the template "main"']);
  });

  it('reads limits as Kubernetes writes them', () => {
    const limits = { cpu: '500m', memory: '2Gi', 'nvidia.com/gpu': 1 };
    const { body } =
      plan([{ name: 'main', container: { ...boxed, resources: { limits } } }]).templates.get('main') ?? {};
    expect(body).toMatchObject({ limits: { cpu: 0.5, memory: 2 ** 31, gpus: 1 } });
    const wrong = { name: 'main', container: { ...boxed, resources: { limits: { memory: 'much' } } } };
    expect(() => plan([wrong])).toThrow('memory');
  });
});

describe('what a run would stumble over', () => {
  const needs = { ...run, inputs: { parameters: [{ name: 'x' }] } };
  const given = (value: string) => ({ arguments: { parameters: [{ name: 'x', value }] } });

  it('is found before: names, inputs, and templates without an end', () => {
    expect(() => check({})).not.toThrow();
    expect(() => check({}, [needs])).toThrow('The input "x"');
    expect(() => check(given('{{workflow.parameters.none}}'), [needs])).toThrow(
      '{{workflow.parameters.none}}',
    );
    expect(() => check(given('{{steps.a.outputs.result}}'), [needs])).toThrow('{{steps.a.outputs.result}}');
    expect(() => check(given('{{item}}'), [needs])).toThrow('{{item}}');
    expect(() => check({ ...given('{{item.of}}'), withItems: [{ of: 1 }] }, [needs])).not.toThrow();
    expect(() => check({ template: 'main' })).toThrow('calls itself');
    expect(() => check({ template: 'main', when: '{{workflow.parameters.media_ids}} == 2' })).not.toThrow();
  });

  it('is not what the job itself gives', () => {
    expect(() => check(given('{{workflow.parameters.media_ids}}'), [needs])).not.toThrow();
    const spec = { arguments: { parameters: [{ name: 'legs', value: 3 }] } };
    expect(() => check(given('{{workflow.parameters.legs}}'), [needs], spec)).not.toThrow();
  });

  it('is the outcome of the workflow, but for its exit handler', () => {
    const tell = { name: 'tell', container: { command: ['echo', '{{workflow.status}}'] } };
    expect(() => check({}, [run, tell], { onExit: 'tell' })).not.toThrow();
    expect(() => check({}, [{ ...tell, name: 'run' }])).toThrow('{{workflow.status}}');
  });
});
