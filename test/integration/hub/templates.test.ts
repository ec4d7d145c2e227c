import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type HubClient, type Row, type TestHub } from '../../support/hub.ts';

let hub: TestHub;
let admin: HubClient;
let annotator: HubClient;
let ids: SampleIds;
let organization: number;
let me: number;
let server: Server;
let other: Server;
let site: string;
/** What was asked of the servers of templates. */
const asked: { url: string; headers: IncomingHttpHeaders }[] = [];

const manifest = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: greet- }
spec:
  entrypoint: main
  templates:
    - name: main
      container: { command: [sh, -c, 'echo {{ greeting }} {{ "{{workflow.parameters.media_ids}}" }}'] }
`;

const pages: Record<string, string> = {
  '/greet.yaml': manifest,
  '/page.html':
    '<h1>{{ title|default("None")|e }}</h1>{% for i in range(count|default(0)|int) %}<p>{{ i }}</p>{% endfor %}',
  '/broken': '{% for %}',
  '/endless': '{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}',
};

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    if (request.url === '/moved') {
      const { port } = other.address() as AddressInfo;
      response.writeHead(302, { location: `http://localhost:${port}/page.html` }).end();
      return;
    }
    const page = pages[request.url ?? ''];
    response.writeHead(page === undefined ? 404 : 200).end(page);
  });
  other = createServer((request, response) => {
    asked.push({ url: `other ${request.url ?? ''}`, headers: request.headers });
    response.end(pages['/page.html']);
  });
  for (const one of [server, other])
    await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  hub = await startTestHub({ sample: true, env: { FETCH_PRIVATE_URLS: '1', RUN_ALGORITHMS: '1' } });
  admin = hub.client();
  annotator = hub.client(hub.annotatorToken);
  ids = await sampleIds(admin);
  organization = (await admin<Row[]>('GET', '/rest/Organizations')).body[0]?.id ?? 0;
  me = (await admin('GET', '/rest/User/GetCurrent')).body.id;
});

afterAll(async () => {
  await hub.stop();
  server.close();
  other.close();
});

async function template(page: string, more: Record<string, unknown> = {}): Promise<number> {
  const spec = { name: `Template ${page}`, url: site + page, ...more };
  const { status, body } = await admin('POST', `/rest/HostedTemplates/${organization}`, spec);
  expect(status).toBe(201);
  return body.id;
}

describe('hosted templates', () => {
  it('are kept by administrators, read by members, and never show their headers', async () => {
    const headers = [{ name: 'Authorization', value: 'Bearer secret' }];
    const id = await template('/page.html', { headers, tparams: [{ name: 'title', value: 'Dives' }] });
    const { body } = await admin('GET', `/rest/HostedTemplate/${id}`);
    expect(body).toEqual({
      id,
      organization,
      name: 'Template /page.html',
      url: `${site}/page.html`,
      tparams: [{ name: 'title', value: 'Dives' }],
    });
    const changed = { name: 'Renamed', url: `${site}/page.html` };
    expect((await admin('PATCH', `/rest/HostedTemplate/${id}`, changed)).status).toBe(201);
    expect((await admin('GET', `/rest/HostedTemplate/${id}`)).body).toMatchObject({
      ...changed,
      tparams: [],
    });
    expect((await annotator('POST', `/rest/HostedTemplates/${organization}`, changed)).status).toBe(403);
    expect((await admin('DELETE', `/rest/HostedTemplate/${id}`)).status).toBe(200);
    expect((await admin('GET', `/rest/HostedTemplate/${id}`)).status).toBe(404);
  });

  it('refuse what is no web address, and headers that would be two', async () => {
    const path = `/rest/HostedTemplates/${organization}`;
    for (const wrong of [
      { name: 'A', url: 'file:///etc/passwd' },
      { name: ' ', url: site },
      { name: 'A', url: site, headers: [{ name: 'X', value: 'a\r\nY: b' }] },
      { name: 'A', url: site, headers: [{ name: 'X Y', value: 'a' }] },
    ])
      expect((await admin('POST', path, wrong)).status, JSON.stringify(wrong)).toBe(400);
  });
});

