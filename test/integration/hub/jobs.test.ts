import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobPatience, workflowText, type JobAnswer } from '../../support/algorithms.ts';
import { startTestHub, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { mailSettings, startMailServer, subjectsOf, type MailServer } from '../../support/mail-server.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let mailbox: MailServer;
let admin: HubClient;
let annotator: HubClient;
let ids: SampleIds;
let me: number;
const media: number[] = [];

const node = [process.execPath, '-e'];

beforeAll(async () => {
  mailbox = await startMailServer();
  hub = await startTestHub({
    sample: true,
    env: { ...mailSettings(mailbox), RUN_ALGORITHMS: '1', CONTAINER_ENGINE: 'none' },
  });
  admin = hub.client();
  annotator = hub.client(hub.annotatorToken);
  ids = await sampleIds(admin);
  me = (await admin('GET', '/rest/User/GetCurrent')).body.id;
  const type = (await admin<Row[]>('GET', `/rest/MediaTypes/${ids.project}`)).body[0]?.id;
  for (const name of ['a.mp4', 'b.mp4', 'c.mp4']) {
    const spec = { type, name, section: 'Runs', md5: '' };
    const made = await admin<{ id: number | number[] }>('POST', `/rest/Medias/${ids.project}`, spec);
    media.push([made.body.id].flat()[0] ?? 0);
  }
});

afterAll(async () => {
  await hub.stop();
  await mailbox.stop();
});

/** Registers an algorithm of a workflow. */
async function register(name: string, text: string, changes: object = {}): Promise<void> {
  const info = await admin<{ urls: string[]; key: string }>('GET', `/rest/UploadInfo/${ids.project}`);
  await fetch(info.body.urls[0] ?? '', { method: 'PUT', body: text });
  const saved = await admin<{ url: string }>('POST', `/rest/SaveAlgorithmManifest/${ids.project}`, {
    name: 'w.yaml',
    upload_url: info.body.key,
  });
  const spec = { name, user: me, files_per_job: 2, manifest: saved.body.url, ...changes };
  expect((await admin('POST', `/rest/Algorithms/${ids.project}`, spec)).status).toBe(201);
}

function start(name: string, changes: object = {}) {
  const spec = { algorithm_name: name, media_ids: media, ...changes };
  return admin<{ id: string[]; message: string; object: JobAnswer[] }>(
    'POST',
    `/rest/Jobs/${ids.project}`,
    spec,
  );
}

async function job(uid: string): Promise<JobAnswer> {
  return (await admin<JobAnswer>('GET', `/rest/Job/${uid}`)).body;
}

async function ended(uid: string): Promise<JobAnswer> {
  await expect.poll(async () => (await job(uid)).status, jobPatience).toMatch(/Succeeded|Failed|Error/);
  return job(uid);
}

/** Whether a process runs; one that ended and was not waited for yet has no command line. */
async function isAlive(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) !== '';
}

