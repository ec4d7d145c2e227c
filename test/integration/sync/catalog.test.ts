import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stop } from '../../../src/base/disposable.ts';
import type { Fields } from '../../../src/domain/fields.ts';
import {
  catalogRef,
  entityKey,
  localVersion,
  projectHome,
  type CatalogKind,
} from '../../../src/domain/identity.ts';
import { localizationFields } from '../../../src/domain/localization.ts';
import { localUri } from '../../../src/domain/place-uri.ts';
import type { Change } from '../../../src/store/types.ts';
import { mediaRef } from '../../../src/sync/ports.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { localVideo, makeWorkplace, now, type Workplace } from './support.ts';

let hub: TestHub;
let rest: HubClient;
let ids: SampleIds;
let leafType: number;
let desk: Workplace;
let stopEngine: Stop;

const patience = { timeout: 30_000, interval: 100 };
const video = crypto.randomUUID();

interface Row {
  id: number;
  name: string;
  elemental_id?: string;
  path?: string;
  parent?: number | null;
  uri?: string;
  description?: string;
  values?: unknown;
}

const lists: Record<CatalogKind, string> = {
  section: 'Sections',
  version: 'Versions',
  leaf: 'Leaves',
  bookmark: 'Bookmarks',
  favorite: 'Favorites',
};
const there = async (kind: CatalogKind): Promise<Row[]> =>
  (await rest<Row[]>('GET', `/rest/${lists[kind]}/${ids.project}`)).body;
const named = async (kind: CatalogKind, name: string): Promise<Row[]> =>
  (await there(kind)).filter((row) => row.name === name);

async function apply(changes: Change[]): Promise<void> {
  const media = projectHome(ids.project);
  await desk.store.apply({ projectId: ids.project, media, label: 'history.catalog', changes });
}

function creating(kind: CatalogKind, key: string, fields: Fields, type = 0): Change {
  return { kind: 'create', ref: catalogRef(kind, key), type, media: projectHome(ids.project), fields };
}

async function settled(): Promise<void> {
  await expect
    .poll(() => now(desk.store.counts()), patience)
    .toMatchObject({ unsynced: 0, inDoubt: 0, parked: 0 });
}

async function catalog() {
  const view = await now(desk.store.catalog(ids.project));
  if (view === null) throw new Error('no catalog yet');
  return view;
}

beforeAll(async () => {
  hub = await startTestHub();
  rest = hub.client();
  ids = await sampleIds(rest);
  const types = await rest<{ id: number }[]>('GET', `/rest/LeafTypes/${ids.project}`);
  leafType = types.body[0]!.id;
  desk = await makeWorkplace(() => hub.url, hub.token);
  desk.host.medias.push(localVideo(video, ids.project));
  stopEngine = await desk.startEngine();
}, 120_000);

afterAll(async () => {
  stopEngine();
  desk.store.close();
  await hub.stop();
});

