import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startMailServer, type MailServer } from '../../support/mail-server.ts';

const clip = fileURLToPath(new URL('../../../resources/sample/dive.mp4', import.meta.url));

let hub: TestHub;
let post: MailServer;
let admin: HubClient;
let annotator: HubClient;
let ids: SampleIds;
let mails: MailServer['mails'];

beforeAll(async () => {
  post = await startMailServer();
  ({ mails } = post);
  const env = { SMTP_URL: post.url, MAIL_FROM: 'hub@ship.example' };
  hub = await startTestHub({ sample: true, env });
  admin = hub.client();
  annotator = hub.client(hub.annotatorToken);
  ids = await sampleIds(admin);
  const { id } = (await annotator('GET', '/rest/User/GetCurrent')).body;
  await admin('PATCH', `/rest/User/${id}`, { email: 'Mate@ship.example' });
  const me = (await admin('GET', '/rest/User/GetCurrent')).body.id;
  await admin('PATCH', `/rest/User/${me}`, { email: 'master@ship.example' });
});

afterAll(async () => {
  await hub.stop();
  await post.stop();
});

describe('announcements', () => {
  it('are shown to everybody until each has dismissed them', async () => {
    const made = await admin('POST', '/rest/TidemarkHub/Announcements', {
      markdown: '**Fire drill** at noon',
    });
    expect(made.status).toBe(201);
    for (const client of [admin, annotator]) {
      expect((await client('GET', '/rest/Announcements')).body).toMatchObject([
        { id: made.body.id, markdown: '**Fire drill** at noon' },
      ]);
    }
    expect((await annotator('DELETE', `/rest/Announcement/${made.body.id}`)).status).toBe(200);
    expect((await annotator('DELETE', `/rest/Announcement/${made.body.id}`)).status).toBe(200);
    expect((await annotator('GET', '/rest/Announcements')).body).toEqual([]);
    expect((await admin('GET', '/rest/Announcements')).body).toHaveLength(1);
    expect((await admin('DELETE', '/rest/Announcement/999999')).status).toBe(404);
    const path = '/rest/TidemarkHub/Announcements';
    expect((await annotator('POST', path, { markdown: 'mine' })).status).toBe(403);
    expect((await admin('POST', path, { markdown: ' ' })).status).toBe(400);
  });
});

describe('mails', () => {
  it('go to members of the project, with uploaded files attached', async () => {
    const info = await admin<{ urls: string[]; key: string }>('GET', `/rest/UploadInfo/${ids.project}`);
    await fetch(info.body.urls[0] ?? '', { method: 'PUT', body: 'frame,count\n1,2\n' });
    const spec = {
      recipients: ['mate@ship.example'],
      subject: 'Counts\r\nBcc: all@ship.example',
      text: 'The counts of dive 4.',
      attachments: [{ key: info.body.key, name: 'counts.csv' }],
    };
    const path = `/rest/Email/${ids.project}`;
    expect((await admin('POST', path, spec)).status).toBe(201);
    const mail = mails.at(-1);
    expect(mail?.to).toEqual(['Mate@ship.example']);
    expect(mail?.content).toContain('Subject: Counts Bcc: all@ship.example');
    expect(mail?.content).not.toMatch(/^Bcc:/m);
    expect(mail?.content).toContain('filename=counts.csv');
    const strangers = { ...spec, recipients: ['mate@ship.example', 'stranger@shore.example'] };
    expect((await admin('POST', path, strangers)).status).toBe(400);
    expect((await admin('POST', path, { ...spec, recipients: [] })).status).toBe(400);
    const foreign = { ...spec, attachments: [{ key: '1/999999/1/a', name: 'a' }] };
    expect((await admin('POST', path, foreign)).status).toBe(403);
    expect((await annotator('POST', path, spec)).status).toBe(403);
    expect(mails).toHaveLength(1);
  });

  it('tell when a transcode that was asked to is done', async () => {
    const info = await admin<{ urls: string[] }>('GET', `/rest/UploadInfo/${ids.project}`);
    const url = info.body.urls[0] ?? '';
    await fetch(url, { method: 'PUT', body: new Uint8Array(await readFile(clip)) });
    const spec = {
      ...{ type: ids.video, gid: randomUUID(), uid: randomUUID(), url, name: 'dive.mp4', md5: '0' },
      section: 'Dives',
      email_spec: { recipients: ['mate@ship.example'], subject: 'Dive 7', text: 'The dive is converted.' },
    };
    const path = `/rest/Transcodes/${ids.project}`;
    const strangers = { ...spec, email_spec: { ...spec.email_spec, recipients: ['x@shore.example'] } };
    expect((await admin('POST', path, strangers)).status).toBe(400);
    expect((await admin('POST', path, spec)).status).toBe(201);
    const told = () => mails.filter(({ content }) => content.includes('The dive is converted.'));
    await expect.poll(told, { timeout: 60_000 }).toHaveLength(1);
    expect(told()[0]?.to).toEqual(['Mate@ship.example']);
  });

  it('tell the administrators what somebody has to say', async () => {
    const before = mails.length;
    expect((await annotator('POST', '/rest/Notify', { message: 'The disk is full.' })).status).toBe(200);
    expect(mails).toHaveLength(before + 1);
    expect(mails.at(-1)).toMatchObject({ to: ['master@ship.example'] });
    expect(mails.at(-1)?.content).toContain('The disk is full.');
    const asFile = { message: 'A long report.', send_as_file: 1 };
    expect((await annotator('POST', '/rest/Notify', asFile)).status).toBe(200);
    expect(mails.at(-1)?.content).toContain('filename=message.txt');
  });
});

describe('a hub without a mail server', () => {
  it('says so', async () => {
    const silent = await startTestHub({ sample: true });
    try {
      const project = (await sampleIds(silent.client())).project;
      const spec = { recipients: ['a@b.example'], subject: 's', text: 't' };
      expect((await silent.client()('POST', `/rest/Email/${project}`, spec)).status).toBe(400);
      expect((await silent.client()('POST', '/rest/Notify', { message: 'm' })).status).toBe(503);
    } finally {
      await silent.stop();
    }
  });
});
