import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type Created, type HubClient, type Row, type TestHub } from '../../support/hub.ts';
import { boxSpec, chainOf, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';

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

async function createBox(more: Record<string, unknown> = {}): Promise<{ id: number; elemental_id: string }> {
  const elemental_id = randomUUID();
  const reply = await call<Created>(
    'POST',
    `/rest/Localizations/${ids.project}`,
    boxSpec(ids, media, { elemental_id, ...more }),
  );
  expect(reply.status).toBe(201);
  return { id: reply.body.id[0] ?? 0, elemental_id };
}

const element = (id: string, version = ids.baseline): string => `/rest/Localization/${version}/${id}`;

describe('creating annotations', () => {
  it('answers the row ids in the order of the request', async () => {
    const frames = [5, 3, 9, 1];
    const specs = frames.map((frame) => boxSpec(ids, media, { frame }));
    const created = await call<Created>('POST', `/rest/Localizations/${ids.project}`, specs);
    const rows = await Promise.all(created.body.id.map((id) => call<Row>('GET', `/rest/Localization/${id}`)));
    expect(rows.map((row) => row.body.frame)).toEqual(frames);
  });

  it('makes one chain of parallel first creates of one element, with one visible row', async () => {
    const elemental_id = randomUUID();
    const sends = Array.from({ length: 12 }, (_, frame) =>
      call<Created>(
        'POST',
        `/rest/Localizations/${ids.project}`,
        boxSpec(ids, media, { elemental_id, frame }),
      ),
    );
    expect((await Promise.all(sends)).map((reply) => reply.status)).toEqual(Array(12).fill(201));
    const chain = await chainOf(call, ids, elemental_id);
    expect(chain.map((row) => row.mark).sort((a, b) => a - b)).toEqual([...Array(12).keys()]);
    const visible = await call<Row[]>('PUT', `/rest/Localizations/${ids.project}`, {
      elemental_ids: [elemental_id],
    });
    expect(visible.body.map((row: { mark: number }) => row.mark)).toEqual([11]);
  });

  it('makes successive marks of one element named twice in a request', async () => {
    const elemental_id = randomUUID();
    const specs = [1, 2].map((frame) => boxSpec(ids, media, { elemental_id, frame }));
    await call<Created>('POST', `/rest/Localizations/${ids.project}`, specs);
    expect((await chainOf(call, ids, elemental_id)).map((row) => row.mark)).toEqual([0, 1]);
  });

  it('keeps the chains of one element in two versions apart', async () => {
    const { elemental_id } = await createBox();
    await call<Created>(
      'POST',
      `/rest/Localizations/${ids.project}`,
      boxSpec(ids, media, { elemental_id, version: ids.review }),
    );
    const chain = await chainOf(call, ids, elemental_id);
    expect(chain.map(({ version, mark }) => [version, mark])).toEqual([
      [ids.baseline, 0],
      [ids.review, 0],
    ]);
  });

  it('fills in defaults, converts values and drops unknown names', async () => {
    const { id } = await createBox({
      attributes: { Count: '7', 'Length cm': 3, Alive: 'FALSE', Nonsense: 1 },
    });
    const { attributes } = (await call<Row>('GET', `/rest/Localization/${id}`)).body;
    expect(attributes).toMatchObject({ Count: 7, 'Length cm': 3, Alive: false, Certainty: 'Probable' });
    expect(attributes).not.toHaveProperty('Nonsense');
  });

  it('stores all of a request or none of it', async () => {
    const before = (await call<number>('GET', `/rest/LocalizationCount/${ids.project}`)).body;
    const bad = boxSpec(ids, media, { attributes: { Count: 'many' } });
    const reply = await call<Created>('POST', `/rest/Localizations/${ids.project}`, [
      boxSpec(ids, media),
      bad,
    ]);
    expect(reply.status).toBe(400);
    expect((await call<number>('GET', `/rest/LocalizationCount/${ids.project}`)).body).toBe(before);
  });

  it('answers the first result to a repeated Idempotency-Key, and refuses it for another request', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const spec = { type: ids.video, name: 'keyed.mp4', md5: '1', section_id: ids.section };
    const path = `/rest/Medias/${ids.project}`;
    const first = await call('POST', path, spec, key);
    const again = await call('POST', path, spec, key);
    expect([again.status, again.body.id]).toEqual([201, first.body.id]);
    expect((await call('POST', path, { ...spec, name: 'other.mp4' }, key)).status).toBe(400);
  });
});

