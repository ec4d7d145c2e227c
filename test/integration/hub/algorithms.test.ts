import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let admin: HubClient;
let annotator: HubClient;
let ids: SampleIds;
let organization: number;
let me: number;

const workflow = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: count- }
spec:
  entrypoint: main
  templates:
    - name: main
      container: { image: 'example/count:1', command: [count] }
`;

beforeAll(async () => {
  hub = await startTestHub({ sample: true });
  admin = hub.client();
  annotator = hub.client(hub.annotatorToken);
  ids = await sampleIds(admin);
  organization = (await admin<Row[]>('GET', '/rest/Organizations')).body[0]?.id ?? 0;
  me = (await admin('GET', '/rest/User/GetCurrent')).body.id;
});

afterAll(() => hub.stop());

/** Saves a text as a manifest, and gives its URL. */
async function saved(text: string): Promise<string> {
  const info = await admin<{ urls: string[]; key: string }>('GET', `/rest/UploadInfo/${ids.project}`);
  await fetch(info.body.urls[0] ?? '', { method: 'PUT', body: text });
  const path = `/rest/SaveAlgorithmManifest/${ids.project}`;
  const reply = await annotator<{ url: string }>('POST', path, { name: 'a.yaml', upload_url: info.body.key });
  expect(reply.status).toBe(201);
  return reply.body.url;
}

function register(changes: Record<string, unknown>) {
  const spec = { name: 'Count', user: me, files_per_job: 4, ...changes };
  return admin('POST', `/rest/Algorithms/${ids.project}`, spec);
}

describe('job clusters', () => {
  it('are the matter of the organization’s administrators, and each has a name of its own', async () => {
    const list = `/rest/JobClusters/${organization}`;
    const spec = { name: 'Shore', host: 'k8s.example', port: 6443, token: 't', cert: 'c' };
    const { status, body } = await admin('POST', list, spec);
    expect(status).toBe(201);
    const cluster = `/rest/JobCluster/${body.id}`;
    expect((await admin('GET', cluster)).body).toEqual({ id: body.id, organization, ...spec });
    expect((await admin('POST', list, spec)).status).toBe(400);
    expect((await admin('POST', list, { ...spec, name: 'Other', port: 0 })).status).toBe(400);
    expect((await admin('PATCH', cluster, { ...spec, port: 443 })).status).toBe(201);
    expect((await admin('GET', list)).body).toMatchObject([{ name: 'Shore', port: 443 }]);
    expect((await annotator('GET', list)).status).toBe(403);
    expect((await annotator('GET', cluster)).status).toBe(403);
    const manifest = await saved(workflow);
    const algorithm = await register({ name: 'On shore', manifest, cluster: body.id });
    expect(algorithm.status).toBe(201);
    expect((await admin('DELETE', cluster)).body.message).toContain('On shore');
    expect((await admin('DELETE', `/rest/Algorithm/${algorithm.body.id}`)).status).toBe(200);
    expect((await admin('DELETE', cluster)).status).toBe(200);
    expect((await admin('GET', cluster)).status).toBe(404);
  });
});

describe('algorithms', () => {
  it('are registered from a manifest, read, changed and deleted with it', async () => {
    const manifest = await saved(workflow);
    const { status, body } = await register({ manifest, categories: ['count'], description: 'Counts fish' });
    expect(status).toBe(201);
    const algorithm = `/rest/Algorithm/${body.id}`;
    expect((await annotator('GET', `/rest/Algorithms/${ids.project}`)).body).toMatchObject([
      {
        id: body.id,
        name: 'Count',
        user: me,
        manifest,
        files_per_job: 4,
        categories: ['count'],
        cluster: null,
      },
    ]);
    const newer = await saved(workflow.replace('count:1', 'count:2'));
    const change = { name: 'Count', user: me, files_per_job: 8, cluster: null, manifest: newer };
    expect((await admin('PATCH', algorithm, change)).status).toBe(200);
    expect((await admin('GET', algorithm)).body).toMatchObject({ files_per_job: 8, manifest: newer });
    const headers = { authorization: `Token ${hub.adminToken}` };
    expect((await fetch(`${hub.url}/media/${manifest}`, { headers })).status).toBe(404);
    expect((await fetch(`${hub.url}/media/${newer}`, { headers })).status).toBe(200);
    expect((await admin('DELETE', algorithm)).status).toBe(200);
    expect((await fetch(`${hub.url}/media/${newer}`, { headers })).status).toBe(404);
    expect((await admin('GET', algorithm)).status).toBe(404);
  });

  it('refuse a manifest that is no workflow, and say what is wrong with it', async () => {
    const broken = [
      ['a: [1, 2', 'not YAML'],
      [workflow.replace('argoproj.io/v1alpha1', 'v1'), 'apiVersion'],
      [workflow.replace('kind: Workflow', 'kind: Pod'), 'kind'],
      [workflow.replace('entrypoint: main', 'entrypoint: other'), 'entrypoint'],
      [`${workflow}---\n${workflow}`, 'one YAML document'],
    ] as const;
    for (const [text, reason] of broken) {
      const reply = await register({ name: 'Broken', manifest: await saved(text) });
      expect([reply.status, reply.body.message]).toEqual([400, expect.stringContaining(reason)]);
    }
  });

  it('refuse a taken name, empty batches, strangers, and what only staff may do', async () => {
    const manifest = await saved(workflow);
    const { body } = await register({ name: 'Taken', manifest });
    expect((await register({ name: 'Taken', manifest })).status).toBe(400);
    expect((await register({ name: 'None', manifest, files_per_job: 0 })).status).toBe(400);
    expect((await register({ name: 'Nobody', manifest, user: 999_999 })).status).toBe(400);
    expect((await register({ name: 'Nowhere', manifest, cluster: 999_999 })).status).toBe(400);
    expect((await register({ name: 'Missing', manifest: `${ids.project}/none.yaml` })).status).toBe(400);
    const mine = { name: 'Mine', user: me, files_per_job: 1, manifest };
    expect((await annotator('POST', `/rest/Algorithms/${ids.project}`, mine)).status).toBe(403);
    // The manifest is in use by the first; a second one of it may come and go.
    const second = await register({ name: 'Second', manifest });
    expect((await admin('DELETE', `/rest/Algorithm/${second.body.id}`)).status).toBe(200);
    expect((await register({ name: 'Third', manifest })).status).toBe(201);
    expect((await admin('GET', `/rest/Algorithm/${body.id}`)).status).toBe(200);
  });
});
