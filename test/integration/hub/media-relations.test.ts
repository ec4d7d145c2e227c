import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type Created, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let call: HubClient;
let ids: SampleIds;
let dives: number[];

beforeAll(async () => {
  hub = await startTestHub({ sample: true });
  call = hub.client();
  ids = await sampleIds(call);
  dives = [];
  for (const name of ['z-1.mp4', 'z-2.mp4', 'z-3.mp4']) dives.push(await makeVideo(call, ids, name));
});

afterAll(() => hub.stop());

const only = () => `media_id=${dives.join(',')}`;

describe('the neighbours of a media', () => {
  it('are those before and after it in the order and among the media that are asked for', async () => {
    const next = async (media: number | undefined, query: string) =>
      (await call<{ next: number }>('GET', `/rest/MediaNext/${media}?${query}`)).body.next;
    const prev = async (media: number | undefined, query: string) =>
      (await call<{ prev: number }>('GET', `/rest/MediaPrev/${media}?${query}`)).body.prev;
    expect(await next(dives[0], only())).toBe(dives[1]);
    expect(await next(dives[2], only())).toBe(-1);
    expect(await prev(dives[2], only())).toBe(dives[1]);
    expect(await prev(dives[0], only())).toBe(-1);
    expect(await next(dives[2], `${only()}&sort_by=-$id`)).toBe(dives[1]);
    expect(await next(dives[0], 'name=z-1.mp4')).toBe(-1);
    expect(await next(dives[0], 'name=z-2.mp4')).toBe(-1);
    expect((await call('GET', '/rest/MediaNext/999999')).status).toBe(404);
    expect((await call('GET', `/rest/MediaNext/${dives[0]}?section=999999`)).status).toBe(404);
  });
});

describe('a cloned media', () => {
  let project: number;
  let type: number;

  beforeAll(async () => {
    const organization = (await call<Row[]>('GET', '/rest/Organizations')).body[0]?.id;
    project = (await call('POST', '/rest/Projects', { name: 'Shore', organization })).body.id;
    type = (await call('POST', `/rest/MediaTypes/${project}`, { name: 'Video', dtype: 'video' })).body.id;
  });

  const clone = (query: string, body: Record<string, unknown>, as = call) =>
    as<Created>('POST', `/rest/CloneMedia/${ids.project}?${query}`, body);

  it('has the files, the numbers and the elemental ID of its source, in the folder that is named', async () => {
    const source = dives[0];
    const file = {
      path: `https://example.org/${source}.mp4`,
      codec: 'h264',
      resolution: [720, 1280],
      reference_only: 1,
    };
    expect((await call('POST', `/rest/VideoFiles/${source}?role=archival`, file)).status).toBe(201);
    await call('PATCH', `/rest/Media/${source}`, { num_frames: 250, fps: 25 });
    const made = await clone(`media_id=${source}`, {
      dest_project: project,
      dest_type: type,
      dest_section: 'From the ship',
    });
    expect([made.status, made.body.id.length]).toEqual([201, 1]);
    const before = (await call<Row>('GET', `/rest/Media/${source}`)).body;
    const after = (await call<Row>('GET', `/rest/Media/${made.body.id[0]}`)).body;
    expect(after).toMatchObject({
      project,
      type,
      num_frames: 250,
      fps: 25,
      elemental_id: before.elemental_id,
      media_files: { archival: [file] },
    });
    const folders = (await call<Row[]>('GET', `/rest/Sections/${project}?name=from the ship`)).body;
    expect(after).toMatchObject({ primary_section: folders[0]?.id });
    const related = (media: number | undefined, as = call) =>
      as<{ ids: number[] }>('GET', `/rest/GetClonedMedia/${media}`);
    expect((await related(source)).body.ids).toEqual(made.body.id);
    expect((await related(made.body.id[0])).body.ids).toEqual([source]);
    // Who is no member of the other project does not learn of it.
    expect((await related(source, hub.client(hub.annotatorToken))).body.ids).toEqual([]);
  });

  it('is refused for a wrong type, a project of others, and more than 500', async () => {
    const good = { dest_project: project, dest_type: type };
    const picked = `media_id=${dives[1]}`;
    expect((await clone(picked, { ...good, dest_type: -1 })).status).toBe(201);
    expect((await clone(picked, { ...good, dest_type: ids.video })).status).toBe(400);
    const image = { name: 'Stills', dtype: 'image' };
    const wrong = (await call('POST', `/rest/MediaTypes/${project}`, image)).body.id;
    expect((await clone(picked, { ...good, dest_type: wrong })).status).toBe(400);
    expect((await clone(picked, { ...good, dest_project: 999_999 })).status).toBe(404);
    expect((await clone(picked, good, hub.client(hub.annotatorToken))).status).toBe(403);
    const still = (index: number) => ({ type: ids.image, name: `many-${index}.png`, md5: '0' });
    for (const count of [500, 1]) {
      const specs = Array.from({ length: count }, (_, index) => still(index));
      await call('POST', `/rest/Medias/${ids.project}`, specs);
    }
    const stills = (await call<Row[]>('GET', `/rest/Medias/${ids.project}?type=${ids.image}`)).body;
    expect(stills.length).toBeGreaterThan(500);
    expect((await clone(`type=${ids.image}`, good)).status).toBe(400);
    expect((await clone(`type=${ids.image}&stop=2`, { ...good, dest_type: wrong })).body.id).toHaveLength(2);
  });
});

