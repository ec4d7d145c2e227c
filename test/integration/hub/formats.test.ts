import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationList } from '../../../src/contract/table.ts';
import { startTestHub, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let call: HubClient;
let ids: SampleIds;
let media: number;
let folder: string;
let credentials: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-credentials-'));
  credentials = join(folder, 'hub.json');
  hub = await startTestHub({ sample: true, credentialsFile: credentials });
  call = hub.client();
  ids = await sampleIds(call);
  media = await makeVideo(call, ids, 'dive, "first".mp4');
  const specs = [boxSpec(ids, media, { attributes: { Count: 3 } }), boxSpec(ids, media, { frame: 7 })];
  await call('POST', `/rest/Localizations/${ids.project}`, specs);
  await call('POST', `/rest/States/${ids.project}`, {
    type: ids.activity,
    media_ids: [media],
    frame: 2,
    version: ids.baseline,
    attributes: {},
  });
});

afterAll(async () => {
  await hub.stop();
  await rm(folder, { recursive: true, force: true });
});

const lists = ['Localizations', 'States', 'Medias'] as const;

/** The lines of a list; `ids` in a body where the list is read by PUT. */
async function linesOf(
  list: string,
  query: string,
  { method = 'GET', body }: { method?: 'GET' | 'PUT'; body?: object } = {},
): Promise<string[]> {
  const path = `/rest/${list}/${ids.project}?${query}`;
  const reply = await call<unknown>(method, path, body);
  expect(reply.status).toBe(200);
  // A list of one line is read as JSON by the client.
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  return text.trim().split('\n');
}

describe('a list as lines of JSON', () => {
  it('has one object a line, with the columns names of references', async () => {
    const rows = (await linesOf('Localizations', `format=jsonl&media_id=${media}`)).map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      media_id: media,
      type_id: ids.box,
      version_id: ids.baseline,
      project_id: ids.project,
      latest_mark: 0,
      deleted: false,
    });
    expect(rows[0]).not.toHaveProperty('media');
  });

  it('keeps to the fields that were asked for, and the members of a state', async () => {
    const [shape] = await linesOf('Localizations', `format=jsonl&fields=id,media&stop=1`);
    expect(Object.keys(JSON.parse(shape ?? '') as object).sort()).toEqual(['id', 'media_id']);
    const [state] = await linesOf('States', 'format=jsonl&fields=id');
    expect(JSON.parse(state ?? '')).toMatchObject({ media: [media], localizations: [] });
  });

  it('keeps the names of media', async () => {
    const [line] = await linesOf('Medias', 'format=jsonl');
    expect(JSON.parse(line ?? '')).toMatchObject({ id: media, type: ids.video });
  });
});

describe('a list as CSV', () => {
  it('has a column per attribute, the name of the media and the address of the author', async () => {
    const lines = await linesOf(
      'Localizations',
      'format=csv&fields=media,user,frame,attributes.Count&sort_by=$frame',
    );
    const me = (await call<{ email: string }>('GET', '/rest/User/GetCurrent')).body;
    expect(lines[0]).toBe('media,user,frame,Count');
    expect(lines[1]).toBe(`"dive, ""first"".mp4",${me.email},0,3`);
    expect(lines).toHaveLength(3);
  });

  it('has every member where no fields are named, and lines as long as the heading', async () => {
    const heading = (await linesOf('States', 'format=csv'))[0]?.split(',') ?? [];
    expect(heading).toEqual(expect.arrayContaining(['id', 'elemental_id', 'media', 'localizations']));
    expect(heading).not.toContain('attributes');
    const [names, row] = await linesOf('Medias', 'format=csv&fields=id,md5');
    expect([names, row]).toEqual(['id,md5', `${media},${'0'.repeat(32)}`]);
  });

  it('is given for lists read by ids, too', async () => {
    const body = { ids: [media] };
    const lines = await linesOf('Medias', 'format=csv&fields=id', { method: 'PUT', body });
    expect(lines).toEqual(['id', String(media)]);
  });
});

describe('the format of a list', () => {
  it.each(lists)('of %s is JSON unless another is asked for', async (list) => {
    for (const query of ['', 'format=json', 'format=']) {
      expect(Array.isArray((await call<Row[]>('GET', `/rest/${list}/${ids.project}?${query}`)).body)).toBe(
        true,
      );
    }
  });

  it.each(lists)(
    'of %s is refused where it is unknown, names unknown fields or is not permitted',
    async (list) => {
      const status = async (query: string, project = ids.project, by = call) =>
        (await by('GET', `/rest/${list}/${project}?${query}`)).status;
      expect(await status('format=xml')).toBe(400);
      expect(await status('format=csv&fields=id,nothing')).toBe(400);
      expect(await status('format=jsonl&fields=nothing')).toBe(400);
      expect(await status('format=csv', 999_999)).toBe(404);
      const organization = (await call<Row[]>('GET', '/rest/Organizations')).body[0]?.id;
      const own = await call('POST', '/rest/Projects', { name: `Closed ${list}`, organization });
      const annotator = hub.client(hub.annotatorToken);
      expect(await status('format=csv', own.body.id, annotator)).toBe(403);
    },
  );
});

describe('the passwords of a first start', () => {
  it('stay out of the log of a program that embeds the hub', async () => {
    const { password } = JSON.parse(await readFile(credentials, 'utf8')) as { password: string };
    const other = (await readFile(join(hub.data, 'annotator-password.txt'), 'utf8')).trim();
    expect(password.length).toBeGreaterThan(10);
    expect(hub.stderr()).not.toContain(password);
    expect(hub.stderr()).not.toContain(other);
    expect(hub.stderr()).toContain('user "admin" was made');
  });

  it('are said once where the hub stands alone', async () => {
    const alone = await startTestHub({ sample: false });
    try {
      const password = (await readFile(join(alone.data, 'admin-password.txt'), 'utf8')).trim();
      expect(alone.stderr().split(password)).toHaveLength(2);
    } finally {
      await alone.stop();
    }
  });
});

describe('the list of what is not served', () => {
  it('in the handbook names exactly the operations that answer so', async () => {
    const handbook = await readFile(new URL('../../../docs/hub.md', import.meta.url), 'utf8');
    const paragraph = /`details: "not-implemented"`:\n(.*)/.exec(handbook)?.[1] ?? '';
    const listed = [...paragraph.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '');
    const served = (await call<{ operations: number }>('GET', '/rest/TidemarkHub')).body.operations;
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.length + served).toBe(operationList.length);
    for (const name of listed) {
      const operation = operationList.find((known) => known.name === name);
      if (!operation) throw new Error(`the contract has no ${name}`);
      const path = operation.path.replace(/\{\w+\}/g, '1');
      const reply = await call(operation.method, path);
      expect([reply.status, reply.body.details], name).toEqual([400, 'not-implemented']);
    }
  });
});