describe('editing annotations', () => {
  it('loses nothing when different fields are edited at one time', async () => {
    const { elemental_id } = await createBox();
    const edits = [
      { attributes: { Count: 42 } },
      { attributes: { Comment: 'seen twice' } },
      { attributes: { Certainty: 'Certain' } },
      { frame: 77 },
      { x: 0.5 },
      { attributes: { 'Length cm': 12.5 } },
    ];
    const replies = await Promise.all(edits.map((edit) => call('PATCH', element(elemental_id), edit)));
    expect(replies.map((reply) => reply.status)).toEqual(edits.map(() => 200));
    const { body } = await call<Row>('GET', element(elemental_id));
    expect(body).toMatchObject({
      mark: edits.length,
      frame: 77,
      x: 0.5,
      attributes: { Count: 42, Comment: 'seen twice', Certainty: 'Certain', 'Length cm': 12.5 },
    });
  });

  it('lets exactly one of several pedantic edits of the same mark through', async () => {
    const { elemental_id } = await createBox();
    const edits = [1, 2, 3, 4, 5].map((Count) =>
      call('PATCH', element(elemental_id), { mark: 0, pedantic: 1, attributes: { Count } }),
    );
    const replies = await Promise.all(edits);
    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1);
    const refused = replies.filter((reply) => reply.status === 400);
    expect(refused).toHaveLength(4);
    for (const { body } of refused) expect(body.message).toMatch(/^Pedantic mode is enabled/);
  });

  it('applies an edit through an old row to the newest mark', async () => {
    const { id, elemental_id } = await createBox();
    await call('PATCH', `/rest/Localization/${id}`, { attributes: { Count: 9 } });
    const reply = await call('PATCH', `/rest/Localization/${id}`, { attributes: { Comment: 'late' } });
    expect(reply.body.object).toMatchObject({
      mark: 2,
      elemental_id,
      attributes: { Count: 9, Comment: 'late' },
    });
    const pedantic = await call('PATCH', `/rest/Localization/${id}`, { pedantic: 1, frame: 3 });
    expect(pedantic.status).toBe(400);
  });

  it('keeps created_* and moves modified_* with every mark, or in place without a mark', async () => {
    const { id } = await createBox();
    const first = (await call<Row>('GET', `/rest/Localization/${id}`)).body;
    const other = hub.client(hub.annotatorToken);
    const next = (await other('PATCH', `/rest/Localization/${id}`, { frame: 4 })).body.object;
    expect(next).toMatchObject({
      created_datetime: first.created_datetime,
      created_by: first.created_by,
      mark: 1,
    });
    expect(next.modified_by).not.toBe(first.modified_by);
    expect(next.modified_datetime > first.modified_datetime).toBe(true);
    const inPlace = (await call('PATCH', `/rest/Localization/${next.id}`, { frame: 5, in_place: 1 })).body
      .object;
    expect(inPlace).toMatchObject({ id: next.id, mark: 1, frame: 5 });
    expect(inPlace.modified_datetime > next.modified_datetime).toBe(true);
  });

  it('clears and resets attributes by name and refuses unknown ones', async () => {
    const { id } = await createBox({ attributes: { Count: 8, Comment: 'x' } });
    const edit = { null_attributes: ['Comment'], reset_attributes: ['Count'] };
    const { body } = await call('PATCH', `/rest/Localization/${id}`, edit);
    expect(body.object.attributes).toMatchObject({ Comment: null, Count: 1 });
    expect((await call('PATCH', `/rest/Localization/${id}`, { attributes: { Speceis: 'x' } })).status).toBe(
      400,
    );
  });

  it('takes apostrophes, percent signs and control characters as they are', async () => {
    const { id } = await createBox();
    const Comment = `it's 100%% "sure"\t\\ 'DROP TABLE' \u0007 \u{1f419}`;
    const { body } = await call('PATCH', `/rest/Localization/${id}`, { attributes: { Comment } });
    expect(body.object.attributes.Comment).toBe(Comment);
  });

  it('edits many by elemental id in one go, one new mark each', async () => {
    const boxes = await Promise.all([createBox(), createBox(), createBox()]);
    const elemental_ids = boxes.map((box) => box.elemental_id);
    const path = `/rest/Localizations/${ids.project}`;
    const refused = await call('PATCH', `${path}?count=2`, { elemental_ids, attributes: { Count: 3 } });
    expect(refused.status).toBe(400);
    expect((await call('PATCH', `${path}?count=3`, { elemental_ids, attributes: { Count: 3 } })).status).toBe(
      200,
    );
    const rows = (await call<Row[]>('PUT', path, { elemental_ids })).body;
    expect(rows.map((row) => [row.mark, row.attributes['Count']])).toEqual(
      [1, 1, 1].map((mark) => [mark, 3]),
    );
  });
});

