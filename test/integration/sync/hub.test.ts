import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stop } from '../../../src/base/disposable.ts';
import type { EntityRef } from '../../../src/domain/identity.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { localVideo, makeWorkplace, now, type Workplace } from './support.ts';

let hub: TestHub;
let rest: HubClient;
let ids: SampleIds;
let desk: Workplace;
let stopEngine: Stop;

const mediaKey = crypto.randomUUID();
const patience = { timeout: 30_000, interval: 100 };

function newRef(): EntityRef {
  return { kind: 'localization', version: ids.baseline, elementalId: crypto.randomUUID() };
}

async function draw(ref: EntityRef, x = 0.1): Promise<void> {
  const fields = { frame: 3, geometry: { kind: 'box', x, y: 0.2, width: 0.3, height: 0.4 } };
  const change = { kind: 'create', ref, type: ids.box, media: mediaKey, fields } as const;
  await desk.store.apply({
    projectId: ids.project,
    media: mediaKey,
    label: 'history.draw',
    changes: [change],
  });
}

async function change(
  ref: EntityRef,
  fields: Record<string, never> | Record<string, unknown>,
): Promise<void> {
  const one = { kind: 'change', ref, fields: fields as never } as const;
  await desk.store.apply({
    projectId: ids.project,
    media: mediaKey,
    label: 'history.change',
    changes: [one],
  });
}

type Row = Record<string, unknown> & { id: number; mark: number; frame: number };

async function chain(ref: EntityRef): Promise<Row[]> {
  const path = `/rest/Localizations/${ids.project}?show_all_marks=1&show_deleted=1&merge=0`;
  return (await rest('PUT', path, { elemental_ids: [ref.elementalId] })).body as unknown as Row[];
}

async function settled(): Promise<void> {
  await expect.poll(() => now(desk.store.counts()), patience).toMatchObject({ unsynced: 0, inDoubt: 0 });
}

async function shown(ref: EntityRef) {
  return (await now(desk.store.annotations(mediaKey, []))).find(
    (one) => one.ref.elementalId === ref.elementalId,
  );
}

beforeAll(async () => {
  hub = await startTestHub();
  rest = hub.client();
  ids = await sampleIds(rest);
  desk = await makeWorkplace(() => hub.url, hub.token);
  desk.host.medias.push(localVideo(mediaKey, ids.project));
  desk.host.setOffline(true);
  stopEngine = await desk.startEngine();
});

afterAll(async () => {
  stopEngine();
  desk.store.close();
  await hub.stop();
});