describe('jobs', () => {
  it('run the commands of a workflow in batches, with its parameters and the token of the user', async () => {
    const ask = `const [ids, url, token] = process.argv.slice(1);
      fetch(url + '/User/GetCurrent', { headers: { authorization: 'Token ' + token } })
        .then((reply) => reply.json()).then((user) => console.log(ids + ' for ' + user.id + ' ' + process.env.LEG))`;
    const parameter = (name: string) => `{{workflow.parameters.${name}}}`;
    const words = [parameter('media_ids'), parameter('rest_url'), parameter('rest_token')];
    const count = {
      name: 'count',
      container: { command: [...node, ask], args: words, env: [{ name: 'LEG', value: parameter('leg') }] },
    };
    const greet = {
      name: 'greet',
      script: { command: [process.execPath], source: 'console.log("hello " + 6 * 7)' },
    };
    const main = {
      name: 'main',
      steps: [[{ name: 'first', template: 'greet' }], [{ name: 'then', template: 'count' }]],
    };
    await register('Count', workflowText([main, greet, count]), { parameters: [{ name: 'leg', value: 3 }] });
    const { status, body } = await start('Count');
    expect(status).toBe(201);
    expect(body.id).toHaveLength(2);
    const [first, second] = await Promise.all(body.id.map(ended));
    expect(first).toMatchObject({ status: 'Succeeded', message: '', project: String(ids.project) });
    expect(first?.media_ids).toEqual(media.slice(0, 2));
    expect(second?.media_ids).toEqual(media.slice(2));
    expect(first?.log).toBe(`hello 42\n${media.slice(0, 2).join(',')} for ${me} 3\n`);
    expect(first?.nodes.map(({ task, status: done }) => [task, done])).toEqual([
      ['first', 'Succeeded'],
      ['then', 'Succeeded'],
    ]);
    const list = `/rest/Jobs/${ids.project}`;
    expect((await annotator<JobAnswer[]>('GET', `${list}?gid=${first?.gid}`)).body).toHaveLength(2);
    const found = (await annotator<JobAnswer[]>('GET', `${list}?media_id=${media[2]}`)).body;
    expect(found.map(({ uid }) => uid)).toEqual([second?.uid]);
  });

  it('fail with what the command said last, and run the rest no more', async () => {
    const bad = {
      name: 'bad',
      container: { command: [...node, 'console.error("no such model"); process.exit(3)'] },
    };
    const main = {
      name: 'main',
      steps: [[{ name: 'a', template: 'bad' }], [{ name: 'b', template: 'bad' }]],
    };
    await register('Bad', workflowText([main, bad]));
    const { body } = await start('Bad', { media_ids: media.slice(0, 1) });
    const failed = await ended(body.id[0] ?? '');
    expect(failed).toMatchObject({ status: 'Failed', message: '"a" ended with 3. no such model' });
    expect(failed.nodes.map(({ status }) => status)).toEqual(['Failed', 'Omitted']);
  });

  it('are cancelled by those who may execute, with all that they started', async () => {
    const long = {
      name: 'main',
      container: { command: [...node, 'console.log("begun"); setInterval(() => {}, 1000)'] },
    };
    await register('Long', workflowText([long]));
    const { body } = await start('Long');
    const [running, waiting] = body.id as [string, string];
    await expect.poll(async () => (await job(running)).nodes[0]?.status, jobPatience).toBe('Running');
    expect((await annotator('DELETE', `/rest/Job/${running}`)).status).toBe(403);
    expect((await admin('DELETE', `/rest/Job/${waiting}`)).status).toBe(200);
    const gid = (await job(running)).gid;
    expect((await admin('DELETE', `/rest/Jobs/${ids.project}?gid=${gid}`)).status).toBe(200);
    expect(await ended(running)).toMatchObject({ status: 'Failed', message: 'Cancelled.' });
    expect(await ended(waiting)).toMatchObject({ status: 'Failed', message: 'Cancelled.' });
  });

  it('tell by mail how they ended, with files of the project, and nothing when they were cancelled', async () => {
    const email = 'chief@ship.test';
    await admin('PATCH', `/rest/User/${me}`, { email });
    const info = await admin<{ urls: string[]; key: string }>('GET', `/rest/UploadInfo/${ids.project}`);
    await fetch(info.body.urls[0] ?? '', { method: 'PUT', body: 'frame,count\n' });
    const mail = (subject: string) => ({
      recipients: [email],
      subject,
      text: 'About the job.',
      attachments: [{ key: info.body.key, name: 'counts.csv' }],
    });
    const specs = { success_email_spec: mail('Counted'), failure_email_spec: mail('Not counted') };
    const one = { media_ids: media.slice(0, 1), ...specs };
    for (const name of ['Count', 'Bad']) await ended((await start(name, one)).body.id[0] ?? '');
    const cancelled = (await start('Long', one)).body.id[0] ?? '';
    await expect.poll(async () => (await job(cancelled)).nodes[0]?.status, jobPatience).toBe('Running');
    await admin('DELETE', `/rest/Job/${cancelled}`);
    await ended(cancelled);
    expect(subjectsOf(mailbox)).toEqual(['Counted', 'Not counted']);
    expect(mailbox.mails[0]?.content).toContain('counts.csv');
    const strange = { ...mail('x'), recipients: ['nobody@else.where'] };
    expect((await start('Count', { ...one, success_email_spec: strange })).status).toBe(400);
  });

  it('that ran when the hub was killed are not run twice', async () => {
    const wait =
      'require("fs").writeFileSync(process.argv[1], String(process.pid)); setTimeout(() => {}, 60_000)';
    const noted = join(hub.data, 'killed.pid');
    const long = { name: 'long', container: { command: [...node, wait, noted] } };
    const main = {
      name: 'main',
      steps: [[{ name: 'a', template: 'long' }], [{ name: 'b', template: 'long' }]],
    };
    await register('Killed', workflowText([main, long]));
    const { body } = await start('Killed', { media_ids: media.slice(0, 1) });
    const uid = body.id[0] ?? '';
    await expect.poll(async () => (await job(uid)).nodes[0]?.status, jobPatience).toBe('Running');
    await expect.poll(() => readFile(noted, 'utf8').catch(() => ''), jobPatience).not.toBe('');
    const pid = Number(await readFile(noted, 'utf8'));
    await hub.kill();
    expect(await isAlive(pid)).toBe(true);
    await hub.restart();
    const failed = await ended(uid);
    expect(failed.status).toBe('Error');
    expect(failed.message).toContain('The hub stopped while this ran');
    expect(failed.nodes.map(({ status }) => status)).toEqual(['Error']);
    expect(await isAlive(pid)).toBe(false);
  });

  it('leave nothing on the machine: a hub that starts ends what an earlier one left, and nothing else', async () => {
    const { body } = await start('Count', { media_ids: media.slice(0, 1) });
    const over = await ended(body.id[0] ?? '');
    const ofJob = (uid: string) =>
      spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { env: { TIDEMARK_JOB: uid } });
    const [mine, another] = [ofJob(over.uid), ofJob(randomUUID())];
    try {
      await hub.kill();
      await hub.restart();
      await expect.poll(() => isAlive(mine.pid ?? 0), jobPatience).toBe(false);
      expect(await isAlive(another.pid ?? 0)).toBe(true);
    } finally {
      for (const child of [mine, another]) child.kill('SIGKILL');
    }
  });

  it('are refused before they start when they cannot run here', async () => {
    const image = { name: 'main', container: { image: 'example/count', command: ['count'] } };
    await register('Image', workflowText([image]));
    const refused = await start('Image');
    expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining('names an image')]);
    expect(refused.body.message).toContain('CONTAINER_ENGINE=none');
    await register('Waits', workflowText([{ name: 'main', suspend: {} }]));
    expect((await start('Waits')).body.message).toContain('"suspend"');
    await register(
      'Missing value',
      workflowText([{ name: 'main', container: { command: ['{{workflow.parameters.x}}'] } }]),
    );
    expect((await start('Missing value')).status).toBe(400);
    expect((await start('Missing value', { media_ids: [999_999] })).status).toBe(400);
    expect((await start('Missing value', { media_ids: [] })).status).toBe(400);
    expect((await start('Nothing')).status).toBe(404);
    expect((await admin('GET', '/rest/Job/none')).status).toBe(404);
  });
});

describe('a hub whose operator has not allowed it', () => {
  it('runs nothing', async () => {
    const careful = await startTestHub({ sample: true });
    const before = { hub, admin };
    try {
      [hub, admin] = [careful, careful.client()];
      await register('Count', workflowText([{ name: 'main', container: { command: ['true'] } }]));
      expect((await start('Count', { media_ids: [1] })).status).toBe(503);
    } finally {
      ({ hub, admin } = before);
      await careful.stop();
    }
  });
});
