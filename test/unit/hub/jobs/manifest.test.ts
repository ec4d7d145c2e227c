import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../../src/hub/jobs/workflow/manifest.ts';

const good = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: count- }
spec:
  entrypoint: main
  onExit: tell
  templates:
    - name: main
      steps:
        - - name: first
            template: count
        - - name: second
            template: graph
    - name: graph
      dag:
        tasks:
          - name: a
            template: count
          - name: b
            template: count
            dependencies: [a]
    - name: count
      container: { image: 'example/count:1', command: [count] }
    - name: tell
      script: { image: 'alpine:3', command: [sh], source: echo }
`;

describe('a manifest', () => {
  it('of steps, graphs, containers and scripts is read', () => {
    expect(parseManifest(good).spec.templates.map(({ name }) => name)).toEqual([
      'main',
      'graph',
      'count',
      'tell',
    ]);
  });

  it.each([
    ['no YAML', 'spec:\n', 'spec: [\n', /not YAML: .* line \d+/],
    ['another API', 'argoproj.io/v1alpha1', 'v1', /apiVersion of Argo.* \(line 1\)/],
    ['another kind', 'kind: Workflow', 'kind: Pod', /not Workflow. \(line 2\)/],
    ['an entry point that is no template', 'entrypoint: main', 'entrypoint: mian', /entrypoint.* \(line 5\)/],
    ['an exit handler that is no template', 'onExit: tell', 'onExit: tel', /onExit.* \(line 6\)/],
    ['a step of no template', 'template: graph', 'template: grahp', /"second".* \(line 13\)/],
    ['a dependency on no task', '[a]', '[c]', /no task "c".* \(line 21\)/],
    ['two templates of a name', '- name: graph', '- name: count', /Two templates.*"count"/],
    ['two steps of a name', 'name: second', 'name: first', /Two steps.*"first". \(line 12\)/],
    ['a template that does nothing', 'container: {', 'comtainer: {', /"count" does nothing.* \(line 22\)/],
    ['a script without a source', ', source: echo', '', /no source. \(line 25\)/],
    [
      'a template that does two things',
      'dag:\n',
      'container: { image: a }\n      dag:\n',
      /both "container" and "dag"/,
    ],
  ])('with %s is refused with the line', (_, part, wrong, reason) => {
    expect(good).toContain(part);
    expect(() => parseManifest(good.replace(part, wrong))).toThrow(reason);
  });
});
