import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HubError } from '../../../../src/hub/errors.ts';
import { checkPlan } from '../../../../src/hub/jobs/workflow/check-plan.ts';
import { parseManifest } from '../../../../src/hub/jobs/workflow/manifest.ts';
import { readPlan } from '../../../../src/hub/jobs/workflow/read-plan.ts';
import { requireImages, workflowObject } from '../../../../src/hub/jobs/cluster/workflow-object.ts';
import { workflowValues } from '../../../../src/hub/jobs/workflow/workflow-values.ts';

/** Has every part that the readers look into. */
const whole = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Workflow',
  metadata: { generateName: 'a-', labels: { a: 'b' } },
  spec: {
    entrypoint: 'main',
    onExit: 'run',
    arguments: { parameters: [{ name: 'legs', value: '2' }] },
    activeDeadlineSeconds: 60,
    parallelism: 2,
    volumes: [{ name: 'v', emptyDir: {} }],
    volumeClaimTemplates: [{ metadata: { name: 'c' } }],
    templates: [
      {
        name: 'main',
        steps: [
          [
            {
              name: 'a',
              template: 'run',
              when: '{{workflow.parameters.legs}} == 2',
              withItems: [1, { b: 2 }],
            },
          ],
          [{ name: 'g', template: 'graph', continueOn: { failed: true } }],
        ],
      },
      {
        name: 'graph',
        dag: {
          failFast: false,
          tasks: [
            { name: 'x', template: 'run', arguments: { parameters: [{ name: 'n', value: 1 }] } },
            { name: 'y', template: 'run', depends: 'x.Succeeded || x.Failed' },
            { name: 'z', template: 'run', dependencies: ['x', 'y'], withParam: '[1]' },
          ],
        },
        outputs: { parameters: [{ name: 'o', valueFrom: { parameter: '{{tasks.x.outputs.result}}' } }] },
      },
      {
        name: 'run',
        inputs: { parameters: [{ name: 'n', default: '1', enum: ['1', '2'] }] },
        retryStrategy: {
          limit: '2',
          retryPolicy: 'Always',
          backoff: { duration: '1s', factor: 2, maxDuration: '1m' },
        },
        container: {
          image: 'a:1',
          command: ['a'],
          args: ['{{inputs.parameters.n}}'],
          env: [{ name: 'E', value: 'e' }],
          resources: { limits: { cpu: '1', memory: '1Gi' } },
          volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true }],
        },
        outputs: { parameters: [{ name: 'f', valueFrom: { path: '/f', default: 'd' } }] },
      },
    ],
  },
};

type Json = unknown;

/** All places of a value, as paths. */
function placesOf(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner as Json, [...path, key]))];
}

function replaced(value: Json, [first, ...rest]: readonly (string | number)[], by: Json): Json {
  if (first === undefined) return by;
  const copy: Record<string, Json> = Array.isArray(value)
    ? ([...(value as Json[])] as unknown as Record<string, Json>)
    : { ...(value as Record<string, Json>) };
  copy[first] = replaced(copy[first], rest, by);
  return copy;
}

/** Everything that is done with a manifest before anything runs. */
function readAll(manifest: Json): void {
  const workflow = parseManifest(JSON.stringify(manifest));
  requireImages(workflow);
  const labels = { uid: 'u', gid: 'g', project: 1, user: 2, algorithm: 3, media: [4] };
  workflowObject(workflow, { name: 'n', labels, parameters: { media_ids: '4' } });
  const plan = readPlan(workflow);
  checkPlan(plan, workflowValues(plan, { uid: 'u', name: 'n', parameters: { media_ids: '4' } }));
}

const places = placesOf(whole);
const names = [
  '__proto__',
  'constructor',
  'main',
  'run',
  'x',
  '{{item}}',
  '{{steps.a.outputs.result}}',
  '{{',
  '-1',
  '(((',
];
const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<Json>(...names, undefined, [[]], [{}], {}, [null], [''], { name: 'x' }, 1e300),
);

describe('a manifest that is strange anywhere', () => {
  it('is read, or refused with a reason: never more than that', () => {
    expect(() => readAll(whole)).not.toThrow();
    const change = fc.tuple(fc.constantFrom(...places), strange);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
        const manifest = changes.reduce<Json>((value, [path, by]) => {
          try {
            return replaced(value, path, by);
          } catch {
            return value; // the place is gone by the change before
          }
        }, whole);
        try {
          readAll(manifest);
        } catch (error) {
          if (!(error instanceof HubError)) throw error;
          expect(error.status).toBe(400);
        }
      }),
      { numRuns: 400 },
    );
  });
});
