import { beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../../../../src/base/json.ts';
import type {
  AttributeDefinition,
  Favorite,
  LocalizationType,
  ProjectCatalog,
} from '../../../../src/domain/entity-types.ts';
import { ProjectEdits } from '../../../../src/renderer/backend/project-edits.svelte.ts';
import { defaultsOf } from '../../../../src/renderer/editor/editing-controller.svelte.ts';
import { Drafts } from '../../../../src/renderer/features/inspector/drafts.svelte.ts';
import {
  favoritesOf,
  fitTo,
  keepable,
  summaryOf,
} from '../../../../src/renderer/features/inspector/favorite-values.ts';
import { FavoritesController } from '../../../../src/renderer/features/inspector/favorites-controller.svelte.ts';
import type { AnnotationStore, CatalogView } from '../../../../src/store/types.ts';
import { makeWorld, now, type World } from '../../store/support.ts';

const definitions: AttributeDefinition[] = [
  { name: 'Comment', dtype: 'string', order: 5 },
  { name: 'Species', dtype: 'string', order: 0 },
  { name: 'Count', dtype: 'int', minimum: 1, maximum: 100, order: 2, default: 1 },
  { name: 'Certainty', dtype: 'enum', choices: ['Sure', 'Guess'], order: 1, required: true },
  { name: 'Alive', dtype: 'bool', order: 3 },
  { name: 'Where', dtype: 'geopos', order: 4 },
  { name: 'Seen', dtype: 'datetime', order: 6 },
  { name: 'Station', dtype: 'string', order: 7, style: 'disabled' },
  { name: 'Raw', dtype: 'string', order: -1 },
];
const box = { id: 3, name: 'Box', dtype: 'box', attribute_types: definitions } as unknown as LocalizationType;

describe('a favorite that is older than its type', () => {
  it('gives what fits and tells what does not, and why', () => {
    const { values, misfits } = fitTo(definitions, {
      ...{ Species: 'Cod', Count: 500, Certainty: 'Perhaps', Alive: 'yes', Where: [-122, 36.7] },
      ...{ Depth: 12, Station: 'S1', Comment: 4 },
    });
    expect(values).toEqual({ Species: 'Cod', Where: [-122, 36.7] });
    expect(misfits.map(({ attribute, reason }) => `${attribute}: ${reason}`)).toEqual([
      'Count: Must be at most 100.',
      'Certainty: Not one of the choices.',
      'Alive: Not a value of this kind.',
      'Depth: The type has no such attribute any more.',
      'Station: It cannot be edited.',
      'Comment: Not a value of this kind.',
    ]);
  });

  it('empties only what may be empty', () => {
    const { values, misfits } = fitTo(definitions, { Species: '', Comment: null, Certainty: '' });
    expect(values).toEqual({ Species: null, Comment: null });
    expect(misfits).toEqual([{ attribute: 'Certainty', reason: 'Required' }]);
  });

  it('keeps a moment as one, however it was written', () => {
    expect(fitTo(definitions, { Seen: '2026-05-01T14:30:00+02:00' }).values).toEqual({
      Seen: '2026-05-01T12:30:00.000Z',
    });
  });
});

describe('the values of a favorite', () => {
  it('are those that the user sees and has filled in, in the order of the form', () => {
    const attributes = {
      Comment: '',
      Alive: false,
      Species: 'Cod',
      Count: 2,
      Station: 'S1',
      Raw: 'x',
      Where: null,
    };
    expect(keepable(definitions, attributes)).toEqual([
      { attribute: 'Species', value: 'Cod', text: 'Cod' },
      { attribute: 'Count', value: 2, text: '2' },
      { attribute: 'Alive', value: false, text: 'no' },
    ]);
  });

  it('are told in one line', () => {
    expect(summaryOf(definitions, { Alive: true, Count: 2, Species: 'Cod', Old: 7 })).toBe(
      'Cod · Count: 2 · Alive: yes · Old: 7',
    );
    expect(summaryOf(definitions, { Comment: '' })).toBe('no values');
  });
});

const favorite = (key: string, over: Partial<Favorite> = {}): Favorite => ({
  ...{ id: 1, key, name: key, type: 3, entityTypeName: 'Localization', page: 1, values: {} },
  ...over,
});

describe('what is typed and not saved yet', () => {
  it('goes into a favorite where it could be saved', () => {
    const drafts = new Drafts(() => Promise.resolve(true));
    const ref = { kind: 'localization', version: 1, elementalId: 'a' } as const;
    drafts.type(ref, 'Count', '7');
    drafts.type(ref, 'Species', 'Ling');
    drafts.type({ ...ref, elementalId: 'b' }, 'Comment', 'of another one');
    expect(drafts.over(ref, definitions, { Species: 'Cod', Count: 2, Alive: true })).toEqual({
      Species: 'Ling',
      Count: 7,
      Alive: true,
    });
    drafts.type(ref, 'Count', 'many');
    expect(drafts.over(ref, definitions, { Count: 2 })).toMatchObject({ Count: 2 });
  });
});

describe('the list of favorites', () => {
  it('has those of the type, by page and age, the newest from this device last', () => {
    const list = favoritesOf(
      [
        favorite('here', { id: 0 }),
        favorite('second', { id: 9 }),
        favorite('page 2', { id: 2, page: 2 }),
        favorite('first', { id: 4 }),
        favorite('track', { entityTypeName: 'State' }),
        favorite('line', { type: 4 }),
      ],
      3,
    );
    expect(list.map(({ key }) => key)).toEqual(['first', 'second', 'here', 'page 2']);
  });
});

const project = { id: 1, name: 'Cruise', summary: '', permission: 'Full Control' };
const catalog: ProjectCatalog = {
  ...{ project, mediaTypes: [], localizationTypes: [box], stateTypes: [], leafTypes: [], users: {} },
  ...{ versions: [], sections: [], leaves: [], bookmarks: [] },
  favorites: [
    favorite('id:1', { name: 'Cod', values: { Species: 'Cod', Count: 4 } }),
    favorite('id:2', { id: 2, name: 'Old', values: { Species: 'Hake', Depth: 3 } }),
    favorite('id:3', { id: 3, name: 'Gone', values: { Depth: 3 } }),
  ],
};

describe('using favorites', () => {
  let world: World;
  let store: AnnotationStore;
  let view: CatalogView;
  let applied: Record<string, Json>[];
  let told: { tone: string; title: string; body: string }[];
  let selected: { label: string | null; attributes: Record<string, Json> } | null;
  const make = (): FavoritesController =>
    new FavoritesController({
      edits: new ProjectEdits({
        store,
        projectId: 1,
        onFault: (fault) => told.push({ tone: 'fault', title: fault.code, body: '' }),
      }),
      makeId: world.makeId,
      projectId: 1,
      catalog: () => view,
      type: () => box,
      selected: () => selected,
      defaults: (type) => defaultsOf(type.attribute_types),
      apply: async (values) => {
        applied.push(values);
        return true;
      },
      tell: (notice) => told.push(notice),
    });
  const look = async (): Promise<void> => {
    view = (await now(store.catalog(1)))!;
  };

  beforeEach(async () => {
    world = makeWorld();
    const opened = await world.open();
    store = opened.store;
    await opened.sync.saveCatalog(catalog);
    [applied, told, selected] = [[], [], null];
    await look();
  });

  it('applies one to what is selected, by its number', async () => {
    selected = { label: null, attributes: {} };
    await make().useNth(1);
    expect(applied).toEqual([{ Species: 'Cod', Count: 4 }]);
    await make().useNth(9);
    expect(applied).toHaveLength(1);
    expect(told).toEqual([]);
  });

  it('applies what fits and tells of the rest; nothing is applied where nothing fits', async () => {
    selected = { label: null, attributes: {} };
    const favorites = make();
    await favorites.useNth(2);
    expect(applied).toEqual([{ Species: 'Hake' }]);
    expect(told).toMatchObject([{ tone: 'info', body: 'Depth: The type has no such attribute any more.' }]);
    await favorites.useNth(3);
    expect(applied).toHaveLength(1);
    expect(told).toMatchObject([{}, { tone: 'danger' }]);
  });

  it('gives one to what is drawn next where nothing is selected, until it is switched off', async () => {
    const favorites = make();
    expect(favorites.startValues(box)).toEqual({ Count: 1 });
    await favorites.useNth(1);
    expect(applied).toEqual([]);
    expect(favorites.startValues(box)).toEqual({ Count: 4, Species: 'Cod' });
    expect(favorites.nextOf(box)?.name).toBe('Cod');
    await favorites.useNth(1);
    expect(favorites.startValues(box)).toEqual({ Count: 1 });
    await favorites.useNth(2);
    favorites.stopNext(box);
    expect(favorites.nextOf(box)).toBeNull();
  });

  it('saves the chosen values under a name', async () => {
    selected = { label: 'Ling', attributes: { Species: 'Ling', Count: 2, Comment: 'here' } };
    const favorites = make();
    favorites.askToSave();
    expect(favorites.draft?.name).toBe('Ling');
    favorites.change({ attribute: 'Comment', kept: false });
    favorites.change({ name: ' Two ling ' });
    await favorites.save();
    expect(favorites.draft).toBeNull();
    await look();
    expect(view.favorites.at(-1)).toMatchObject({
      ...{ name: 'Two ling', type: 3, page: 1, entityTypeName: 'Localization' },
      values: { Species: 'Ling', Count: 2 },
    });
    expect(make().rows.at(-1)).toMatchObject({ name: 'Two ling', sync: 'unsynced' });
  });

  it('saves nothing without a name or a value, and keeps the draft where it was refused', async () => {
    selected = { label: 'Ling', attributes: { Species: 'Ling' } };
    const favorites = make();
    favorites.askToSave();
    favorites.change({ name: '  ' });
    await favorites.save();
    favorites.change({ name: 'Ling' });
    favorites.change({ attribute: 'Species', kept: false });
    await favorites.save();
    expect(world.recorder.entries).toEqual([]);
    favorites.change({ attribute: 'Species', kept: true });
    world.recorder.failWith = new Error('disk');
    await favorites.save();
    expect(told).toMatchObject([{ tone: 'fault', title: 'disk-failed' }]);
    expect(favorites.draft?.name).toBe('Ling');
  });

  it('renames and deletes', async () => {
    const [cod] = make().rows;
    await make().rename(cod!, 'Gadus');
    await look();
    expect(make().rows[0]).toMatchObject({ name: 'Gadus', sync: 'unsynced' });
    await make().remove(cod!);
    await look();
    expect(make().rows.map(({ name }) => name)).toEqual(['Old', 'Gone']);
  });
});
