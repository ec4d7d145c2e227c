import { describe, expect, it } from 'vitest';
import {
  requireImages,
  workflowName,
  workflowObject,
} from '../../../../src/hub/jobs/cluster/workflow-object.ts';
import { parseManifest } from '../../../../src/hub/jobs/workflow/manifest.ts';

const manifest = parseManifest(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: count-, namespace: science, labels: { team: blue } }
spec:
  entrypoint: main
  arguments: { parameters: [{ name: legs, value: 2, description: Legs }, { name: kept, value: 1 }] }
  templates:
    - { name: main, container: { image: 'count:1' } }
`);
const labels = { uid: 'u', gid: 'g', project: 3, user: 4, algorithm: 5, media: [7, 8] };

describe('what is sent to a cluster', () => {
  it('is the manifest with the name, labels and parameters of the job', () => {
    const sent = workflowObject(manifest, {
      name: 'count-u',
      labels,
      parameters: { legs: '8', rest_url: 'r' },
    });
    expect(sent).toMatchObject({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Workflow',
      spec: { entrypoint: 'main', templates: manifest.spec.templates },
    });
    expect(sent).toHaveProperty('metadata', {
      name: 'count-u',
      namespace: 'science',
      labels: {
        team: 'blue',
        'app.kubernetes.io/managed-by': 'tidemark-hub',
        job_type: 'algorithm',
        uid: 'u',
        gid: 'g',
        project: '3',
        user: '4',
        algorithm: '5',
        media: '7_8',
      },
      annotations: { media_ids: '7,8' },
    });
    expect(sent).toHaveProperty('spec.arguments.parameters', [
      { name: 'legs', value: '8', description: 'Legs' },
      { name: 'kept', value: 1 },
      { name: 'rest_url', value: 'r' },
    ]);
  });

  it('has no label that Kubernetes would not take, however many media there are', () => {
    const media = Array.from({ length: 100 }, (_, i) => i + 1000);
    const sent = workflowObject(manifest, { name: 'n', labels: { ...labels, media }, parameters: {} });
    expect(sent).not.toHaveProperty('metadata.labels.media');
    expect(sent).toHaveProperty('metadata.annotations.media_ids', media.join(','));
  });

  it('has a name that Kubernetes takes, whatever the algorithm is called', () => {
    const uid = '01234567-89ab-cdef-0123-456789abcdef';
    expect(workflowName('Zähl die Fische! (v2)', uid)).toBe(`z-hl-die-fische-v2-${uid}`);
    expect(workflowName('¿?', uid)).toBe(`algorithm-${uid}`);
    expect(workflowName('x'.repeat(100), uid).length).toBeLessThanOrEqual(63);
  });

  it('needs an image for every command', () => {
    expect(() => requireImages(manifest)).not.toThrow();
    const plain = {
      ...manifest,
      spec: { ...manifest.spec, templates: [{ name: 'main', script: { source: 'x' } }] },
    };
    expect(() => requireImages(plain)).toThrow('"main" names no image');
  });
});