describe('deleting annotations', () => {
  it('leaves a tombstone that stays readable and is listed only on request', async () => {
    const { elemental_id } = await createBox();
    const deleted = await call('DELETE', element(elemental_id));
    expect(deleted.status).toBe(200);
    const read = await call<Row>('GET', element(elemental_id));
    expect(read.body).toMatchObject({ id: deleted.body.id, variant_deleted: true, mark: 1 });
    const path = `/rest/Localizations/${ids.project}`;
    expect((await call<Row[]>('PUT', path, { elemental_ids: [elemental_id] })).body).toEqual([]);
    const shown = await call<Row[]>('PUT', `${path}?show_deleted=1`, { elemental_ids: [elemental_id] });
    expect(shown.body).toHaveLength(1);
  });

  it('keeps an element deleted when it is edited, and undeletes it when the tombstone is pruned', async () => {
    const { elemental_id } = await createBox({ attributes: { Count: 6 } });
    await call('DELETE', element(elemental_id));
    const edited = await call('PATCH', element(elemental_id), { frame: 8 });
    expect(edited.body.object.variant_deleted).toBe(true);
    await call('DELETE', element(elemental_id), { prune: 1 });
    await call('DELETE', element(elemental_id), { prune: 1 });
    const read = (await call<Row>('GET', element(elemental_id))).body;
    expect(read).toMatchObject({ mark: 0, variant_deleted: false, attributes: { Count: 6 } });
  });

  it('answers 404 once every mark is pruned', async () => {
    const { elemental_id, id } = await createBox();
    await call('DELETE', element(elemental_id), { prune: 1 });
    expect((await call<Row>('GET', element(elemental_id))).status).toBe(404);
    expect((await call<Row>('GET', `/rest/Localization/${id}`)).status).toBe(404);
  });

  it('deletes a selection and refuses when the count differs', async () => {
    const boxes = await Promise.all([createBox(), createBox()]);
    const elemental_ids = boxes.map((box) => box.elemental_id);
    const path = `/rest/Localizations/${ids.project}`;
    expect((await call('DELETE', `${path}?count=3`, { elemental_ids })).status).toBe(400);
    expect((await call('DELETE', `${path}?count=2`, { elemental_ids })).status).toBe(200);
    expect((await call<Row[]>('PUT', path, { elemental_ids })).body).toEqual([]);
  });

  it('takes an empty list of ids for none, not for all', async () => {
    await createBox();
    const before = (await call<number>('GET', `/rest/LocalizationCount/${ids.project}`)).body;
    await call('DELETE', `/rest/Localizations/${ids.project}`, { elemental_ids: [] });
    expect((await call<number>('GET', `/rest/LocalizationCount/${ids.project}`)).body).toBe(before);
  });
});

