import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type Created, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';

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

interface TypeAnswer {
  attribute_types: { name: string; dtype: string }[];
}

describe('the sample project', () => {
  it('has attributes of every dtype and a tree that suggests by name and by English name', async () => {
    const type = (await call<TypeAnswer>('GET', `/rest/LocalizationType/${ids.box}`)).body;
    const dtypes = new Set(type.attribute_types.map((attribute) => attribute.dtype));
    const all = ['bool', 'int', 'float', 'enum', 'string', 'datetime', 'geopos', 'float_array', 'blob'];
    expect([...dtypes].sort()).toEqual(all.sort());
    const suggest = async (query: string) => {
      const path = `/rest/Leaves/Suggestion/Sample_dives.Animalia/${ids.project}?query=${query}`;
      return (await call<{ value: string }[]>('GET', path)).body.map((row) => row.value);
    };
    expect(await suggest('Sebastes')).toContain('Sebastes melanostomus');
    expect(await suggest('vampire')).toEqual(['Vampyroteuthis infernalis']);
    expect(await suggest('*rockfish*')).toEqual(
      expect.arrayContaining(['Sebastes melanostomus', 'Sebastes']),
    );
    expect(
      (await call('GET', `/rest/Leaves/Suggestion/Sample_dives.Animalia/${ids.project}?query=**`)).status,
    ).toBe(400);
  });
});

describe('projects', () => {
  it('have names that differ for each user, whatever the case', async () => {
    const { organization } = (await call<{ organization: number }>('GET', `/rest/Project/${ids.project}`))
      .body;
    const made = await call('POST', '/rest/Projects', { name: 'Canyon', organization });
    expect(made.status).toBe(201);
    expect((await call('POST', '/rest/Projects', { name: 'CANYON', organization })).status).toBe(400);
    expect((await call('POST', '/rest/Projects', { name: ' ', organization })).status).toBe(400);
    const path = `/rest/Project/${made.body.id}`;
    expect((await call('PATCH', path, { name: 'sample dives' })).status).toBe(400);
    expect((await call('PATCH', path, { name: 'Trench' })).status).toBe(200);
    expect((await call<{ name: string }>('GET', path)).body.name).toBe('Trench');
  });

  it('take a picture from an upload of the caller, and show it by a signed URL', async () => {
    const path = `/rest/Project/${ids.project}`;
    const upload = async (content: string): Promise<string> => {
      const query = `/rest/UploadInfo/${ids.project}?filename=logo.png`;
      const { body } = await call<{ urls: string[]; key: string }>('GET', query);
      await fetch(body.urls[0] ?? '', { method: 'PUT', body: content });
      return body.key;
    };
    const shown = async (): Promise<string> => {
      const { thumb } = (await call<{ thumb: string }>('GET', path)).body;
      return (await fetch(thumb)).text();
    };
    expect((await call<{ thumb: null }>('GET', path)).body.thumb).toBeNull();
    const key = await upload('first');
    expect((await call('PATCH', path, { thumb: key })).status).toBe(200);
    expect(await shown()).toBe('first');
    // The same upload once more.
    expect((await call('PATCH', path, { thumb: key })).status).toBe(200);
    expect(await shown()).toBe('first');
    expect((await call('PATCH', path, { thumb: await upload('second') })).status).toBe(200);
    expect(await shown()).toBe('second');
    for (const thumb of ['x', '../x', key.replace(/[^/]+$/, 'absent.png'), `1/${ids.project}/1/secret`])
      expect((await call('PATCH', path, { thumb })).status, thumb).toBe(400);
    expect(await shown()).toBe('second');
  });
});

describe('attribute types', () => {
  it('are added, renamed and deleted together with the values of every instance', async () => {
    const make = await call<Created>('POST', `/rest/Localizations/${ids.project}`, boxSpec(ids, media));
    const read = async () =>
      (await call<Row>('GET', `/rest/Localization/${make.body.id[0]}`)).body.attributes;
    const path = `/rest/AttributeType/${ids.box}`;
    const entity = { entity_type: 'LocalizationType' };
    const addition = { name: 'Quality', dtype: 'int', default: 3 };
    expect((await call('POST', path, { ...entity, addition })).status).toBe(201);
    expect(await read()).toMatchObject({ Quality: 3 });
    expect((await call('POST', path, { ...entity, addition })).status).toBe(400);
    const update = { name: 'Grade', dtype: 'int' };
    const renamed = await call('PATCH', path, {
      ...entity,
      current_name: 'Quality',
      attribute_type_update: update,
    });
    expect(renamed.status).toBe(200);
    expect(await read()).toMatchObject({ Grade: 3 });
    const toText = { name: 'Grade', dtype: 'string' };
    const refused = await call('PATCH', path, {
      ...entity,
      current_name: 'Grade',
      attribute_type_update: toText,
    });
    expect(refused.status).toBe(400);
    expect((await call('DELETE', path, { ...entity, name: 'Grade' })).status).toBe(200);
    expect(await read()).not.toHaveProperty('Grade');
  });
});