describe('what people change in a project beside its annotations', () => {
  it('is made offline, shown at once, and arrives in the order in which it names each other', async () => {
    await expect.poll(() => now(desk.store.catalog(ids.project)), patience).not.toBeNull();
    await settled();
    desk.host.setOffline(true);
    const [section, version, parent, child, bookmark, favorite, unseen, dropped] = Array.from(
      { length: 8 },
      () => crypto.randomUUID(),
    ) as [string, string, string, string, string, string, string, string];
    desk.host.medias.push(localVideo(unseen, ids.project));
    desk.host.emit('media.changed', desk.host.medias.at(-1));
    await expect.poll(() => now(desk.store.mediaItem(unseen)), patience).not.toBeNull();
    await apply([
      creating('section', section, { name: 'Dive 7', path: 'Dive_7', dtype: 'folder', visible: true }),
      { kind: 'change', ref: mediaRef(video), fields: { section_id: section } },
      { kind: 'change', ref: mediaRef(unseen), fields: { section_id: section } },
    ]);
    await apply([
      creating('version', version, { name: 'Second look', description: 'by Ana', show_empty: true }),
    ]);
    await apply([creating('leaf', parent, { name: 'Deep forms', parent: null }, leafType)]);
    await apply([
      creating('leaf', child, { name: 'Dumbo like', parent, 'attributes.alias': 'octopus' }, leafType),
    ]);
    await apply([creating('bookmark', bookmark, { name: 'Vent', uri: localUri(unseen, 41) })]);
    await apply([
      creating(
        'favorite',
        favorite,
        { name: 'Cod', page: 1, values: { Label: 'Cod' }, entity_type_name: 'Localization' },
        ids.box,
      ),
    ]);
    desk.host.medias.push({ ...localVideo(dropped, ids.project), sectionId: section });
    desk.host.emit('media.changed', desk.host.medias.at(-1));
    await expect
      .poll(() => now(desk.store.mediaItem(dropped)), patience)
      .toMatchObject({ sectionKey: section });
    const shown = await catalog();
    expect(shown.sections.find(({ key }) => key === section)).toMatchObject({ id: 0, name: 'Dive 7' });
    expect(shown.leaves.find(({ key }) => key === child)).toMatchObject({
      parent,
      attributes: { alias: 'octopus' },
    });
    expect(shown.sync.get(entityKey(catalogRef('bookmark', bookmark)))).toBe('unsynced');
    expect(await now(desk.store.mediaItem(video))).toMatchObject({ sectionId: null, sectionKey: section });

    desk.host.setOffline(false);
    await settled();
    const [made] = await named('section', 'Dive 7');
    expect(made).toMatchObject({ elemental_id: section, path: 'Dive_7' });
    for (const key of [video, unseen, dropped]) {
      const medias = await rest<{ id: number; primary_section: number }[]>(
        'GET',
        `/rest/Medias/${ids.project}?elemental_id=${key}`,
      );
      expect(medias.body).toMatchObject([{ primary_section: made!.id }]);
    }
    expect(await named('version', 'Second look')).toMatchObject([
      { elemental_id: version, description: 'by Ana' },
    ]);
    const [above] = await named('leaf', 'Deep forms');
    expect(await named('leaf', 'Dumbo like')).toMatchObject([{ parent: above!.id }]);
    const item = await now(desk.store.mediaItem(unseen));
    expect(await there('bookmark')).toMatchObject([
      { name: 'Vent', uri: `/${ids.project}/annotation/${item!.serverId}?frame=41` },
    ]);
    expect(await there('favorite')).toMatchObject([{ name: 'Cod', values: { Label: 'Cod' } }]);

    const after = await catalog();
    expect(after.sync.size).toBe(0);
    // The same entities, under the keys that they were made with here.
    expect(after.bookmarks).toMatchObject([{ key: bookmark }]);
    expect(after.leaves.find(({ key }) => key === child)).toMatchObject({ parent });
    expect(await now(desk.store.mediaItem(video))).toMatchObject({ sectionId: made!.id, sectionKey: null });
  });

  it('is made once although the answer is lost', async () => {
    const [bookmark, leaf] = [crypto.randomUUID(), crypto.randomUUID()];
    desk.host.loseAnswerOf = 'create_bookmark';
    await apply([creating('bookmark', bookmark, { name: 'Once', uri: '/1/analytics' })]);
    await settled();
    desk.host.loseAnswerOf = 'create_leaf_list';
    await apply([creating('leaf', leaf, { name: 'Only one', parent: null }, leafType)]);
    await settled();
    expect(await named('bookmark', 'Once')).toHaveLength(1);
    expect(await named('leaf', 'Only one')).toHaveLength(1);
  });

  it('takes along what was drawn in a version before any server had it, once, although the answer is lost', async () => {
    const [version, drawn] = [crypto.randomUUID(), crypto.randomUUID()];
    const ref = { kind: 'localization', version: localVersion(version), elementalId: drawn } as const;
    desk.host.setOffline(true);
    await apply([creating('version', version, { name: 'Drawn first', bases: [], show_empty: true })]);
    const fields = localizationFields({
      ...{ frame: 3, attributes: { Species: 'Cod' } },
      geometry: { kind: 'box', x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
    });
    await desk.store.apply({
      ...{ projectId: ids.project, media: video, label: 'history.create' },
      changes: [{ kind: 'create', ref, type: ids.box, media: video, fields }],
    });
    expect(await now(desk.store.annotations(video, []))).toMatchObject([{ ref, sync: 'unsynced' }]);
    desk.host.loseAnswerOf = 'create_version';
    desk.host.setOffline(false);
    await settled();
    const [made] = await named('version', 'Drawn first');
    expect(made).toMatchObject({ elemental_id: version });
    const rows = await rest<unknown[]>(
      'GET',
      `/rest/Localizations/${ids.project}?show_all_marks=1&version=${made!.id}`,
    );
    expect(rows.body).toMatchObject([
      { elemental_id: drawn, version: made!.id, mark: 0, frame: 3, x: 0.1, attributes: { Species: 'Cod' } },
    ]);
    expect(await now(desk.store.annotations(video, []))).toMatchObject([
      { ref: { ...ref, version: made!.id }, sync: 'synced' },
    ]);
    // The history moved along: undone where it is now.
    await desk.store.undo(video);
    await settled();
    expect(await now(desk.store.annotations(video, []))).toEqual([]);
    const left = await rest<unknown[]>('GET', `/rest/Localizations/${ids.project}?version=${made!.id}`);
    expect(left.body).toEqual([]);
  });

  it('changes what changed and leaves the rest of it alone', async () => {
    const [version] = (await catalog()).versions.filter(({ name }) => name === 'Second look');
    await apply([
      { kind: 'change', ref: catalogRef('version', version!.key), fields: { name: 'Third look' } },
    ]);
    await settled();
    expect(await named('version', 'Third look')).toMatchObject([{ id: version!.id, description: 'by Ana' }]);
  });

  it('is undone as one step, also after it had arrived', async () => {
    const key = crypto.randomUUID();
    await apply([creating('section', key, { name: 'Mistake', path: 'Mistake', dtype: 'folder' })]);
    await settled();
    expect(await named('section', 'Mistake')).toHaveLength(1);
    await desk.store.undo(projectHome(ids.project));
    expect((await catalog()).sections.some(({ name }) => name === 'Mistake')).toBe(false);
    await settled();
    expect(await named('section', 'Mistake')).toHaveLength(0);
    await desk.store.redo(projectHome(ids.project));
    await settled();
    expect(await named('section', 'Mistake')).toMatchObject([{ elemental_id: key }]);
  });

  it('asks where others have changed the same thing meanwhile, and keeps both until it is told', async () => {
    const [section] = (await catalog()).sections.filter(({ name }) => name === 'Dive 7');
    desk.host.setOffline(true);
    await apply([{ kind: 'change', ref: catalogRef('section', section!.key), fields: { name: 'Mine' } }]);
    expect((await rest('PATCH', `/rest/Section/${section!.id}`, { name: 'Theirs' })).status).toBe(200);
    desk.host.setOffline(false);
    await expect.poll(() => now(desk.store.conflicts()), patience).toHaveLength(1);
    const [conflict] = await now(desk.store.conflicts());
    expect(conflict).toMatchObject({ field: 'name', base: 'Dive 7', mine: 'Mine', theirs: 'Theirs' });
    expect(await named('section', 'Theirs')).toHaveLength(1);
    await desk.store.resolveConflict(conflict!.id, 'mine');
    await settled();
    expect(await named('section', 'Mine')).toMatchObject([{ id: section!.id }]);
  });

  it('asks where others have deleted what was changed here, and makes it again if it is told to', async () => {
    const key = crypto.randomUUID();
    await apply([creating('bookmark', key, { name: 'Wreck', uri: '/1/analytics' })]);
    await settled();
    const [row] = await named('bookmark', 'Wreck');
    desk.host.setOffline(true);
    await apply([{ kind: 'change', ref: catalogRef('bookmark', key), fields: { name: 'Old wreck' } }]);
    expect((await rest('DELETE', `/rest/Bookmark/${row!.id}`)).status).toBe(200);
    desk.host.setOffline(false);
    await expect.poll(() => now(desk.store.conflicts()), patience).toMatchObject([{ field: '$deleted' }]);
    const [conflict] = await now(desk.store.conflicts());
    await desk.store.resolveConflict(conflict!.id, 'mine');
    await settled();
    expect(await named('bookmark', 'Old wreck')).toHaveLength(1);
    expect((await catalog()).bookmarks.filter((one) => one.key === key)).toMatchObject([
      { name: 'Old wreck' },
    ]);
  });

  it('parks what the server refuses with its reason, and lets all else go on', async () => {
    const [twin, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const taken = (await catalog()).sections.find(({ path }) => path === 'Mistake');
    expect(taken).toBeDefined();
    await apply([creating('section', twin, { name: 'Twin', path: 'Mistake', dtype: 'folder' })]);
    await apply([creating('bookmark', other, { name: 'After the twin', uri: '/1/analytics' })]);
    await expect.poll(() => now(desk.store.counts()), patience).toMatchObject({ unsynced: 0, parked: 1 });
    expect(await named('bookmark', 'After the twin')).toHaveLength(1);
    const [parked] = (await now(desk.store.outbox())).filter(({ status }) => status.kind === 'parked');
    expect(parked).toMatchObject({ ref: { kind: 'section' }, status: { kind: 'parked' } });
    await desk.store.discardParked(parked!.key);
    expect((await catalog()).sections.some(({ name }) => name === 'Twin')).toBe(false);
  });

  it('asks where media are to lie whose section was given up, and keeps no new media from the server', async () => {
    const [twin, fresh] = [crypto.randomUUID(), crypto.randomUUID()];
    desk.host.setOffline(true);
    desk.host.medias.push(localVideo(fresh, ids.project));
    desk.host.emit('media.changed', desk.host.medias.at(-1));
    await expect.poll(() => now(desk.store.mediaItem(fresh)), patience).not.toBeNull();
    await apply([
      creating('section', twin, { name: 'Twin', path: 'Mistake', dtype: 'folder' }),
      { kind: 'change', ref: mediaRef(video), fields: { section_id: twin } },
      { kind: 'change', ref: mediaRef(fresh), fields: { section_id: twin } },
    ]);
    desk.host.setOffline(false);
    await expect.poll(() => now(desk.store.counts()), patience).toMatchObject({ parked: 1 });
    await expect
      .poll(async () => (await now(desk.store.mediaItem(fresh)))?.serverId ?? null, patience)
      .not.toBeNull();
    const [refused] = (await now(desk.store.outbox())).filter(({ status }) => status.kind === 'parked');
    await desk.store.discardParked(refused!.key);
    await expect.poll(() => now(desk.store.counts()), patience).toMatchObject({ unsynced: 0, parked: 2 });
    const parked = (await now(desk.store.outbox())).map(({ key, status }) => [key, status.kind]);
    expect(parked).toEqual(
      expect.arrayContaining([video, fresh].map((key) => [entityKey(mediaRef(key)), 'parked'])),
    );
    await apply([{ kind: 'change', ref: mediaRef(video), fields: { section_id: null } }]);
    await desk.store.discardParked(entityKey(mediaRef(fresh)));
    await settled();
    expect(await now(desk.store.mediaItem(video))).toMatchObject({ sectionId: null, sectionKey: null });
  });
});
