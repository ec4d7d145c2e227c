import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationList } from '../../../src/contract/table.ts';
import { hubClient, startTestHub, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let admin: HubClient;
let ids: SampleIds;
let media: number;
let annotator: HubClient;
let membership: number;

beforeAll(async () => {
  hub = await startTestHub({ sample: true });
  admin = hub.client();
  annotator = hub.client(hub.annotatorToken);
  ids = await sampleIds(admin);
  media = await makeVideo(admin, ids);
  const members = (await admin<{ id: number; username: string }[]>('GET', `/rest/Memberships/${ids.project}`))
    .body;
  membership = members.find((row) => row.username === 'annotator')?.id ?? 0;
});

afterAll(() => hub.stop());

describe('membership levels', () => {
  const levels = ['View Only', 'Can Edit', 'Can Transfer', 'Can Execute', 'Full Control'];
  const needs: [string, number, () => [string, string, unknown?]][] = [
    ['read localizations', 0, () => ['GET', `/rest/Localizations/${ids.project}`]],
    ['read media', 0, () => ['GET', `/rest/Media/${media}?presigned=60`]],
    ['create localizations', 1, () => ['POST', `/rest/Localizations/${ids.project}`, boxSpec(ids, media)]],
    ['create versions', 1, () => ['POST', `/rest/Versions/${ids.project}`, { name: 'v' }]],
    ['edit media', 1, () => ['PATCH', `/rest/Media/${media}`, { name: 'renamed.mp4' }]],
    [
      'create media',
      2,
      () => ['POST', `/rest/Medias/${ids.project}`, { type: ids.video, name: 'a.mp4', md5: '0' }],
    ],
    ['sign downloads', 2, () => ['POST', `/rest/DownloadInfo/${ids.project}`, { keys: [] }]],
    ['create leaves', 4, () => ['POST', `/rest/LeafTypes/${ids.project}`, { name: 'tree' }]],
    ['change the project', 4, () => ['PATCH', `/rest/Project/${ids.project}`, { summary: 'new' }]],
    [
      'write for another user',
      4,
      () => [
        'POST',
        `/rest/Localizations/${ids.project}`,
        boxSpec(ids, media, { user_elemental_id: randomUUID() }),
      ],
    ],
  ];

  it.each(levels.map((label, level) => ({ label, level })))(
    '"$label" may do what it should and nothing more',
    async ({ label, level }) => {
      expect((await admin('PATCH', `/rest/Membership/${membership}`, { permission: label })).status).toBe(
        200,
      );
      for (const [what, need, request] of needs) {
        const [method, path, body] = request();
        const { status } = await annotator(method, path, body);
        if (level >= need) expect(status, what).not.toBe(403);
        else expect(status, what).toBe(403);
      }
    },
  );

  it('show nothing of a project to those who are not members', async () => {
    await admin('PATCH', `/rest/Membership/${membership}`, { permission: 'Can Transfer' });
    const organization = (await admin<Row[]>('GET', '/rest/Organizations')).body[0]?.id;
    const own = (await admin('POST', '/rest/Projects', { name: 'Secret', organization })).body.id;
    expect((await annotator('GET', '/rest/Projects')).body).toHaveLength(1);
    expect((await annotator('GET', `/rest/Project/${own}`)).status).toBe(403);
    expect((await annotator('GET', `/rest/Versions/${own}`)).status).toBe(403);
    expect((await annotator('GET', `/rest/Project/99999`)).status).toBe(404);
    const version = (await admin<Row[]>('GET', `/rest/Versions/${own}`)).body[0]?.id;
    const foreign = await annotator(
      'POST',
      `/rest/Localizations/${ids.project}`,
      boxSpec(ids, media, { version }),
    );
    expect(foreign.status).toBe(400);
  });
});

describe('signing in', () => {
  it('answers 400 without a token, with a bad one, and for a bad password', async () => {
    const none = hubClient(() => hub.url);
    expect(await none('GET', '/rest/Projects')).toMatchObject({
      status: 400,
      body: { message: 'Authentication credentials were not provided.' },
    });
    const bad = hub.client('0000');
    expect(await bad('GET', '/rest/Projects')).toMatchObject({
      status: 400,
      body: { message: 'Invalid token.' },
    });
  });

  it('keeps one token per user until it is refreshed', async () => {
    const password = (await readFile(join(hub.data, 'admin-password.txt'), 'utf8')).trim();
    const none = hubClient(() => hub.url);
    const again = await none<{ token: string }>('POST', '/rest/Token', { username: 'ADMIN', password });
    expect([again.status, again.body.token]).toEqual([201, hub.token]);
  });

  it('rests for ten minutes after three failures, even for the right password', async () => {
    const none = hubClient(() => hub.url);
    const password = (await readFile(join(hub.data, 'annotator-password.txt'), 'utf8')).trim();
    for (let i = 0; i < 3; i++) {
      expect((await none('POST', '/rest/Token', { username: 'annotator', password: 'wrong' })).status).toBe(
        400,
      );
    }
    const reply = await none('POST', '/rest/Token', { username: 'annotator', password });
    expect([reply.status, reply.body.message]).toEqual([
      400,
      'Too many failed logins. Try again in 10 minutes.',
    ]);
    expect((await annotator('GET', '/rest/User/GetCurrent')).status).toBe(200);
  });
});

describe('bad input', () => {
  const nasty: unknown[] = [
    null,
    0,
    'x',
    [],
    [[]],
    {},
    { ids: 'x' },
    { media_id: -1 },
    [{ type: 1e99 }],
    { attributes: 7 },
  ];

  it('is never answered with a server error, whatever the operation', async () => {
    const failures: string[] = [];
    for (const operation of operationList) {
      if (operation.name.startsWith('delete_project')) continue;
      for (const value of ['999999', '0', '-1', 'abc', '1e400', '2147483648', '%00', "1'--"]) {
        const path = operation.path.replace(/\{\w+\}/g, value);
        const body = operation.body === null ? undefined : nasty[value.length % nasty.length];
        const { status } = await admin(operation.method, path, body);
        if (status >= 500) failures.push(`${operation.method} ${path} ${JSON.stringify(body)}: ${status}`);
      }
    }
    expect(failures).toEqual([]);
  });

  it('is refused with the error body: wrong members, wrong ranges, broken JSON, unknown paths', async () => {
    const path = `/rest/Localizations/${ids.project}`;
    const bodies = [
      ...nasty,
      boxSpec(ids, media, { x: 1.5 }),
      boxSpec(ids, media, { frame: -1 }),
      boxSpec(ids, media, { elemental_id: 'not-a-uuid' }),
      boxSpec(ids, media, { type: ids.track }),
      boxSpec(ids, 999_999),
      boxSpec(ids, media, { attributes: { 'Observed at': 'yesterday' } }),
      boxSpec(ids, media, { attributes: { Position: [200, 0] } }),
      boxSpec(ids, media, { frame: 2 ** 40 }),
      Array(501).fill(boxSpec(ids, media)),
    ];
    for (const body of bodies) {
      const reply = await admin('POST', path, body);
      expect([reply.status, typeof reply.body.message], JSON.stringify(body).slice(0, 200)).toEqual([
        400,
        'string',
      ]);
    }
    const broken = await fetch(hub.url + path, {
      method: 'POST',
      headers: { authorization: `Token ${hub.token}`, 'content-type': 'application/json' },
      body: '{"media_id": ',
    });
    expect([broken.status, Object.keys((await broken.json()) as object)]).toEqual([
      400,
      ['message', 'details'],
    ]);
    expect((await admin('GET', '/rest/NoSuchThing')).status).toBe(400);
  });

  it('in filters is refused, not ignored', async () => {
    const path = `/rest/Localizations/${ids.project}`;
    const searches = [
      { attribute: 'Count', operation: 'explode', value: 1 },
      { method: 'xor', operations: [{ attribute: 'Count', operation: 'eq', value: 1 }] },
      { attribute: 'Count', operation: 'eq', value: 'many' },
      { attribute: '$frame', operation: 'in', value: 3 },
    ];
    for (const object_search of searches) {
      expect((await admin('PUT', path, { object_search })).status).toBe(400);
    }
    for (const query of [
      'encoded_search=@@@',
      'attribute=Count',
      'attribute_gte=$modified_datetime::soon',
      'after=x',
      'version=a',
      'section=999',
    ]) {
      expect((await admin('GET', `${path}?${query}`)).status, query).toBeGreaterThanOrEqual(400);
    }
  });
});
