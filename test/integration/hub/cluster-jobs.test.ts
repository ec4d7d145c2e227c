import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AlgorithmBench, jobPatience, workflowText, type JobAnswer } from '../../support/algorithms.ts';
import { makeCertificates, type Certificates } from '../../support/certificates.ts';
import { startExternalPostgres } from '../../support/external-postgres.ts';
import { startTestHub, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { KubeServer } from '../../support/kube-server.ts';
import { mailSettings, startMailServer, subjectsOf, type MailServer } from '../../support/mail-server.ts';

const folder = await mkdtemp(join(tmpdir(), 'tidemark-kube-'));
const certificates = await makeCertificates(folder, 'cluster');
const strangers = await makeCertificates(folder, 'stranger');
if (!certificates) console.log('job clusters: skipped, there is no openssl to make certificates with');

let kube: KubeServer;
let port: number;
let hub: TestHub;
let admin: HubClient;
let ids: SampleIds;
let bench: AlgorithmBench;
let organization: number;
let cluster: number;
const media: number[] = [];
let mailbox: MailServer;

const manifest = workflowText(
  [{ name: 'main', container: { image: 'example/count:1', command: ['count'] } }],
  {
    ttlStrategy: { secondsAfterCompletion: 3600 },
    arguments: { parameters: [{ name: 'legs', value: '2' }] },
  },
);

async function makeCluster(name: string, changes: object = {}): Promise<number> {
  const { ca } = certificates as Certificates;
  const spec = { name, host: '127.0.0.1', port, token: kube.token, cert: ca, ...changes };
  const made = await admin('POST', `/rest/JobClusters/${organization}`, spec);
  expect(made.status).toBe(201);
  return made.body.id;
}

/** The workflow of a job, once the cluster has it. */
async function workflowOf(uid: string) {
  const found = () => kube.workflows().find(({ metadata }) => metadata.labels?.['uid'] === uid);
  await expect.poll(found, jobPatience).toBeDefined();
  return found() as NonNullable<ReturnType<typeof found>>;
}

/** What Argo would say of a workflow with one step. */
function argoStatus(phase: string, more: object = {}): object {
  const over = phase === 'Running' ? {} : { finishedAt: '2026-01-02T04:00:00Z' };
  const node = {
    id: 'n1',
    displayName: 'main',
    type: 'Pod',
    phase,
    startedAt: '2026-01-02T03:00:00Z',
    ...over,
  };
  return { phase, startedAt: node.startedAt, ...over, nodes: { n1: node }, ...more };
}

async function finish(uid: string, phase: string, more: object = {}): Promise<JobAnswer> {
  kube.setStatus((await workflowOf(uid)).metadata.name, argoStatus(phase, more));
  return bench.ended(uid);
}

describe.skipIf(!certificates)('algorithms on a job cluster', () => {
  beforeAll(async () => {
    mailbox = await startMailServer();
    kube = new KubeServer(certificates as Certificates);
    port = await kube.start();
    const env = { ...mailSettings(mailbox), FETCH_PRIVATE_URLS: '1' };
    hub = await startTestHub({ sample: true, env });
    admin = hub.client();
    ids = await sampleIds(admin);
    bench = new AlgorithmBench(admin, ids.project);
    organization = (await admin<Row[]>('GET', '/rest/Organizations')).body[0]?.id ?? 0;
    cluster = await makeCluster('Shore');
    for (const name of ['a.mp4', 'b.mp4', 'c.mp4']) media.push(await makeVideo(admin, ids, name));
    await bench.register('Count fish', manifest, { cluster });
  });

  afterAll(async () => {
    await hub.stop();
    await kube.stop();
    await mailbox.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('are sent as workflows with labels and parameters, followed, and kept after the cluster forgets them', async () => {
    const { status, body } = await bench.start('Count fish', media, {
      extra_params: [{ name: 'legs', value: 8 }],
    });
    expect(status).toBe(201);
    expect(body.object.map((job) => job.media_ids)).toEqual([media.slice(0, 2), media.slice(2)]);
    const [first, second] = body.id as [string, string];
    const sent = await workflowOf(first);
    expect(sent.metadata).toMatchObject({
      name: body.object[0]?.id,
      labels: {
        uid: first,
        gid: body.object[0]?.gid,
        project: String(ids.project),
        media: media.slice(0, 2).join('_'),
      },
      annotations: { media_ids: media.slice(0, 2).join(',') },
    });
    expect(sent.spec).toMatchObject({ ttlStrategy: { secondsAfterCompletion: 3600 } });
    const parameters = (sent.spec?.['arguments'] as { parameters: { name: string; value: string }[] })
      .parameters;
    const values = Object.fromEntries(parameters.map(({ name, value }) => [name, value]));
    expect(values).toMatchObject({
      legs: '8',
      media_ids: media.slice(0, 2).join(','),
      rest_token: hub.adminToken,
    });

    kube.setStatus(sent.metadata.name, argoStatus('Running', { progress: '0/1' }));
    await expect.poll(async () => (await bench.job(first)).status, jobPatience).toBe('Running');
    expect((await bench.job(first)).nodes).toEqual([
      {
        id: 'n1',
        children: [],
        task: 'main',
        status: 'Running',
        start_time: '2026-01-02T03:00:00.000Z',
        stop_time: null,
      },
    ]);
    kube.setLog(sent.metadata.name, `counted 12 with ${hub.adminToken}\n`);
    const done = await finish(first, 'Succeeded');
    expect(done).toMatchObject({ status: 'Succeeded', message: '', stop_time: '2026-01-02T04:00:00.000Z' });
    expect(done.log).toBe(`${sent.metadata.name}-pod:\ncounted 12 with ***\n`);
    kube.forget(sent.metadata.name);
    expect(await finish(second, 'Failed', { message: 'no model' })).toMatchObject({
      status: 'Failed',
      message: 'no model',
    });
    expect((await bench.job(first)).status).toBe('Succeeded');
    const list = await admin<JobAnswer[]>('GET', `/rest/Jobs/${ids.project}?gid=${done.gid}`);
    expect(list.body.map((job) => job.status).toSorted()).toEqual(['Failed', 'Succeeded']);
  });

  it('tell by mail how they ended, once', async () => {
    const email = 'chief@ship.test';
    const me = (await admin('GET', '/rest/User/GetCurrent')).body.id;
    await admin('PATCH', `/rest/User/${me}`, { email });
    const mail = (subject: string) => ({
      recipients: [email],
      subject,
      text: 'About the jobs.',
      attachments: [],
    });
    const specs = { success_email_spec: mail('Counted'), failure_email_spec: mail('Not counted') };
    const { body } = await bench.start('Count fish', media, specs);
    await finish(body.id[0] ?? '', 'Succeeded');
    await finish(body.id[1] ?? '', 'Error');
    await expect.poll(() => mailbox.mails.length, jobPatience).toBe(2);
    expect(subjectsOf(mailbox)).toEqual(['Counted', 'Not counted']);
  });

  it('are cancelled with their workflows, one by one or together', async () => {
    const { body } = await bench.start('Count fish', media);
    const [first, second] = body.id as [string, string];
    await workflowOf(second);
    kube.setStatus((await workflowOf(first)).metadata.name, argoStatus('Running'));
    expect((await admin('DELETE', `/rest/Job/${first}`)).status).toBe(200);
    expect(await bench.ended(first)).toMatchObject({ status: 'Failed', message: 'Cancelled.' });
    const gid = body.object[0]?.gid ?? '';
    expect((await admin('DELETE', `/rest/Jobs/${ids.project}?gid=${gid}`)).status).toBe(200);
    expect(await bench.ended(second)).toMatchObject({ status: 'Failed', message: 'Cancelled.' });
    expect(kube.workflows().filter(({ metadata }) => metadata.labels?.['gid'] === gid)).toEqual([]);
    expect((await hub.client(hub.annotatorToken)('DELETE', `/rest/Job/${second}`)).status).toBe(403);
  });

  it('are all found in a list of many pages, also when a page has run out', async () => {
    kube.largestPage = 1;
    const { body } = await bench.start('Count fish', media);
    for (const uid of body.id) await workflowOf(uid);
    kube.expiresNextPage = true;
    for (const uid of body.id) await finish(uid, 'Succeeded');
    expect(kube.expiresNextPage).toBe(false);
    kube.largestPage = 500;
  });

  it('wait while the cluster is away, and go on when it is back', async () => {
    const { body } = await bench.start('Count fish', media.slice(0, 1));
    const uid = body.id[0] ?? '';
    await workflowOf(uid);
    await kube.stop();
    const message = async () => (await bench.job(uid)).message;
    await expect.poll(message, jobPatience).toContain('cannot be reached: ECONNREFUSED');
    const refused = await bench.start('Count fish', media);
    expect([refused.status, refused.body.message]).toEqual([
      503,
      expect.stringContaining('cannot be reached'),
    ]);
    await kube.start(port);
    expect(await finish(uid, 'Succeeded')).toMatchObject({ status: 'Succeeded', message: '' });
    kube.trouble = 500;
    expect((await bench.start('Count fish', media)).status).toBe(503);
    kube.trouble = undefined;
  });

  it('go on after the hub was killed, each submitted once', async () => {
    const before = kube.workflows().length;
    const { body } = await bench.start('Count fish', media);
    await hub.kill();
    await hub.restart();
    for (const uid of body.id) expect(await finish(uid, 'Succeeded')).toMatchObject({ status: 'Succeeded' });
    expect(kube.workflows()).toHaveLength(before + 2);
  });

  it('end as errors when the cluster no longer knows them', async () => {
    const { body } = await bench.start('Count fish', media.slice(0, 1));
    const uid = body.id[0] ?? '';
    const { name } = (await workflowOf(uid)).metadata;
    kube.setStatus(name, argoStatus('Running'));
    await expect.poll(async () => (await bench.job(uid)).status, jobPatience).toBe('Running');
    kube.forget(name);
    expect(await bench.ended(uid)).toMatchObject({
      status: 'Error',
      message: expect.stringContaining('no longer knows'),
    });
  });

  it('keep their cluster from being removed', async () => {
    const { body } = await bench.start('Count fish', media.slice(0, 1));
    const own = await makeCluster('Short-lived');
    const id = await bench.register('Short-lived', manifest, { cluster: own });
    const running = (await bench.start('Short-lived', media.slice(0, 1))).body.id[0] ?? '';
    expect((await admin('DELETE', `/rest/Algorithm/${id}`)).status).toBe(200);
    const refused = await admin('DELETE', `/rest/JobCluster/${own}`);
    expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining(running)]);
    await finish(running, 'Succeeded');
    expect((await admin('DELETE', `/rest/JobCluster/${own}`)).status).toBe(200);
    await finish(body.id[0] ?? '', 'Succeeded');
  });

  it('are refused with the reason, which never holds the token', async () => {
    const wrong: [object, number, string][] = [
      [{ token: 'wrong-token' }, 400, 'does not take its token'],
      [{ cert: strangers?.ca }, 503, 'not vouched for'],
      [{ cert: 'no certificate' }, 400, 'no certificate in PEM'],
      [{ host: '127.0.0.1.nip.invalid' }, 503, 'cannot be reached'],
      [{ port: 1 }, 503, 'cannot be reached'],
    ];
    for (const [index, [changes, status, reason]] of wrong.entries()) {
      const name = `Wrong ${index}`;
      await bench.register(name, manifest, { cluster: await makeCluster(name, changes) });
      const refused = await bench.start(name, media);
      expect([name, refused.status, refused.body.message]).toEqual([
        name,
        status,
        expect.stringContaining(reason),
      ]);
    }
    const plain = workflowText([{ name: 'main', container: { command: ['true'] } }]);
    await bench.register('No image', plain, { cluster });
    expect((await bench.start('No image', media)).body.message).toContain('names no image');
    await bench.register('Looks', manifest, {
      cluster: await makeCluster('Looks', { token: kube.readOnlyToken }),
    });
    const { body } = await bench.start('Looks', media.slice(0, 1));
    const message = async () => (await bench.job(body.id[0] ?? '')).message;
    await expect.poll(message, jobPatience).toContain('may not do this: workflows.argoproj.io is forbidden');
    await admin('DELETE', `/rest/Jobs/${ids.project}`);
    for (const secret of [kube.token, kube.readOnlyToken, 'wrong-token'])
      expect(hub.stderr()).not.toContain(secret);
  });

  it('of two hubs on one database are one workflow and one mail each', { timeout: 180_000 }, async () => {
    const postgres = await startExternalPostgres();
    const data = await mkdtemp(join(tmpdir(), 'tidemark-shared-'));
    const env = { ...mailSettings(mailbox), FETCH_PRIVATE_URLS: '1', DATABASE_URL: postgres.url };
    const hubs = await Promise.all([startTestHub({ data, env }), startTestHub({ data, env })]);
    const before = { admin, bench };
    try {
      admin = hubs[0].client();
      const there = await sampleIds(admin);
      const email = 'chief@ship.test';
      const me = (await admin('GET', '/rest/User/GetCurrent')).body.id;
      await admin('PATCH', `/rest/User/${me}`, { email });
      bench = new AlgorithmBench(admin, there.project);
      const videos = await Promise.all(
        Array.from({ length: 10 }, (_, i) => makeVideo(admin, there, `shared-${i}.mp4`)),
      );
      const shared = await makeCluster('Both');
      await bench.register('Both', manifest, { cluster: shared, files_per_job: 1 });
      const spec = { recipients: [email], subject: 'Both', text: 'Done.' };
      mailbox.mails.length = 0;
      const { body } = await bench.start('Both', videos, { success_email_spec: spec });
      for (const uid of body.id)
        kube.setStatus((await workflowOf(uid)).metadata.name, argoStatus('Succeeded'));
      for (const uid of body.id) expect(await bench.ended(uid)).toMatchObject({ status: 'Succeeded' });
      await expect.poll(() => mailbox.mails.length, jobPatience).toBe(10);
      const gid = body.object[0]?.gid;
      expect(kube.workflows().filter(({ metadata }) => metadata.labels?.['gid'] === gid)).toHaveLength(10);
      // Another round of both would have sent what they think is missing.
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      expect(mailbox.mails).toHaveLength(10);
    } finally {
      ({ admin, bench } = before);
      await Promise.all(hubs.map((one) => one.stop()));
      await postgres.stop();
      await rm(data, { recursive: true, force: true });
    }
  });

  it('are refused on the hub’s own network unless its operator allows it', async () => {
    const careful = await startTestHub({ sample: true });
    const before = { admin, bench };
    try {
      admin = careful.client();
      const there = await sampleIds(admin);
      bench = new AlgorithmBench(admin, there.project);
      const video = await makeVideo(admin, there);
      await bench.register('Here', manifest, { cluster: await makeCluster('Here') });
      const refused = await bench.start('Here', [video]);
      expect([refused.status, refused.body.message]).toEqual([
        400,
        expect.stringContaining('private network'),
      ]);
    } finally {
      ({ admin, bench } = before);
      await careful.stop();
    }
  });
});
