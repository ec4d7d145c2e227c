import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../src/contract/errors.ts';
import type { ProjectCatalog, Version } from '../../../src/domain/entity-types.ts';
import { catalogRef, entityKey, localVersion } from '../../../src/domain/identity.ts';
import { ProjectEdits } from '../../../src/renderer/backend/project-edits.svelte.ts';
import {
  currentLayer,
  hiddenNumbers,
  inOrder,
  layerRows,
} from '../../../src/renderer/features/layers/layer-rows.ts';
import { LayersController } from '../../../src/renderer/features/layers/layers-controller.svelte.ts';
import { Drafts } from '../../../src/renderer/features/inspector/drafts.svelte.ts';
import { presentKey } from '../../../src/renderer/views/present-key.ts';
import type { Annotation, CatalogView } from '../../../src/store/types.ts';
import { createCommand, makeWorld, now, refOf } from '../store/support.ts';

const version = (name: string, over: Partial<Version> = {}): Version => ({
  ...{ id: 1, key: name, project: 1, name, description: '', number: 0, bases: [], showEmpty: true },
  ...over,
});
const baseline = version('Baseline');
const review = version('Review', { id: 5, number: 1, bases: [1] });
const mine = version('Mine', { id: 0, number: -1 });
const imported = version('Imported', { id: 9, number: -2 });
const none = new Set<string>();

describe('the layers of a project', () => {
  it('are in the order of the server, and what it does not have yet comes last', () => {
    const names = inOrder([mine, review, version('Mine too', { id: 0, number: -1 }), baseline]).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['Baseline', 'Review', 'Mine', 'Mine too']);
  });

  it('are annotated in where the user chose it, else where the server would', () => {
    const all = [imported, mine, review, baseline];
    expect(currentLayer(all, 'Mine')).toBe(mine);
    expect(currentLayer(all, null)).toBe(baseline);
    // The chosen one is gone.
    expect(currentLayer(all, 'Gone')).toBe(baseline);
    expect(currentLayer([mine], null)).toBe(mine);
    expect(currentLayer([], null)).toBeNull();
  });

  it('tell what they are based on, how they stand, and why they stay', () => {
    const sync = new Map([[entityKey(catalogRef('version', 'Mine')), 'parked' as const]]);
    const choice = { current: 'Baseline', hidden: new Set(['Review']), used: new Set(['Review']) };
    expect(layerRows({ versions: [baseline, review, mine], sync }, choice)).toMatchObject([
      { version: baseline, current: true, shown: true, kept: null, bases: [], sync: 'synced' },
      { version: review, current: false, shown: false, kept: 'in-use', bases: ['Baseline'] },
      { version: mine, shown: true, kept: null, sync: 'parked' },
    ]);
    const alone = layerRows({ versions: [baseline], sync: new Map() }, { ...choice, used: none });
    expect(alone[0]?.kept).toBe('last');
  });

  it('hide their annotations, except the one that is annotated in', () => {
    const hidden = new Set(['Review', 'Mine']);
    expect(hiddenNumbers([baseline, review, mine], { current: 'Review', hidden })).toEqual(
      new Set([localVersion('Mine')]),
    );
  });
});

describe('an annotation whose layer has got a row id', () => {
  const local = localVersion('Mine');
  const row = (version: number, elementalId: string) => {
    const ref = { kind: 'localization', version, elementalId } as const;
    return { key: entityKey(ref), annotation: { ref } as Annotation };
  };

  it('stays selected under its new key, with what was typed about it', () => {
    const [before, after] = [row(local, 'a'), row(31, 'a')];
    expect(presentKey(before.key, [row(31, 'b'), after])).toBe(after.key);
    expect(presentKey(before.key, [before, after])).toBe(before.key);
    expect(presentKey(row(3, 'a').key, [after])).toBe(row(3, 'a').key);
    expect(presentKey(before.key, [])).toBe(before.key);

    const drafts = new Drafts(() => Promise.resolve(true));
    drafts.type(before.annotation.ref, 'Comment', 'half a sen');
    drafts.type(row(local, 'ab').annotation.ref, 'Comment', 'another');
    drafts.move(before.key, after.key);
    expect(drafts.of(after.annotation.ref, 'Comment')?.text).toBe('half a sen');
    expect(drafts.of(before.annotation.ref, 'Comment')).toBeNull();
    expect(drafts.of(row(local, 'ab').annotation.ref, 'Comment')?.text).toBe('another');
  });
});

describe('what people do to layers', () => {
  const project = { id: 1, name: 'Cruise', summary: '', permission: 'Full Control' };
  const catalog: ProjectCatalog = {
    ...{ project, mediaTypes: [], localizationTypes: [], stateTypes: [], leafTypes: [], users: {} },
    ...{ versions: [baseline, review], sections: [], leaves: [], bookmarks: [], favorites: [] },
  };

  async function opened(permission = 'Full Control') {
    const { store, sync } = await makeWorld().open();
    await sync.saveCatalog(catalog);
    let view = (await now(store.catalog(1))) as CatalogView;
    const faults: Fault[] = [];
    const edits = new ProjectEdits({ store, projectId: 1, onFault: (fault) => faults.push(fault) });
    const layers = new LayersController({
      ...{ store, edits, projectId: 1, makeId: () => 'made' },
      project: () => ({ ...project, permission }),
      catalog: () => view,
    });
    const look = async () => (view = (await now(store.catalog(1))) as CatalogView).versions;
    return { store, edits, layers, faults, look };
  }

  it('makes one that is annotated in from then on, and takes it back', async () => {
    const { edits, layers, look } = await opened();
    expect(layers.number).toBe(1);
    const fields = { name: 'Second look', description: 'by Ana' };
    expect(await layers.create(fields, [review, mine])).toBe(true);
    expect((await look()).at(-1)).toMatchObject({ id: 0, key: 'made', ...fields, bases: [5] });
    await edits.undo();
    expect((await look()).map(({ name }) => name)).toEqual(['Baseline', 'Review']);
  });

  it('renames one, and deletes it where it is empty', async () => {
    const { layers, look } = await opened();
    await layers.change(review, { name: 'Reviewed', description: 'done' });
    expect((await look())[1]).toMatchObject({ name: 'Reviewed', description: 'done', bases: [1] });
    expect(await layers.remove(review)).toBe(true);
    expect((await look()).map(({ name }) => name)).toEqual(['Baseline']);
  });

  it('says why one with annotations is neither deleted nor unmade', async () => {
    const { edits, layers, faults, store, look } = await opened();
    await layers.create({ name: 'Second look', description: '' }, []);
    await store.apply(createCommand(refOf('a', localVersion('made'))));
    const made = (await look()).at(-1);
    expect(await layers.remove(made!)).toBe(false);
    expect(await edits.undo()).toBe(false);
    expect(faults.map(({ message }) => message)).toEqual([
      'There are annotations in the layer',
      'There are annotations in the layer',
    ]);
    expect(await look()).toHaveLength(3);
  });

  it('offers no change to who may only view', async () => {
    expect((await opened('View Only')).layers.mayChange).toBe(false);
    expect((await opened('Can Edit')).layers.mayChange).toBe(true);
  });

  it('keeps showing what is annotated in', async () => {
    const { layers } = await opened();
    layers.show(baseline, false);
    expect(layers.hidden).toEqual(new Set());
    layers.show(review, false);
    expect(layers.hidden).toEqual(new Set([5]));
    layers.choose(review);
    expect(layers.hidden).toEqual(new Set());
  });
});
