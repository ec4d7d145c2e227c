import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../../src/base/json.ts';
import type { Stop } from '../../../src/base/disposable.ts';
import type { Fields } from '../../../src/domain/fields.ts';
import { mediaRef } from '../../../src/sync/ports.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { localVideo, makeWorkplace, now, type Workplace } from './support.ts';

let hub: TestHub;
let rest: HubClient;
let ids: SampleIds;
let desk: Workplace;
let stopEngine: Stop;

const patience = { timeout: 30_000, interval: 100 };
/** Made on this device; another was made by somebody else and is pulled. */
const own = crypto.randomUUID();
const pulled = crypto.randomUUID();

async function edit(key: string, fields: Fields): Promise<void> {
  await desk.store.apply({
    projectId: ids.project,
    media: key,
    label: 'history.media',
    changes: [{ kind: 'change', ref: mediaRef(key), fields }],
  });
}

interface MediaRow {
  id: number;
  name: string;
  primary_section: number | null;
  attributes: Record<string, Json>;
}

async function onServer(key: string): Promise<MediaRow[]> {
  return (await rest<MediaRow[]>('GET', `/rest/Medias/${ids.project}?elemental_id=${key}`)).body;
}

async function patchThere(key: string, body: unknown): Promise<void> {
  const [row] = await onServer(key);
  expect((await rest('PATCH', `/rest/Media/${row!.id}`, body)).status).toBe(200);
}

async function settled(): Promise<void> {
  await expect.poll(() => now(desk.store.counts()), patience).toMatchObject({ unsynced: 0, inDoubt: 0 });
}

function shown(key: string) {
  return now(desk.store.mediaItem(key));
}

beforeAll(async () => {
  hub = await startTestHub();
  rest = hub.client();
  ids = await sampleIds(rest);
  await rest('POST', `/rest/Medias/${ids.project}`, {
    type: ids.video,
    name: 'theirs.mp4',
    md5: '1'.repeat(32),
    elemental_id: pulled,
  });
  const names = ['Site', 'Note'];
  for (const name of names) {
    const addition = { name, dtype: 'string' };
    await rest('POST', `/rest/AttributeType/${ids.video}`, { entity_type: 'MediaType', addition });
  }
  desk = await makeWorkplace(() => hub.url, hub.token);
  desk.host.medias.push(localVideo(own, ids.project));
  desk.host.setOffline(true);
  stopEngine = await desk.startEngine();
});

afterAll(async () => {
  stopEngine();
  desk.store.close();
  await hub.stop();
});

describe('edits of medias', () => {
  it('of a media that was never online go along with its making', async () => {
    await expect.poll(async () => (await shown(own))?.name, patience).toBe('dive.mp4');
    await edit(own, { name: 'station 7.mp4', section_id: ids.section, 'attributes.Site': "Anna's reef" });
    expect(await shown(own)).toMatchObject({
      name: 'station 7.mp4',
      sectionId: ids.section,
      attributes: { Site: "Anna's reef" },
      sync: 'unsynced',
    });
    desk.host.setOffline(false);
    await settled();
    expect(await onServer(own)).toMatchObject([
      { name: 'station 7.mp4', primary_section: ids.section, attributes: { Site: "Anna's reef" } },
    ]);
    expect(await shown(own)).toMatchObject({ sync: 'synced', name: 'station 7.mp4' });
  });

  it('of a pulled media arrive field by field, and survive a lost answer', async () => {
    await expect.poll(async () => (await shown(pulled))?.name, patience).toBe('theirs.mp4');
    desk.host.loseAnswerOf = 'update_media';
    await edit(pulled, { 'attributes.Site': 'north wall', section_id: ids.section });
    await settled();
    expect(await onServer(pulled)).toMatchObject([
      { name: 'theirs.mp4', primary_section: ids.section, attributes: { Site: 'north wall' } },
    ]);
    await edit(pulled, { section_id: null });
    await settled();
    expect((await onServer(pulled))[0]!.primary_section).toBeNull();
    await desk.store.undo(pulled);
    await settled();
    expect((await onServer(pulled))[0]!.primary_section).toBe(ids.section);
  });

  it('merge with what others changed, and are asked about where both changed one field', async () => {
    desk.host.setOffline(true);
    await edit(pulled, { name: 'mine.mp4', 'attributes.Site': 'my wall' });
    await patchThere(pulled, { attributes: { Site: 'their wall', Note: 'seen' } });
    desk.host.setOffline(false);
    await expect
      .poll(() => now(desk.store.conflicts()), patience)
      .toMatchObject([
        { field: 'attributes.Site', base: 'north wall', mine: 'my wall', theirs: 'their wall' },
      ]);
    await expect.poll(async () => (await onServer(pulled))[0]!.name, patience).toBe('mine.mp4');
    expect((await onServer(pulled))[0]!.attributes).toMatchObject({ Site: 'their wall', Note: 'seen' });
    expect((await shown(pulled))?.sync).toBe('conflict');
    const [conflict] = await now(desk.store.conflicts());
    await desk.store.resolveConflict(conflict!.id, 'mine');
    await settled();
    expect((await onServer(pulled))[0]!.attributes).toMatchObject({ Site: 'my wall', Note: 'seen' });
  });

  it('are parked with the reason where the server refuses them, and hold nothing else back', async () => {
    await edit(pulled, { 'attributes.No such name': 'x', 'attributes.Note': 'kept' });
    await expect.poll(() => now(desk.store.counts()), patience).toMatchObject({ unsynced: 0, parked: 1 });
    expect((await onServer(pulled))[0]!.attributes).toMatchObject({ Note: 'kept' });
    const parked = (await now(desk.store.outbox())).find(({ status }) => status.kind === 'parked');
    expect(parked).toMatchObject({
      changes: { 'attributes.No such name': 'x' },
      status: { reason: expect.stringMatching(/No such name/) },
    });
    await desk.store.discardParked(parked!.key);
    expect(await now(desk.store.counts())).toMatchObject({ parked: 0 });
    expect((await shown(pulled))?.attributes).not.toHaveProperty('No such name');
  });
});