describe('a leaf', () => {
  it('moves under another one with all that is below it, and never below itself', async () => {
    const type = (await call('POST', `/rest/LeafTypes/${ids.project}`, { name: 'Places' })).body.id;
    const grow = async (name: string, parent?: number) => {
      const spec = parent === undefined ? { type, name } : { type, name, parent };
      return (await call<Created>('POST', `/rest/Leaves/${ids.project}`, spec)).body.id[0] ?? 0;
    };
    const path = async (leaf: number) =>
      (await call<{ path: string }>('GET', `/rest/Leaf/${leaf}`)).body.path;
    const bay = await grow('Bay');
    const reef = await grow('Reef');
    const ledge = await grow('Ledge', reef);
    const move = (leaf: number, parent: unknown) => call('PATCH', `/rest/Leaf/${leaf}`, { parent });
    expect((await move(reef, bay)).status).toBe(200);
    expect(await path(ledge)).toBe('Sample_dives.Bay.Reef.Ledge');
    expect((await move(bay, ledge)).status).toBe(400);
    expect((await move(bay, bay)).status).toBe(400);
    expect((await move(reef, 'x')).status).toBe(400);
    expect((await move(reef, null)).status).toBe(200);
    expect([await path(reef), await path(ledge)]).toEqual(['Sample_dives.Reef', 'Sample_dives.Reef.Ledge']);
  });
});

describe('leaves in bulk', () => {
  it('are changed and deleted as they are selected, and only when they are as many as expected', async () => {
    const type = (
      await call('POST', `/rest/LeafTypes/${ids.project}`, {
        name: 'Gear',
        attribute_types: [{ name: 'Depth', dtype: 'int' }],
      })
    ).body.id;
    const path = `/rest/Leaves/${ids.project}`;
    const names = ['net', 'trap', 'line'];
    const made = (
      await call<Created>(
        'POST',
        path,
        names.map((name) => ({ type, name })),
      )
    ).body.id;
    const values = async () =>
      (await call<Row[]>('GET', `${path}?type=${type}`)).body.map(({ attributes }) => attributes['Depth']);
    const deepen = { attributes: { Depth: '40' }, ids: made.slice(0, 2) };
    expect((await call('PATCH', `${path}?count=3`, deepen)).status).toBe(400);
    expect(await values()).toEqual([undefined, undefined, undefined]);
    expect((await call('PATCH', `${path}?count=2`, deepen)).body.message).toContain('2 leaves');
    expect(await values()).toEqual([40, 40, undefined]);
    expect((await call('PATCH', `${path}?type=${type}`, { attributes: { Depht: 1 } })).status).toBe(400);
    expect((await call('PATCH', path, { attributes: { Depth: 1 } })).status).toBe(400);
    expect((await call('DELETE', `${path}?type=${type}&attribute=Depth::40`)).status).toBe(200);
    expect((await call<Row[]>('GET', `${path}?type=${type}`)).body).toMatchObject([{ name: 'line' }]);
    expect((await call('DELETE', path, { ids: [] })).body.message).toContain('0 leaves');
    expect((await hub.client(hub.annotatorToken)('DELETE', path, { ids: made })).status).toBe(403);
  });
});