describe('versions, sections and types', () => {
  it('keep what a PATCH leaves out', async () => {
    const path = `/rest/Versions/${ids.project}`;
    const { id } = (
      await call('POST', path, {
        name: 'Mine',
        description: 'kept',
        show_empty: false,
        bases: [ids.baseline],
      })
    ).body;
    expect((await call('PATCH', `/rest/Version/${id}`, { name: 'Ours' })).status).toBe(200);
    expect((await call('GET', `/rest/Version/${id}`)).body).toMatchObject({
      name: 'Ours',
      description: 'kept',
      show_empty: false,
      bases: [ids.baseline],
      number: 2,
    });
    const hidden = {
      name: 'Hidden',
      dtype: 'dot',
      media_types: [ids.video],
      visible: false,
      drawable: false,
    };
    const type = (await call('POST', `/rest/LocalizationTypes/${ids.project}`, hidden)).body.id;
    await call('PATCH', `/rest/LocalizationType/${type}`, { line_width: 5 });
    const read = (await call('GET', `/rest/LocalizationType/${type}`)).body;
    expect(read).toMatchObject({ visible: false, drawable: false, line_width: 5 });
  });

  it('refuse to delete a version that still shows annotations', async () => {
    await call('POST', `/rest/Localizations/${ids.project}`, boxSpec(ids, media, { version: ids.review }));
    expect((await call('DELETE', `/rest/Version/${ids.review}`)).status).toBe(400);
  });

  it('move media between folders and filter by them', async () => {
    const made = await call('POST', `/rest/Sections/${ids.project}`, { name: 'Second leg' });
    expect((await call('POST', `/rest/Sections/${ids.project}`, { name: 'Second leg' })).status).toBe(400);
    const clip = await makeVideo(call, ids, "it's moved.mp4");
    const listed = async (section: number) =>
      (await call<Row[]>('GET', `/rest/Medias/${ids.project}?section=${section}&sort_by=$id`)).body.map(
        (row) => row.id,
      );
    expect(await listed(ids.section)).toContain(clip);
    await call('PATCH', `/rest/Media/${clip}`, {
      primary_section: made.body.id,
      attributes: { Dive: "D'42 100%" },
    });
    expect(await listed(made.body.id)).toEqual([clip]);
    const row = (await call<Row>('GET', `/rest/Media/${clip}`)).body;
    expect(row.attributes['Dive']).toBe("D'42 100%");
    await call('PATCH', `/rest/Media/${clip}`, { primary_section: -1 });
    expect(await listed(made.body.id)).toEqual([]);
    expect((await call<number>('GET', `/rest/MediaCount/${ids.project}?name=IT'S MOVED.mp4`)).body).toBe(1);
  });
});

describe('tracks', () => {
  async function track(frames: number[]): Promise<{ id: number; members: number[] }> {
    const specs = frames.map((frame) => boxSpec(ids, media, { frame }));
    const members = (await call<Created>('POST', `/rest/Localizations/${ids.project}`, specs)).body.id;
    const spec = { media_ids: [media], type: ids.track, version: ids.baseline, localization_ids: members };
    const id = (await call<Created>('POST', `/rest/States/${ids.project}`, spec)).body.id[0] ?? 0;
    return { id, members };
  }

  async function current(id: number): Promise<Row & { segments: number[][] }> {
    const row = (await call<Row>('GET', `/rest/State/${id}`)).body;
    const path = `/rest/State/${row.version}/${row.elemental_id}`;
    return (await call<Row & { segments: number[][] }>('GET', path)).body;
  }

  it('are merged: one holds all members, the other is deleted', async () => {
    const [a, b] = [await track([1, 2]), await track([3, 7])];
    expect((await call('PATCH', `/rest/MergeStates/${a.id}`, { merge_state_id: b.id })).status).toBe(200);
    expect(await current(a.id)).toMatchObject({
      mark: 1,
      segments: [
        [1, 3],
        [7, 7],
      ],
      localizations: [...a.members, ...b.members],
    });
    expect((await current(b.id)).variant_deleted).toBe(true);
    expect((await call('PATCH', `/rest/MergeStates/${a.id}`, { merge_state_id: a.id })).status).toBe(400);
  });

  it('are trimmed at either end, with the members that nothing else holds', async () => {
    const { id, members } = await track([10, 11, 12, 13]);
    await call('PATCH', `/rest/TrimStateEnd/${id}`, { frame: 11, endpoint: 'start' });
    await call('PATCH', `/rest/TrimStateEnd/${id}`, { frame: 12, endpoint: 'end' });
    expect((await current(id)).segments).toEqual([[11, 12]]);
    const left = (await call<Row[]>('PUT', `/rest/Localizations/${ids.project}`, { ids: members })).body;
    expect(left.map((row) => row.frame)).toEqual([11, 12]);
  });
});

describe('what belongs to one user', () => {
  it('does not exist for another', async () => {
    const other = hub.client(hub.annotatorToken);
    const made = await call('POST', `/rest/Bookmarks/${ids.project}`, { name: 'here', uri: '/x' });
    expect((await call<Row[]>('GET', `/rest/Bookmarks/${ids.project}?name=HERE`)).body).toHaveLength(1);
    expect((await other<Row[]>('GET', `/rest/Bookmarks/${ids.project}`)).body).toEqual([]);
    expect((await other('GET', `/rest/Bookmark/${made.body.id}`)).status).toBe(404);
    const favorite = { name: 'fish', type: ids.box, values: { Count: 2 }, entity_type_name: 'Localization' };
    const kept = await call('POST', `/rest/Favorites/${ids.project}`, favorite);
    expect((await call('GET', `/rest/Favorite/${kept.body.id}`)).body).toMatchObject(favorite);
    expect((await other('DELETE', `/rest/Favorite/${kept.body.id}`)).status).toBe(404);
  });
});

describe('the description of the server', () => {
  it('is an OpenAPI document that can be asked for again by its ETag', async () => {
    const first = await fetch(`${hub.url}/schema/`);
    const document = (await first.json()) as { openapi: string; paths: object };
    expect(document.openapi).toMatch(/^3\./);
    expect(Object.keys(document.paths)).toContain('/rest/Localizations/{project}');
    const again = await fetch(`${hub.url}/schema/`, {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
  });
});