describe('reading annotations', () => {
  it('compresses lists by GET and sends those by PUT plain', async () => {
    const get = await fetch(`${hub.url}/rest/Localizations/${ids.project}`, {
      headers: { authorization: `Token ${hub.token}`, 'accept-encoding': 'identity' },
    });
    expect(get.headers.get('content-encoding')).toBe('gzip');
    const put = await call<Row[]>('PUT', `/rest/Localizations/${ids.project}`, {});
    expect(put.headers.get('content-encoding')).toBeNull();
  });

  it('pages a list of more rows than one chunk by `after`, without gap or repeat', async () => {
    const clip = await makeVideo(call, ids, 'many.mp4');
    const specs = Array.from({ length: 500 }, (_, frame) => boxSpec(ids, clip, { frame }));
    const made = [...(await call<Created>('POST', `/rest/Localizations/${ids.project}`, specs)).body.id];
    made.push(...(await call<Created>('POST', `/rest/Localizations/${ids.project}`, specs)).body.id);
    const path = `/rest/Localizations/${ids.project}?media_id=${clip}`;
    expect((await call<Row[]>('GET', path)).body).toHaveLength(1000);
    const seen: number[] = [];
    for (let after = 0; ; after = seen.at(-1) ?? 0) {
      const page = (await call<Row[]>('GET', `${path}&after=${after}&stop=300`)).body;
      seen.push(...page.map((row) => row.id));
      if (page.length < 300) break;
    }
    expect(seen).toEqual(made);
  });

  it('finds what changed since a moment, and filters by attribute and search object', async () => {
    const clip = await makeVideo(call, ids, 'search.mp4');
    const add = (attributes: object, frame: number) =>
      call<Created>('POST', `/rest/Localizations/${ids.project}`, boxSpec(ids, clip, { attributes, frame }));
    const first = await add({ Species: 'Octopoda', Count: 3, Position: [-122, 36.8] }, 1);
    await add({ Species: 'Sebastes', Count: 30 }, 2);
    const row = (await call<Row>('GET', `/rest/Localization/${first.body.id[0]}`)).body;
    const list = async (query: string) =>
      (await call<Row[]>('GET', `/rest/Localizations/${ids.project}?media_id=${clip}&${query}`)).body.map(
        (found: { frame: number }) => found.frame,
      );
    const search = (spec: object) =>
      `encoded_search=${encodeURIComponent(Buffer.from(JSON.stringify(spec)).toString('base64'))}`;
    expect(await list(`attribute_gte=$modified_datetime::${row.modified_datetime}`)).toEqual([1, 2]);
    expect(await list('attribute=Species::Sebastes')).toEqual([2]);
    expect(await list('attribute_gt=Count::3&attribute_contains=Species::sebas')).toEqual([2]);
    expect(await list('attribute_distance=Position::50::36.8::-122.1')).toEqual([1]);
    expect(await list('attribute_null=Position::true')).toEqual([2]);
    expect(await list('sort_by=-Count')).toEqual([2, 1]);
    expect(await list(search({ attribute: 'Species', operation: 'in', value: ['Octopoda', 'x'] }))).toEqual([
      1,
    ]);
    expect(await list(search({ attribute: 'Count', operation: 'gte', value: 5, inverse: true }))).toEqual([
      1,
    ]);
    expect(await list(search({ attribute: 'No such', operation: 'eq', value: 1 }))).toEqual([]);
    const both = {
      method: 'or',
      operations: [
        { attribute: '$frame', operation: 'eq', value: 1 },
        { attribute: 'Count', operation: 'eq', value: 30 },
      ],
    };
    expect(await list(search(both))).toEqual([1, 2]);
  });

  it('refuses a misspelt attribute filter instead of selecting everything', async () => {
    const path = `/rest/Localizations/${ids.project}?attribute=Speceis::Cod`;
    expect((await call<Row[]>('GET', path)).status).toBe(400);
    expect((await call('DELETE', path)).status).toBe(400);
  });

  it('hides base rows that a derived version names as parent', async () => {
    const clip = await makeVideo(call, ids, 'layers.mp4');
    const elemental_id = randomUUID();
    const base = await call<Created>(
      'POST',
      `/rest/Localizations/${ids.project}`,
      boxSpec(ids, clip, { elemental_id }),
    );
    const derived = boxSpec(ids, clip, { elemental_id, version: ids.review, parent: base.body.id[0] });
    await call<Created>('POST', `/rest/Localizations/${ids.project}`, derived);
    const path = `/rest/Localizations/${ids.project}?media_id=${clip}&version=${ids.baseline},${ids.review}`;
    expect((await call<Row[]>('GET', path)).body.map((row: { version: number }) => row.version)).toEqual([
      ids.review,
    ]);
    expect((await call<Row[]>('GET', `${path}&merge=0`)).body).toHaveLength(2);
  });

  it('returns only the asked fields', async () => {
    const { elemental_id } = await createBox({ attributes: { Count: 2 } });
    const path = `/rest/Localizations/${ids.project}?elemental_id=${elemental_id}`;
    const { body } = await call<Row[]>('GET', `${path}&fields=id,mark,attributes.Count`);
    expect(body).toEqual([{ id: expect.any(Number), mark: 0, attributes: { Count: 2 } }]);
    expect((await call<Row[]>('GET', `${path}&fields=id,nonsense`)).status).toBe(400);
  });
});

