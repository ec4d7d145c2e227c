import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stop } from '../../../src/base/disposable.ts';
import type { Fields } from '../../../src/domain/fields.ts';
import type { EntityRef } from '../../../src/domain/identity.ts';
import type { Change } from '../../../src/store/types.ts';
import { chainOf, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { localVideo, makeWorkplace, now, type Workplace } from './support.ts';

let hub: TestHub;
let rest: HubClient;
let ids: SampleIds;
let desk: Workplace;
let stopEngine: Stop;

const media = crypto.randomUUID();
const patience = { timeout: 30_000, interval: 100 };

function newRef(kind: 'localization' | 'state'): EntityRef {
  return { kind, version: ids.baseline, elementalId: crypto.randomUUID() };
}

async function apply(...changes: Change[]): Promise<void> {
  await desk.store.apply({ projectId: ids.project, media, label: 'history.track', changes });
}

function box(ref: EntityRef, frame: number): Change {
  const geometry = { kind: 'box', x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
  return { kind: 'create', ref, type: ids.box, media, fields: { frame, geometry } };
}

function track(ref: EntityRef, members: EntityRef[], type = ids.track): Change {
  return { kind: 'create', ref, type, media, fields: namesOf(members) };
}

function namesOf(members: EntityRef[]): Fields {
  return { localizations: members.map(({ elementalId }) => elementalId).sort() };
}

async function settled(): Promise<void> {
  await expect.poll(() => now(desk.store.counts()), patience).toMatchObject({ unsynced: 0, inDoubt: 0 });
}

async function marks(ref: EntityRef): Promise<Row[]> {
  return chainOf(rest, ids, ref.elementalId, ref.kind === 'state' ? 'States' : 'Localizations');
}

async function currentRow(ref: EntityRef): Promise<Row> {
  return (await marks(ref)).at(-1)!;
}

/** Whether the track names exactly the current rows of these members. */
async function namesCurrentRows(ref: EntityRef, members: EntityRef[]): Promise<boolean> {
  const rows = await Promise.all(members.map(async (member) => (await currentRow(member)).id));
  const named = (await currentRow(ref)).localizations;
  return JSON.stringify([...named].sort()) === JSON.stringify(rows.sort());
}

beforeAll(async () => {
  hub = await startTestHub();
  rest = hub.client();
  ids = await sampleIds(rest);
  desk = await makeWorkplace(() => hub.url, hub.token);
  desk.host.medias.push(localVideo(media, ids.project));
  desk.host.setOffline(true);
  stopEngine = await desk.startEngine();
});

afterAll(async () => {
  stopEngine();
  desk.store.close();
  await hub.stop();
});

describe('tracks', () => {
  const members: EntityRef[] = [];
  let ref: EntityRef;

  it('made offline, before their members, arrive after them and name their rows', async () => {
    for (let frame = 0; frame < 3; frame += 1) members.push(newRef('localization'));
    ref = newRef('state');
    await apply(track(ref, members), ...members.map((member, frame) => box(member, frame)));
    desk.host.setOffline(false);
    await settled();
    expect(await marks(ref)).toHaveLength(1);
    expect(await namesCurrentRows(ref, members)).toBe(true);
  });

  it('are rewritten when a member gets a new row', async () => {
    await apply({ kind: 'change', ref: members[1]!, fields: { frame: 7 } });
    await settled();
    await expect.poll(() => namesCurrentRows(ref, members), patience).toBe(true);
    expect((await marks(members[1]!)).map(({ frame }) => frame)).toEqual([1, 7]);
  });

  it('are rewritten once, also when the answer to that was lost', async () => {
    desk.host.loseAnswerOf = 'update_state_by_elemental_id';
    await apply({ kind: 'change', ref: members[0]!, fields: { frame: 5 } });
    await expect.poll(() => desk.host.loseAnswerOf, patience).toBeNull();
    await expect.poll(() => namesCurrentRows(ref, members), patience).toBe(true);
    const marked = (await marks(ref)).length;
    await apply({ kind: 'change', ref: members[2]!, fields: { frame: 9 } });
    await settled();
    await expect.poll(() => namesCurrentRows(ref, members), patience).toBe(true);
    expect(await marks(ref)).toHaveLength(marked + 1);
  });

  it('merge what two people add and take away, without a question', async () => {
    const [mine, theirs] = [newRef('localization'), newRef('localization')];
    await apply(box(theirs, 20));
    await settled();
    desk.host.setOffline(true);
    await apply(box(mine, 21), { kind: 'change', ref, fields: namesOf([...members, mine]) });
    const path = `/rest/State/${ids.baseline}/${ref.elementalId}`;
    const add = (await currentRow(theirs)).id;
    const remove = (await currentRow(members[0]!)).id;
    await rest('PATCH', path, { localization_ids_add: [add], localization_ids_remove: [remove] });
    desk.host.setOffline(false);
    await settled();
    expect(await now(desk.store.conflicts())).toEqual([]);
    const wanted = [members[1]!, members[2]!, mine, theirs];
    await expect.poll(() => namesCurrentRows(ref, wanted), patience).toBe(true);
  });

  it('wait for a member that was refused, and hold nothing else back', async () => {
    const [bad, other, waiting] = [newRef('localization'), newRef('localization'), newRef('state')];
    // A negative frame is one that no server stores.
    await apply(box(bad, -1), box(other, 3), track(waiting, [bad, other]));
    await expect.poll(() => now(desk.store.counts()), patience).toMatchObject({ unsynced: 1, parked: 1 });
    expect(await marks(other)).toHaveLength(1);
    expect(await marks(waiting)).toHaveLength(0);
    await apply({ kind: 'change', ref: bad, fields: { frame: 2 } });
    await settled();
    await expect.poll(() => namesCurrentRows(waiting, [bad, other]), patience).toBe(true);
  });

  it('that are taken back leave their members, also of a type with which the server deletes them', async () => {
    const path = `/rest/StateType/${ids.track}`;
    const { body } = await rest<{ delete_child_localizations: boolean }>('GET', path);
    expect(body.delete_child_localizations).toBe(true);
    const [one, other, taken] = [newRef('localization'), newRef('localization'), newRef('state')];
    await apply(box(one, 30), box(other, 31));
    await apply(track(taken, [one, other]));
    await settled();
    expect(await namesCurrentRows(taken, [one, other])).toBe(true);
    await desk.store.undo(media);
    await settled();
    expect(await currentRow(taken)).toMatchObject({ variant_deleted: true });
    for (const member of [one, other]) expect(await marks(member)).toHaveLength(1);
    // Made again, it has them again.
    await desk.store.redo(media);
    await settled();
    await expect.poll(() => namesCurrentRows(taken, [one, other]), patience).toBe(true);
  });

  it('and states of a frame come and go like any annotation', async () => {
    const state = newRef('state');
    const fields = { frame: 12 };
    await apply({ kind: 'create', ref: state, type: ids.activity, media, fields });
    await settled();
    expect(await currentRow(state)).toMatchObject({ frame: 12, variant_deleted: false });
    await apply({ kind: 'delete', ref: state }, { kind: 'delete', ref });
    await settled();
    expect(await currentRow(state)).toMatchObject({ variant_deleted: true });
    expect(await currentRow(ref)).toMatchObject({ variant_deleted: true });
  });
});