describe('an applet of a template', () => {
  it('is filled with its own values over those of the template, escaped as the template says', async () => {
    const id = await template('/page.html', {
      tparams: [
        { name: 'title', value: 'Dives' },
        { name: 'count', value: '2' },
      ],
      headers: [{ name: 'X-Key', value: 'one' }],
    });
    const spec = { name: 'Summary', template: id, tparams: [{ name: 'title', value: '<b>Own</b>' }] };
    const made = await admin('POST', `/rest/Applets/${ids.project}`, spec);
    expect([made.status, made.body.message]).toEqual([201, expect.any(String)]);
    const { body } = await annotator<Record<string, unknown>>('GET', `/rest/Applet/${made.body.id}`);
    expect(body).toMatchObject({ template: id, html_file: null });
    expect(body['rendered']).toBe('<h1>&lt;b&gt;Own&lt;&#x2f;b&gt;</h1><p>0</p><p>1</p>');
    expect(asked.at(-1)).toMatchObject({ url: '/page.html', headers: { 'x-key': 'one' } });
    const inUse = await admin('DELETE', `/rest/HostedTemplate/${id}`);
    expect([inUse.status, inUse.body.message]).toEqual([400, '"Summary" is made of this template.']);
    expect((await admin('DELETE', `/rest/Applet/${made.body.id}`)).status).toBe(200);
    expect((await admin('DELETE', `/rest/HostedTemplate/${id}`)).status).toBe(200);
  });

  it('is refused where the template is missing, wrong or without an end', async () => {
    for (const page of ['/missing', '/broken', '/endless']) {
      const spec = { name: 'Bad', template: await template(page) };
      const reply = await admin('POST', `/rest/Applets/${ids.project}`, spec);
      expect([page, reply.status]).toEqual([page, 400]);
    }
    const none = { name: 'Bad', template: 987_654 };
    expect((await admin('POST', `/rest/Applets/${ids.project}`, none)).status).toBe(400);
    const mine = { name: 'Bad', template: await template('/page.html') };
    expect((await annotator('POST', `/rest/Applets/${ids.project}`, mine)).status).toBe(403);
  });

  it('keeps the headers from the server that a redirect leads to', async () => {
    const id = await template('/moved', { headers: [{ name: 'X-Key', value: 'two' }] });
    const made = await admin('POST', `/rest/Applets/${ids.project}`, { name: 'Moved', template: id });
    expect([made.status, made.body.message]).toEqual([201, expect.any(String)]);
    const [first, second] = asked.slice(-2);
    expect(first).toMatchObject({ url: '/moved', headers: { 'x-key': 'two' } });
    expect(second?.url).toBe('other /page.html');
    expect(second?.headers['x-key']).toBeUndefined();
  });
});

describe('an algorithm of a template', () => {
  it('runs the filled manifest as it was when the job was made', async () => {
    const id = await template('/greet.yaml', { tparams: [{ name: 'greeting', value: 'ahoy' }] });
    const spec = { name: 'Greet', user: me, files_per_job: 1, template: id };
    const made = await admin('POST', `/rest/Algorithms/${ids.project}`, spec);
    expect([made.status, made.body.message]).toEqual([201, expect.any(String)]);
    const { body } = await admin<Record<string, unknown>>('GET', `/rest/Algorithm/${made.body.id}`);
    expect(body['rendered']).toContain('echo ahoy {{workflow.parameters.media_ids}}');
    const media = await admin('POST', `/rest/Medias/${ids.project}`, {
      type: ids.video,
      name: 'dive.mp4',
      md5: '0'.repeat(32),
    });
    const job = await admin<{ id: string[] }>('POST', `/rest/Jobs/${ids.project}`, {
      algorithm_name: 'Greet',
      media_ids: [media.body.id],
    });
    expect(job.status).toBe(201);
    pages['/greet.yaml'] = 'changed';
    const done = await vi.waitUntil(
      async () => {
        const found = await admin<{ status: string; log: string }>('GET', `/rest/Job/${job.body.id[0]}`);
        return found.body.status === 'Pending' || found.body.status === 'Running' ? undefined : found.body;
      },
      { timeout: 20_000, interval: 100 },
    );
    expect(done).toMatchObject({ status: 'Succeeded' });
    expect(done.log).toContain(`ahoy ${media.body.id}`);
    const again = await admin('GET', `/rest/Algorithm/${made.body.id}`);
    expect(again.status).toBe(200);
  });

  it('is refused when what comes out is no workflow', async () => {
    const spec = { name: 'Page', user: me, files_per_job: 1, template: await template('/page.html') };
    const reply = await admin('POST', `/rest/Algorithms/${ids.project}`, spec);
    expect(reply.status).toBe(400);
  });
});