describe('the engine against the hub', () => {
  it('brings a video and its boxes, made without a network, to the hub exactly once under their elemental ids', async () => {
    const refs = [newRef(), newRef(), newRef()];
    for (const ref of refs) await draw(ref);
    await expect
      .poll(() => now(desk.store.status()), patience)
      .toMatchObject({ connection: { kind: 'offline', reason: 'by-choice' } });
    expect(await now(desk.store.counts())).toMatchObject({ unsynced: 4 });
    desk.host.setOffline(false);
    await settled();
    for (const ref of refs)
      expect(await chain(ref)).toMatchObject([
        { mark: 0, frame: 3, x: 0.1, width: 0.3, variant_deleted: false },
      ]);
    const medias = (await rest('GET', `/rest/Medias/${ids.project}?elemental_id=${mediaKey}`))
      .body as unknown as Row[];
    expect(medias).toMatchObject([{ name: 'dive.mp4', num_frames: 60, type: ids.video }]);
    await expect
      .poll(() => desk.host.enqueued, patience)
      .toMatchObject([{ mediaKey, mediaId: medias[0]!.id, typeId: ids.video }]);
    expect(await shown(refs[0]!)).toMatchObject({ sync: 'synced' });
  });

  it('does not repeat what had arrived when the answer was lost', async () => {
    const [created, patched] = [newRef(), newRef()];
    await draw(patched);
    await settled();
    desk.host.loseAnswerOf = 'create_localization_list';
    await draw(created);
    await settled();
    expect(await chain(created)).toHaveLength(1);
    desk.host.loseAnswerOf = 'update_localization_by_elemental_id';
    await change(patched, { frame: 9 });
    await settled();
    expect((await chain(patched)).map(({ mark, frame }) => [mark, frame])).toEqual([
      [0, 3],
      [1, 9],
    ]);
  });

  it('shows what somebody edits through plain REST', async () => {
    const ref = newRef();
    await draw(ref);
    await settled();
    const [row] = await chain(ref);
    await rest('PATCH', `/rest/Localization/${row!.id}`, { frame: 21 });
    await expect.poll(async () => (await shown(ref))?.fields.frame, patience).toBe(21);
    await rest('DELETE', `/rest/Localization/${ids.baseline}/${ref.elementalId}`);
    await expect.poll(() => shown(ref), patience).toBeUndefined();
  });

  it('merges silently what does not collide, and lists what does, until the user has chosen', async () => {
    const ref = newRef();
    await draw(ref);
    await settled();
    desk.host.setOffline(true);
    await change(ref, { geometry: { kind: 'box', x: 0.5, y: 0.5, width: 0.1, height: 0.1 } });
    const path = `/rest/Localization/${ids.baseline}/${ref.elementalId}`;
    await rest('PATCH', path, { frame: 30 });
    desk.host.setOffline(false);
    await settled();
    expect((await chain(ref)).at(-1)).toMatchObject({ frame: 30, x: 0.5 });
    expect(await now(desk.store.conflicts())).toEqual([]);

    desk.host.setOffline(true);
    await change(ref, { frame: 31 });
    await rest('PATCH', path, { frame: 32 });
    desk.host.setOffline(false);
    await expect
      .poll(() => now(desk.store.conflicts()), patience)
      .toMatchObject([{ field: 'frame', base: 30, mine: 31, theirs: 32 }]);
    expect((await shown(ref))?.fields.frame).toBe(31);
    expect((await chain(ref)).at(-1)!.frame).toBe(32);
    const [conflict] = await now(desk.store.conflicts());
    await desk.store.resolveConflict(conflict!.id, 'mine');
    await settled();
    expect((await chain(ref)).at(-1)).toMatchObject({ frame: 31 });
  });

  it('parks what the hub refuses, with its reason, and sends the rest', async () => {
    const [bad, good] = [newRef(), newRef()];
    await draw(bad);
    await draw(good);
    await settled();
    await change(bad, { 'attributes.No such name': 'x' });
    await change(good, { frame: 12 });
    await expect.poll(() => now(desk.store.counts()), patience).toMatchObject({ unsynced: 0, parked: 1 });
    expect((await chain(good)).at(-1)!.frame).toBe(12);
    const parked = (await now(desk.store.outbox())).find(({ status }) => status.kind === 'parked');
    expect(parked).toMatchObject({
      changes: { 'attributes.No such name': 'x' },
      status: { reason: expect.stringMatching(/No such name/) },
    });
    await desk.store.discardParked(parked!.key);
    expect(await now(desk.store.counts())).toMatchObject({ parked: 0 });
  });

  it('undoes on the hub what was synced, also a delete', async () => {
    const ref = newRef();
    await draw(ref);
    await settled();
    const gone = { kind: 'delete', ref } as const;
    await desk.store.apply({
      projectId: ids.project,
      media: mediaKey,
      label: 'history.delete',
      changes: [gone],
    });
    await settled();
    expect((await chain(ref)).at(-1)).toMatchObject({ mark: 1, variant_deleted: true });
    await desk.store.undo(mediaKey);
    await settled();
    expect((await chain(ref)).at(-1)).toMatchObject({ mark: 2, variant_deleted: false, x: 0.1, frame: 3 });
  });

  it('goes on by itself after the hub was killed and started again', async () => {
    const ref = newRef();
    await hub.kill();
    await draw(ref);
    await expect
      .poll(() => now(desk.store.status()), patience)
      .toMatchObject({ connection: { kind: 'offline', reason: 'unreachable' } });
    await hub.restart();
    await settled();
    expect(await chain(ref)).toHaveLength(1);
    expect(await now(desk.store.status())).toMatchObject({ connection: { kind: 'online' } });
  });
});
