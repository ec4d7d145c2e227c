import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let admin: HubClient;
let annotator: HubClient;
let ids: SampleIds;
let fileType: number;

interface FileAnswer {
  id: number;
  name: string;
  type: number;
  meta: number;
  path: string | null;
  attributes: Record<string, unknown>;
  elemental_id: string;
  modified_datetime: string;
  eol_datetime: string;
}

beforeAll(async () => {
  hub = await startTestHub({ sample: true });
  admin = hub.client();
  annotator = hub.client(hub.annotatorToken);
  ids = await sampleIds(admin);
  const made = await admin('POST', `/rest/FileTypes/${ids.project}`, {
    name: 'Cruise report',
    attribute_types: [{ name: 'Leg', dtype: 'int', default: 1 }],
  });
  fileType = made.body.id;
});

afterAll(() => hub.stop());

/** Uploads a text as a client does, and gives its key. */
async function upload(text: string, query = ''): Promise<string> {
  const path = `/rest/UploadInfo/${ids.project}?filename=report.txt${query}`;
  const info = (await admin<{ urls: string[]; key: string }>('GET', path)).body;
  const put = await fetch(info.urls[0] ?? '', { method: 'PUT', body: text });
  expect(put.status).toBe(200);
  return info.key;
}

/** A URL to read the bytes of a key with. */
async function download(key: string): Promise<string> {
  const path = `/rest/DownloadInfo/${ids.project}`;
  const [found] = (await admin<{ url: string }[]>('POST', path, { keys: [key] })).body;
  return found?.url ?? '';
}

async function textAt(url: string, token?: string): Promise<{ status: number; text: string }> {
  const response = await fetch(
    url,
    token === undefined ? {} : { headers: { authorization: `Token ${token}` } },
  );
  return { status: response.status, text: await response.text() };
}

function newFile(changes: Record<string, unknown> = {}) {
  const spec = { type: fileType, name: 'Leg 1', description: 'Dives of the first leg', ...changes };
  return admin('POST', `/rest/Files/${ids.project}`, spec);
}

describe('files', () => {
  it('are made, filled, found by attribute, changed and deleted with their content', async () => {
    const { status, body } = await newFile({ attributes: { Leg: 7 } });
    expect(status).toBe(201);
    const file = `/rest/File/${body.id}`;
    const list = `/rest/Files/${ids.project}`;
    expect((await admin<FileAnswer>('GET', file)).body).toMatchObject({
      name: 'Leg 1',
      type: fileType,
      meta: fileType,
      path: null,
      attributes: { Leg: 7 },
    });
    const before = (await admin<FileAnswer>('GET', file)).body.modified_datetime;
    const key = await upload('first', `&file_id=${body.id}`);
    expect((await admin('PATCH', file, { path: key, attributes: { Leg: 8 } })).status).toBe(200);
    expect(await textAt(await download(key))).toEqual({ status: 200, text: 'first' });
    const newer = await upload('second', `&file_id=${body.id}`);
    expect((await admin('PATCH', file, { path: newer })).status).toBe(200);
    expect((await textAt(await download(key))).status).toBe(404);
    const found = (await admin<FileAnswer[]>('GET', `${list}?attribute=Leg::8&type=${fileType}`)).body;
    expect(found).toMatchObject([{ id: body.id, path: newer }]);
    expect(found[0]?.modified_datetime).not.toBe(before);
    expect((await admin('GET', `${list}?attribute=Leg::7`)).body).toEqual([]);
    expect((await admin('GET', `${list}?name=leg 1`)).body).toEqual([]);
    expect((await admin('DELETE', file)).status).toBe(200);
    expect((await admin('GET', file)).status).toBe(404);
    expect((await textAt(await download(newer))).status).toBe(404);
  });

  it('refuse what does not fit, the keys of others, and those who may not execute', async () => {
    expect((await newFile({ description: undefined })).status).toBe(400);
    expect((await newFile({ name: 'x'.repeat(129) })).status).toBe(400);
    expect((await newFile({ type: 999_999 })).status).toBe(400);
    expect((await newFile({ attributes: { Leg: 'seven' } })).status).toBe(400);
    const { body } = await newFile();
    const file = `/rest/File/${body.id}`;
    const other = await upload('not of this file');
    expect((await admin('PATCH', file, { path: other })).status).toBe(403);
    expect((await admin('PATCH', file, { type: fileType + 1 })).status).toBe(400);
    expect((await annotator('PATCH', file, { name: 'Mine' })).status).toBe(403);
    expect((await annotator('DELETE', file)).status).toBe(403);
    expect((await annotator('GET', file)).status).toBe(200);
    expect((await admin('GET', '/rest/File/999999')).status).toBe(404);
    expect((await admin('GET', `/rest/Files/${ids.project}?type=999999`)).status).toBe(400);
  });
});