describe('states', () => {
  it('computes segments from the members and follows membership edits', async () => {
    const made = await call<Created>(
      'POST',
      `/rest/Localizations/${ids.project}`,
      [3, 4, 5, 9].map((frame) => boxSpec(ids, media, { frame })),
    );
    const [a, b, c, d] = made.body.id;
    const elemental_id = randomUUID();
    const spec = {
      media_ids: [media],
      type: ids.track,
      version: ids.baseline,
      localization_ids: [a, b, c],
      elemental_id,
    };
    const track = await call<Created>('POST', `/rest/States/${ids.project}`, spec);
    const read = (await call<Row>('GET', `/rest/State/${track.body.id[0]}`)).body;
    expect(read).toMatchObject({ localizations: [a, b, c], media: [media], segments: [[3, 5]] });
    const path = `/rest/State/${ids.baseline}/${elemental_id}`;
    const edited = await call('PATCH', path, { localization_ids_add: [d], localization_ids_remove: [b] });
    expect(edited.body.object).toMatchObject({
      mark: 1,
      localizations: [a, c, d],
      segments: [
        [3, 3],
        [5, 5],
        [9, 9],
      ],
    });
    const members = await call<Row[]>('PUT', `/rest/Localizations/${ids.project}`, {
      state_ids: [edited.body.object.id],
    });
    expect(members.body.map((row: { id: number }) => row.id)).toEqual([a, c, d]);
    // The earlier mark keeps its members.
    expect((await call<Row>('GET', `/rest/State/${track.body.id[0]}`)).body.localizations).toEqual([a, b, c]);
  });

  it('deletes the members of a track with it', async () => {
    const made = await call<Created>('POST', `/rest/Localizations/${ids.project}`, [
      boxSpec(ids, media),
      boxSpec(ids, media),
    ]);
    const spec = {
      media_ids: [media],
      type: ids.track,
      version: ids.baseline,
      localization_ids: made.body.id,
    };
    const track = await call<Created>('POST', `/rest/States/${ids.project}`, spec);
    await call('DELETE', `/rest/State/${track.body.id[0]}`);
    expect(
      (await call<Row[]>('PUT', `/rest/Localizations/${ids.project}`, { ids: made.body.id })).body,
    ).toEqual([]);
    expect(
      (await call<Row[]>('PUT', `/rest/States/${ids.project}?show_deleted=1`, { media_ids: [media] })).body
        .length,
    ).toBeGreaterThan(0);
  });

  it('needs a frame for a frame state', async () => {
    const spec = { media_ids: [media], type: ids.activity, version: ids.baseline };
    expect((await call<Created>('POST', `/rest/States/${ids.project}`, spec)).status).toBe(400);
    expect((await call<Created>('POST', `/rest/States/${ids.project}`, { ...spec, frame: 3 })).status).toBe(
      201,
    );
  });
});

describe('deleting a media', () => {
  it('prunes its annotations, and the states that are left without any media', async () => {
    const clip = await makeVideo(call, ids, 'gone.mp4');
    const box = await call<Created>('POST', `/rest/Localizations/${ids.project}`, boxSpec(ids, clip));
    const states = [[clip], [clip, media]].map((media_ids) => ({
      media_ids,
      type: ids.track,
      version: ids.baseline,
    }));
    const [only, shared] = (await call<Created>('POST', `/rest/States/${ids.project}`, states)).body.id;
    expect((await call('DELETE', `/rest/Media/${clip}`)).status).toBe(200);
    const read = (path: string) => call<Row[]>('GET', path).then((reply) => reply.status);
    expect(await read(`/rest/Media/${clip}`)).toBe(404);
    expect(await read(`/rest/Localization/${box.body.id[0]}`)).toBe(404);
    expect(await read(`/rest/State/${only}`)).toBe(404);
    expect(await read(`/rest/State/${shared}`)).toBe(200);
  });
});
