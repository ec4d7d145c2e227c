import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let admin: HubClient;
let annotator: HubClient;
let ids: SampleIds;
let organization: number;
let me: number;
let other: number;

beforeAll(async () => {
  hub = await startTestHub({ sample: true });
  admin = hub.client();
  annotator = hub.client(hub.annotatorToken);
  ids = await sampleIds(admin);
  organization = (await admin<Row[]>('GET', '/rest/Organizations')).body[0]?.id ?? 0;
  me = (await admin('GET', '/rest/User/GetCurrent')).body.id;
  other = (await annotator('GET', '/rest/User/GetCurrent')).body.id;
});

afterAll(() => hub.stop());

describe('groups', () => {
  it('are made, listed by member, changed and deleted by administrators of the organization', async () => {
    const path = `/rest/Groups/${organization}`;
    const made = await admin('POST', path, { name: 'Night watch', initial_members: [me, me] });
    expect(made.status).toBe(201);
    const group = `/rest/Group/${made.body.id}`;
    expect((await admin('GET', group)).body).toEqual({
      id: made.body.id,
      organization,
      name: 'Night watch',
      members: [me],
    });
    const change = { name: 'Day watch', add_members: [other], remove_members: [me] };
    expect((await admin('PATCH', group, change)).status).toBe(200);
    expect((await admin('GET', `${path}?user=${me}`)).body).toEqual([]);
    expect((await admin('GET', `${path}?user=${other}`)).body).toMatchObject([
      { name: 'Day watch', members: [other], organization__id: organization },
    ]);
    expect((await admin('PATCH', group, { add_members: [999_999] })).status).toBe(400);
    expect((await annotator('PATCH', group, { name: 'Mine' })).status).toBe(403);
    expect((await admin('DELETE', group)).status).toBe(200);
    expect((await admin('GET', group)).status).toBe(404);
    expect((await admin('POST', path, { name: ' ' })).status).toBe(400);
  });
});

describe('row protections', () => {
  it('are kept by whoever controls the target, and seen by nobody else', async () => {
    const path = '/rest/RowProtections';
    const made = await admin('POST', path, { project: ids.project, user: other, permission: 3 });
    expect(made.status).toBe(201);
    const one = `/rest/RowProtection/${made.body.id}`;
    expect((await admin('GET', one)).body).toMatchObject({
      project: ids.project,
      media: null,
      user: other,
      group: null,
      permission: 3,
      created_by: me,
    });
    expect((await admin('PATCH', one, { permission: 0xffff_ffff })).status).toBe(200);
    const listed = await admin<Row[]>('GET', `${path}?project=${ids.project}&user=${other}`);
    expect(listed.body).toMatchObject([{ id: made.body.id, permission: 0xffff_ffff }]);
    for (const reply of [
      await annotator('GET', one),
      await annotator('DELETE', one),
      await annotator('GET', `${path}?project=${ids.project}`),
      await annotator('POST', path, { project: ids.project, user: other, permission: 255 }),
    ])
      expect(reply.status).toBe(403);
    expect((await annotator('GET', path)).body).toEqual([]);
    expect((await admin('DELETE', one)).status).toBe(200);
    expect((await admin('GET', one)).status).toBe(404);
  });

  it('need one target that is there, one subject that is there, and a mask', async () => {
    const good = { version: ids.baseline, user: other, permission: 255 };
    const post = async (body: unknown) => (await admin('POST', '/rest/RowProtections', body)).status;
    expect(await post({ ...good, section: ids.section })).toBe(400);
    expect(await post({ ...good, organization })).toBe(400);
    expect(await post({ user: other, permission: 255 })).toBe(400);
    expect(await post({ ...good, user: 999_999 })).toBe(400);
    expect(await post({ ...good, version: 999_999 })).toBe(404);
    expect(await post({ ...good, permission: -1 })).toBe(400);
    expect(await post({ ...good, permission: 2 ** 33 })).toBe(400);
    expect(await post(good)).toBe(201);
    expect(await post(good)).toBe(400);
  });

  it('give whoever makes a group full rights on it', async () => {
    const { id } = (await admin('POST', `/rest/Groups/${organization}`, { name: 'Divers' })).body;
    expect((await admin('GET', `/rest/RowProtections?target_group=${id}`)).body).toMatchObject([
      { target_group: id, user: me, permission: 0xffff_ffff },
    ]);
  });
});
