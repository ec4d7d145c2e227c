import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Stop } from '../../../src/base/disposable.ts';
import type { EntityRef } from '../../../src/domain/identity.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { localVideo, makeWorkplace, now, type Workplace } from './support.ts';

let hub: TestHub;
let admin: HubClient;
let ids: SampleIds;
let desk: Workplace;
let stopEngine: Stop;
let userId: number;

const mediaKey = crypto.randomUUID();
const patience = { timeout: 30_000, interval: 100 };

function newRef(): EntityRef {
  return { kind: 'localization', version: ids.baseline, elementalId: crypto.randomUUID() };
}

async function draw(ref: EntityRef, x = 0.1): Promise<void> {
  const fields = { frame: 3, geometry: { kind: 'box', x, y: 0.2, width: 0.3, height: 0.4 } };
  const change = { kind: 'create', ref, type: ids.box, media: mediaKey, fields } as const;
  const command = { projectId: ids.project, media: mediaKey, label: 'history.draw' };
  await desk.store.apply({ ...command, changes: [change] });
}

async function move(ref: EntityRef, frame: number): Promise<void> {
  const change = { kind: 'change', ref, fields: { frame } } as const;
  const command = { projectId: ids.project, media: mediaKey, label: 'history.change' };
  await desk.store.apply({ ...command, changes: [change] });
}

type Row = Record<string, unknown> & { id: number; user: number; frame: number; mark: number };

async function chain(ref: EntityRef): Promise<Row[]> {
  const path = `/rest/Localizations/${ids.project}?show_all_marks=1&show_deleted=1&merge=0`;
  return (await admin('PUT', path, { elemental_ids: [ref.elementalId] })).body as unknown as Row[];
}

async function membership(): Promise<Row | undefined> {
  const rows = (await admin('GET', `/rest/Memberships/${ids.project}`)).body as unknown as Row[];
  return rows.find(({ user }) => user === userId);
}

/** Null takes the membership away. */
async function grant(permission: string | null): Promise<void> {
  const known = await membership();
  const answer =
    known === undefined
      ? await admin('POST', `/rest/Memberships/${ids.project}`, { user: userId, permission })
      : permission === null
        ? await admin('DELETE', `/rest/Membership/${known.id}`)
        : await admin('PATCH', `/rest/Membership/${known.id}`, { permission });
  expect(answer.status).toBeLessThan(300);
}

async function settled(): Promise<void> {
  await expect.poll(() => now(desk.store.counts()), patience).toMatchObject({ unsynced: 0, inDoubt: 0 });
}

const projects = async () => (await now(desk.store.projects())).map(({ id }) => id);
const hidden = () => now(desk.store.hiddenProjects());
const shown = async () => (await now(desk.store.annotations(mediaKey, []))).map(({ ref }) => ref.elementalId);

beforeAll(async () => {
  hub = await startTestHub();
  admin = hub.client();
  ids = await sampleIds(admin);
  const me = (await hub.client(hub.annotatorToken)('GET', '/rest/User/GetCurrent')).body;
  userId = me.id;
  desk = await makeWorkplace(() => hub.url, hub.annotatorToken);
  desk.host.medias.push(localVideo(mediaKey, ids.project));
  stopEngine = await desk.startEngine();
});

afterAll(async () => {
  stopEngine();
  desk.store.close();
  await hub.stop();
});

describe('the loss of a permission', () => {
  beforeEach(async () => {
    if ((await membership())?.permission !== 'Can Transfer') await grant('Can Transfer');
    await settled();
  }, 60_000);

  it('hides a project that was taken away, keeps all of it, and sends what was done meanwhile when it is back', async () => {
    const [known, later] = [newRef(), newRef()];
    await draw(known);
    await settled();
    await grant(null);
    await move(known, 8);
    await draw(later);
    await expect.poll(hidden, patience).toMatchObject([{ id: ids.project, unsynced: 2 }]);
    expect(await projects()).not.toContain(ids.project);
    expect(await shown()).toEqual(expect.arrayContaining([known.elementalId, later.elementalId]));
    expect(await now(desk.store.counts())).toMatchObject({ unsynced: 2, inDoubt: 0, parked: 0 });
    expect(await chain(later)).toEqual([]);
    await grant('Can Transfer');
    await settled();
    expect(await hidden()).toEqual([]);
    expect(await projects()).toContain(ids.project);
    expect((await chain(known)).map(({ mark, frame }) => [mark, frame])).toEqual([
      [0, 3],
      [1, 8],
    ]);
    expect(await chain(later)).toHaveLength(1);
  }, 90_000);

  it('keeps the edits of one who may only look, without parking them, and goes on reading', async () => {
    const refs = [newRef(), newRef(), newRef()];
    const [known] = refs;
    await draw(known!);
    await settled();
    await grant('View Only');
    await move(known!, 9);
    for (const ref of refs.slice(1)) await draw(ref);
    await expect
      .poll(async () => (await now(desk.store.projects())).map(({ permission }) => permission), patience)
      .toEqual(['View Only']);
    const theirs = newRef();
    const box = { x: 0.1, y: 0.1, width: 0.2, height: 0.2, frame: 1, type: ids.box, version: ids.baseline };
    const media = (await now(desk.store.mediaItem(mediaKey)))!.serverId;
    await admin('POST', `/rest/Localizations/${ids.project}`, [
      { ...box, media_id: media, elemental_id: theirs.elementalId, attributes: {} },
    ]);
    await expect.poll(shown, patience).toContain(theirs.elementalId);
    expect(await now(desk.store.counts())).toMatchObject({ unsynced: 3, inDoubt: 0, parked: 0 });
    await grant('Can Edit');
    await settled();
    for (const ref of refs) expect((await chain(ref)).at(-1)).toMatchObject({ frame: ref === known ? 9 : 3 });
  }, 90_000);

  it('keeps a new video of one who may edit but not upload, and sends the boxes on other videos', async () => {
    await grant('Can Edit');
    const second = crypto.randomUUID();
    const media = localVideo(second, ids.project);
    desk.host.medias.push(media);
    desk.host.emit('media.changed', media);
    await expect
      .poll(async () => (await now(desk.store.projects())).map(({ permission }) => permission), {
        ...patience,
        timeout: 75_000,
      })
      .toEqual(['Can Edit']);
    const ref = newRef();
    await draw(ref);
    await expect.poll(() => chain(ref), patience).toHaveLength(1);
    expect(await now(desk.store.counts())).toMatchObject({ unsynced: 1, parked: 0 });
    await grant('Can Transfer');
    await settled();
    expect((await now(desk.store.mediaItem(second)))?.serverId).toBeGreaterThan(0);
  }, 150_000);
});
