import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeChange } from '../../../src/hub/change-log.ts';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type Created, type HubClient, type TestHub } from '../../support/hub.ts';

interface Entry {
  id: number;
  project: number;
  user: number;
  modified_datetime: string;
  description_of_change: Record<'old' | 'new', { name: string; value: unknown }[]>;
}

let hub: TestHub;
let call: HubClient;
let ids: SampleIds;
let media: number;

beforeAll(async () => {
  hub = await startTestHub({ sample: true });
  call = hub.client();
  ids = await sampleIds(call);
  media = await makeVideo(call, ids);
});

afterAll(() => hub.stop());

async function logOf(
  kind: string,
  entity: number,
): Promise<[Record<string, unknown>, Record<string, unknown>][]> {
  const path = `/rest/ChangeLog/${ids.project}?entity_type=${kind}&entity_id=${entity}`;
  const entries = (await call<Entry[]>('GET', path)).body;
  return entries.map(({ description_of_change: { old, new: now } }) => [byName(old), byName(now)]);
}

function byName(values: readonly { name: string; value: unknown }[]): Record<string, unknown> {
  return Object.fromEntries(values.map(({ name, value }) => [name, value]));
}

async function draw(more: Record<string, unknown> = {}): Promise<number> {
  const spec = boxSpec(ids, media, more);
  const reply = await call<Created>('POST', `/rest/Localizations/${ids.project}`, [spec]);
  return reply.body.id[0] ?? 0;
}

describe('the change log', () => {
  it('tells how an annotation was made, and what was changed in place, but not its marks', async () => {
    const id = await draw({ frame: 7, attributes: { Count: 2 } });
    await call('PATCH', `/rest/Localization/${id}`, { attributes: { Count: 3 } });
    expect(await logOf('localization', id)).toEqual([
      [{}, expect.objectContaining({ _frame: 7, _x: 0.1, _media: media, Count: 2 })],
    ]);
    const other = await draw({ attributes: { Count: 2 } });
    await call('PATCH', `/rest/Localization/${other}`, { attributes: { Count: 5 }, x: 0.25, in_place: 1 });
    expect((await logOf('localization', other))[1]).toEqual([
      { Count: 2, _x: 0.1 },
      { Count: 5, _x: 0.25 },
    ]);
  });

  it('tells every row of a bulk edit what it was, and every row that was deleted for good', async () => {
    const made = [await draw({ attributes: { Count: 1 } }), await draw({ attributes: { Count: 2 } })];
    await call('PATCH', `/rest/Localizations/${ids.project}`, { ids: made, attributes: { Count: 2 } });
    // The second one had the value already.
    expect((await logOf('localization', made[0] ?? 0)).slice(1)).toEqual([[{ Count: 1 }, { Count: 2 }]]);
    expect((await logOf('localization', made[1] ?? 0)).slice(1)).toEqual([]);
    await call('DELETE', `/rest/Localizations/${ids.project}`, { ids: made, prune: 1 });
    for (const id of made) {
      expect((await logOf('localization', id)).at(-1)).toEqual([{ _deleted: false }, { _deleted: true }]);
    }
  });

  it('tells of media and leaves, and of nothing where nothing was changed', async () => {
    await call('PATCH', `/rest/Media/${media}`, { name: 'renamed.mp4' });
    await call('PATCH', `/rest/Media/${media}`, { name: 'renamed.mp4' });
    expect((await logOf('media', media)).slice(1)).toEqual([
      [{ _name: 'dive.mp4' }, { _name: 'renamed.mp4' }],
    ]);
    const types = await call<{ id: number }[]>('GET', `/rest/LeafTypes/${ids.project}`);
    const spec = { name: 'Loligo', type: types.body[0]?.id };
    const leaf = (await call<Created>('POST', `/rest/Leaves/${ids.project}`, spec)).body.id[0] ?? 0;
    await call('PATCH', `/rest/Leaf/${leaf}`, { name: 'Doryteuthis' });
    await call('DELETE', `/rest/Leaf/${leaf}`);
    expect(await logOf('leaf', leaf)).toEqual([
      [{}, expect.objectContaining({ _name: 'Loligo' })],
      [{ _name: 'Loligo' }, { _name: 'Doryteuthis' }],
      [{ _deleted: false }, { _deleted: true }],
    ]);
  });

  it('tells of states', async () => {
    const spec = { type: ids.track, media_ids: [media], localization_ids: [await draw()], attributes: {} };
    const state = (await call<Created>('POST', `/rest/States/${ids.project}`, [spec])).body.id[0] ?? 0;
    await call('DELETE', `/rest/State/${state}`, { prune: 1 });
    expect(await logOf('state', state)).toEqual([
      [{}, expect.objectContaining({ _media: [media] })],
      [{ _deleted: false }, { _deleted: true }],
    ]);
  });

  it('is asked by entity or by user, and by somebody of the project', async () => {
    const me = (await call('GET', '/rest/User/GetCurrent')).body.id;
    const mine = await call<Entry[]>('GET', `/rest/ChangeLog/${ids.project}?user_id=${me}`);
    expect(mine.body.length).toBeGreaterThan(5);
    expect(mine.body.every((entry) => entry.user === me && entry.project === ids.project)).toBe(true);
    expect((await call('GET', `/rest/ChangeLog/${ids.project}`)).status).toBe(400);
    expect((await call('GET', `/rest/ChangeLog/${ids.project}?entity_type=boat`)).status).toBe(400);
    expect((await call('GET', '/rest/ChangeLog/987654?user_id=1')).status).toBe(404);
  });
});

describe('the description of a change', () => {
  it('leaves out what stayed, what the server derives, and tells absence as null', () => {
    const before = { id: 1, frame: 3, mark: 0, attributes: { Label: 'a', Old: 1 }, modified_by: 1 };
    const after = { id: 2, frame: 3, mark: 1, attributes: { Label: 'b', New: 2 }, modified_by: 2 };
    expect(describeChange(before, after)).toEqual({
      old: [
        { name: 'Label', value: 'a' },
        { name: 'Old', value: 1 },
        { name: 'New', value: null },
      ],
      new: [
        { name: 'Label', value: 'b' },
        { name: 'Old', value: null },
        { name: 'New', value: 2 },
      ],
    });
  });
});
