import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type Created, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let call: HubClient;
let ids: SampleIds;
let media: number;
let other: number;

beforeAll(async () => {
  hub = await startTestHub({ sample: true });
  call = hub.client();
  ids = await sampleIds(call);
  media = await makeVideo(call, ids, 'here.mp4');
  other = await makeVideo(call, ids, 'there.mp4');
});

afterAll(() => hub.stop());

const make = async (specs: unknown) =>
  (await call<Created>('POST', `/rest/Localizations/${ids.project}`, specs)).body.id;
const listed = async (path: string, body?: unknown) =>
  (await call<Row[]>(body === undefined ? 'GET' : 'PUT', path, body)).body.map(({ id }) => id);

describe('filters on what is related', () => {
  it('find media by their visible annotations, and annotations by their media', async () => {
    const [here, there] = await make([
      boxSpec(ids, media, { attributes: { Count: 77 } }),
      boxSpec(ids, other, { attributes: { Count: 78 } }),
    ]);
    const medias = `/rest/Medias/${ids.project}`;
    expect(await listed(`${medias}?related_attribute=Count::77`)).toEqual([media]);
    expect(await listed(`${medias}?related_attribute_gte=Count::77&related_attribute_lt=Count::78`)).toEqual([
      media,
    ]);
    expect((await call('GET', `/rest/MediaCount/${ids.project}?related_attribute_gte=Count::77`)).body).toBe(
      2,
    );
    expect((await call('DELETE', `/rest/Localization/${there}`)).status).toBe(200);
    expect(await listed(`${medias}?related_attribute_gte=Count::77`)).toEqual([media]);
    const boxes = `/rest/Localizations/${ids.project}`;
    expect(await listed(`${boxes}?related_attribute=$name::here.mp4&attribute=Count::77`)).toEqual([here]);
    expect(await listed(`${boxes}?related_attribute=$name::there.mp4`)).toEqual([]);
    expect((await call('GET', `${medias}?related_attribute=Cuont::77`)).status).toBe(400);
    expect((await call('GET', `${boxes}?related_attribute=Count::77`)).status).toBe(400);
  });
});

describe('a vector search', () => {
  const path = () => `/rest/Localizations/${ids.project}?type=${ids.box}&media_id=${other}`;
  const near = (more: Record<string, unknown> = {}) => ({
    float_array: [{ name: 'Embedding', center: [1, 0, 0, 0], ...more }],
  });
  let rows: number[];

  beforeAll(async () => {
    const vectors = [[0, 1, 0, 0], [1, 0.1, 0, 0], [10, 0, 0, 0], undefined, [1, 0]];
    rows = await make(
      vectors.map((Embedding) => boxSpec(ids, other, { attributes: Embedding ? { Embedding } : {} })),
    );
  });

  it('lists by distance, in each metric, the rows that have a vector of that length', async () => {
    const [across, close, far] = rows;
    expect(await listed(path(), near())).toEqual([close, across, far]);
    expect(await listed(path(), near({ order: 'desc' }))).toEqual([far, across, close]);
    expect(await listed(path(), near({ metric: 'cosine' }))).toEqual([far, close, across]);
    expect(await listed(path(), near({ metric: 'ip' }))).toEqual([far, close, across]);
    expect(await listed(`${path()}&start=1&stop=2`, near())).toEqual([across]);
  });

  it('keeps to its bounds', async () => {
    const [across, close, far] = rows;
    expect(await listed(path(), near({ upper_bound: 1 }))).toEqual([close]);
    expect(await listed(path(), near({ lower_bound: 1 }))).toEqual([across, far]);
    expect(await listed(path(), near({ lower_bound: 0, upper_bound: 0 }))).toHaveLength(3);
  });

  it('needs a type, a vector attribute and a center of its size', async () => {
    const status = async (query: string, body: unknown) =>
      (await call('PUT', `/rest/Localizations/${ids.project}${query}`, body)).status;
    const type = `?type=${ids.box}`;
    expect(await status('', near())).toBe(400);
    expect(await status(type, near({ name: 'Count' }))).toBe(400);
    expect(await status(type, near({ name: "x'; DROP TABLE media; --" }))).toBe(400);
    expect(await status(type, near({ center: [1] }))).toBe(400);
    expect(await status(type, near({ upper_bound: 'far' }))).toBe(400);
  });
});

describe('sections', () => {
  const path = () => `/rest/Sections/${ids.project}`;
  const names = async (query: string) =>
    (await call<{ name: string }[]>('GET', `${path()}?${query}`)).body.map(({ name }) => name);

  beforeAll(async () => {
    for (const name of ['Honda.Civic.EX', 'Honda.Civic.LX', 'Honda.Accord.EX', 'Hondata'])
      expect((await call('POST', path(), { name })).status).toBe(201);
  });

  it('are found by a pattern of their path', async () => {
    expect(await names('match=Honda.*')).toEqual(['Honda.Accord.EX', 'Honda.Civic.EX', 'Honda.Civic.LX']);
    expect(await names('match=*.EX')).toEqual(['Honda.Accord.EX', 'Honda.Civic.EX']);
    expect((await call('GET', `${path()}?match=a%20b`)).status).toBe(400);
  });

  it('have attributes, defined on the project, that can be searched', async () => {
    const place = `/rest/AttributeType/${ids.project}`;
    const entity = { entity_type: 'Section' };
    const addition = { name: 'Leg', dtype: 'int', default: 1 };
    expect((await call('POST', place, { ...entity, addition })).status).toBe(201);
    expect((await call('POST', path(), { name: 'Leg two', attributes: { Leg: 2 } })).status).toBe(201);
    const search = (value: number) =>
      `encoded_search=${btoa(JSON.stringify({ attribute: 'Leg', operation: 'eq', value }))}`;
    expect(await names(search(2))).toEqual(['Leg two']);
    expect(await names(`${search(1)}&match=Hondata`)).toEqual(['Hondata']);
    expect(
      await names(`encoded_search=${btoa('{"attribute":"$name","operation":"eq","value":"Hondata"}')}`),
    ).toEqual(['Hondata']);
    expect((await call('DELETE', place, { ...entity, name: 'Leg' })).status).toBe(200);
    const left = (await call<Row[]>('GET', `${path()}?name=Leg two`)).body;
    expect(left).toMatchObject([{ attributes: {} }]);
    expect((await hub.client(hub.annotatorToken)('POST', place, { ...entity, addition })).status).toBe(403);
  });

  it('are moved together, by whole labels, never onto another', async () => {
    const move = (query: string, old: string, next: string) =>
      call('PATCH', `${path()}?${query}`, { path_substitution: { old, new: next } });
    expect((await move('match=*.EX', 'Honda', 'Old.Honda')).body.message).toContain('2 sections');
    expect(await names('match=Old.Honda.*')).toEqual(['Honda.Accord.EX', 'Honda.Civic.EX']);
    expect((await move('name=Honda.Civic.LX', 'Hon', 'X')).body.message).toContain('0 sections');
    expect((await move('name=Honda.Civic.LX', 'Honda.Civic.LX', 'Hondata')).status).toBe(400);
    expect((await call('PATCH', path(), { path_substitution: { old: 'Honda' } })).status).toBe(400);
  });
});