describe('temporary files', () => {
  it('hold what their URL held, for members and until they expire', async () => {
    const list = `/rest/TemporaryFiles/${ids.project}`;
    const url = await download(await upload('tide table'));
    const spec = { name: 'tides.txt', url, lookup: 'dive 4', hours: 2 };
    const made = await annotator('POST', list, spec);
    expect(made.status).toBe(201);
    const [row] = (await admin<FileAnswer[]>('GET', list)).body;
    expect(row).toMatchObject({
      id: made.body.id,
      name: 'tides.txt',
      lookup: 'dive 4',
      project: ids.project,
    });
    expect(Date.parse(row!.eol_datetime)).toBeGreaterThan(Date.now() + 3_600_000);
    expect(await textAt(row!.path!, hub.annotatorToken)).toEqual({ status: 200, text: 'tide table' });
    expect((await textAt(row!.path!)).status).toBe(400);
    expect((await admin('GET', `${list}?expired=1`)).body).toEqual([]);
    expect((await admin('DELETE', `${list}?expired=1`)).status).toBe(200);
    expect((await admin('GET', `/rest/TemporaryFile/${made.body.id}`)).status).toBe(200);
    expect((await admin('DELETE', list)).status).toBe(200);
    expect((await admin('GET', `/rest/TemporaryFile/${made.body.id}`)).status).toBe(404);
    expect((await textAt(row!.path!, hub.annotatorToken)).status).toBe(404);
  });

  it('never fetch from the network that the hub stands in', async () => {
    const list = `/rest/TemporaryFiles/${ids.project}`;
    const spec = { name: 'a', lookup: '' };
    expect((await admin('POST', list, { ...spec, url: `${hub.url}/rest/Projects` })).status).toBe(400);
    expect((await admin('POST', list, { ...spec, url: 'file:///etc/hosts' })).status).toBe(400);
    expect((await admin('POST', list, { ...spec, url: '0/999/other/key' })).status).toBe(403);
    expect((await admin('POST', list, { ...spec, url: 'https://a.example/', hours: 25 })).status).toBe(400);
  });
});

describe('applets', () => {
  it('are registered from a saved page, and served to members in a sandbox', async () => {
    const upload_url = await download(await upload('<h1>Counts</h1>'));
    const saved = await admin<{ url: string }>('POST', `/rest/SaveGenericFile/${ids.project}`, {
      name: 'counts.html',
      upload_url,
    });
    expect(saved.status).toBe(201);
    const { url } = saved.body;
    const list = `/rest/Applets/${ids.project}`;
    const spec = { name: 'Counts', html_file: url, categories: ['annotator-menu'] };
    const { body } = await admin('POST', list, spec);
    const applet = `/rest/Applet/${body.id}`;
    expect((await annotator('GET', list)).body).toMatchObject([{ id: body.id, ...spec, template: null }]);
    const page = await fetch(`${hub.url}/media/${url}`, {
      headers: { authorization: `Token ${hub.annotatorToken}` },
    });
    expect(await page.text()).toBe('<h1>Counts</h1>');
    expect(page.headers.get('content-security-policy')).toContain('sandbox');
    expect((await annotator('PATCH', applet, { name: 'Mine' })).status).toBe(403);
    expect((await admin('PATCH', applet, { name: 'Totals' })).status).toBe(200);
    expect((await admin('GET', applet)).body).toMatchObject({ name: 'Totals', html_file: url });
    expect((await admin('PATCH', applet, { html_file: `${ids.project}/../secret` })).status).toBe(400);
    expect((await admin('DELETE', applet)).status).toBe(200);
    expect((await admin('GET', applet)).status).toBe(404);
    expect((await textAt(`${hub.url}/media/${url}`, hub.adminToken)).status).toBe(404);
  });

  it('need a page and a name', async () => {
    const list = `/rest/Applets/${ids.project}`;
    expect((await admin('POST', list, { name: 'No page' })).status).toBe(400);
    expect((await admin('POST', list, { html_file: `${ids.project}/none.html`, name: 'x' })).status).toBe(
      400,
    );
    expect((await annotator('POST', list, { name: 'x' })).status).toBe(403);
    expect((await admin('POST', '/rest/Applets/999999', { name: 'x' })).status).toBe(404);
  });
});
