import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../src/contract/errors.ts';
import type { Leaf, LeafType, ProjectCatalog } from '../../../src/domain/entity-types.ts';
import { ProjectEdits } from '../../../src/renderer/backend/project-edits.svelte.ts';
import { LabelTree, nameFault } from '../../../src/renderer/features/labels/label-tree.ts';
import { LabelsController } from '../../../src/renderer/features/labels/labels-controller.svelte.ts';
import type { CatalogView } from '../../../src/store/types.ts';
import { makeWorld, now } from '../store/support.ts';

const leaf = (name: string, parent: string | null, over: Partial<Leaf> = {}): Leaf => ({
  ...{ id: 1, key: name, type: 2, name, parent, path: '', attributes: {} },
  ...over,
});
const leaves = [
  leaf('Fish', null),
  leaf('Gadidae', 'Fish'),
  leaf('Gadus morhua', 'Gadidae', { attributes: { alias: 'Atlantic cod' } }),
  leaf('Corals', null),
  leaf('Lost', 'Never heard of'),
  leaf('Blurred', null, { type: 3 }),
];
const tree = new LabelTree(leaves, 2);
const lines = (rows: readonly { leaf: Leaf; depth: number }[]): string[] =>
  rows.map(({ leaf: { name }, depth }) => `${depth} ${name}`);

describe('the tree of labels', () => {
  it('shows of one type what is open, by name, and at the top what lies below nothing known', () => {
    expect(lines(tree.rows(new Set()))).toEqual(['0 Corals', '0 Fish', '0 Lost']);
    expect(lines(tree.rows(new Set(['Fish'])))).toEqual(['0 Corals', '0 Fish', '1 Gadidae', '0 Lost']);
    expect(tree.rows(new Set()).map(({ children }) => children)).toEqual([0, 1, 0]);
    expect(tree.size).toBe(5);
  });

  it('finds by name and common name, and shows what is above', () => {
    const { rows, found } = tree.search(' ATLANTIC ');
    expect(lines(rows)).toEqual(['0 Fish', '1 Gadidae', '2 Gadus morhua']);
    expect(rows.map((row) => row.found)).toEqual([false, false, true]);
    expect(found).toBe(1);
    expect(tree.search('whale').rows).toEqual([]);
  });

  it('does not end where labels lie below each other in a circle', () => {
    const circle = new LabelTree([leaf('a', 'b'), leaf('b', 'a')], 2);
    expect(circle.above(leaf('a', 'b')).map(({ key }) => key)).toEqual(['b']);
    expect(circle.rows(new Set(['a', 'b']))).toEqual([]);
  });

  it('moves a label anywhere but below itself or to where it is', () => {
    const [fish, gadidae, cod] = leaves as [Leaf, Leaf, Leaf];
    expect(tree.placesFor(fish, '').map((one) => one?.name ?? null)).toEqual(['Corals', 'Lost']);
    expect(tree.placesFor(cod, '').map((one) => one?.name ?? null)).toEqual([null, 'Corals', 'Fish', 'Lost']);
    expect(tree.placesFor(gadidae, 'cor').map((one) => one?.name)).toEqual(['Corals']);
  });
});

describe('the name of a label', () => {
  it('holds what a server can write into a path, and none that it would not tell apart', () => {
    expect(nameFault('Sebastes (juv.)', [])).toBe('characters');
    expect(nameFault('a/b', [])).toBe('characters');
    expect(nameFault('Séba-stes sp_1 (juv)', [])).toBeNull();
    expect(nameFault('Gadus-morhua', [leaf('Gadus morhua', null)])).toBe('taken');
    expect(nameFault('gadus morhua', [leaf('Gadus morhua', null)])).toBeNull();
  });
});

describe('what people do to labels', () => {
  const project = { id: 1, name: 'Cruise', summary: '', permission: 'Full Control' };
  const catalog: ProjectCatalog = {
    ...{ project, mediaTypes: [], localizationTypes: [], stateTypes: [], users: {} },
    ...{ versions: [], sections: [], leaves, bookmarks: [], favorites: [] },
    leafTypes: [{ id: 2, name: 'Taxonomy' } as LeafType, { id: 3, name: 'Quality' } as LeafType],
  };

  async function opened(permission = 'Full Control') {
    const { store, sync } = await makeWorld().open();
    await sync.saveCatalog(catalog);
    const faults: Fault[] = [];
    let keys = 0;
    const makeId = () => `made-${(keys += 1)}`;
    const view = (await now(store.catalog(1))) as CatalogView;
    const edits = new ProjectEdits({ store, projectId: 1, onFault: (fault) => faults.push(fault) });
    const labels = new LabelsController({
      ...{ edits, projectId: 1, makeId, catalog: () => view },
      project: () => ({ ...project, permission }),
    });
    const look = async (key: string) =>
      (await now(store.catalog(1)))?.leaves.find((one) => one.key === key) ?? null;
    return { store, labels, faults, look };
  }

  it('makes a label below another, opens that, and takes it back', async () => {
    const { labels, look } = await opened();
    labels.add(leaves[0]!);
    expect(labels.rows.map((row) => row.kind)).toEqual(['label', 'label', 'typing', 'label', 'label']);
    expect(labels.faultOf('Gadidae')).toBe('taken');
    expect(labels.faultOf('Corals')).toBeNull();
    await labels.named('Sebastidae');
    expect(await look('made-1')).toMatchObject({ id: 0, type: 2, name: 'Sebastidae', parent: 'Fish' });
    await labels.undo();
    expect(await look('made-1')).toBeNull();
  });

  it('makes nothing where no name was given', async () => {
    const { labels, look } = await opened();
    labels.add(null);
    await labels.named('');
    expect([labels.typing, await look('made-1')]).toEqual([null, null]);
  });

  it('makes labels of the type that is shown', async () => {
    const { labels, look } = await opened();
    labels.choose(3);
    expect(labels.rows).toMatchObject([{ leaf: { name: 'Blurred' } }]);
    labels.add(null);
    await labels.named('Sharp');
    expect(await look('made-1')).toMatchObject({ type: 3, parent: null });
  });

  it('renames, moves and deletes', async () => {
    const { labels, look } = await opened();
    const cod = leaves[2]!;
    labels.typing = { kind: 'name', leaf: cod };
    expect(labels.faultOf('Gadus morhua')).toBeNull();
    await labels.named('Gadus chalcogrammus');
    await labels.move(cod, leaves[3]!);
    expect(await look(cod.key)).toMatchObject({
      ...{ name: 'Gadus chalcogrammus', parent: 'Corals' },
      attributes: { alias: 'Atlantic cod' },
    });
    await labels.move(cod, null);
    expect(await look(cod.key)).toMatchObject({ parent: null });
    await labels.remove(cod);
    expect(await look(cod.key)).toBeNull();
  });

  it('moves nothing below itself, and deletes nothing with others below it', async () => {
    const { labels, faults, look } = await opened();
    expect(await labels.move(leaves[0]!, leaves[1]!)).toBe(false);
    expect(await labels.remove(leaves[0]!)).toBe(false);
    expect(faults.map(({ message }) => message)).toEqual(['There are other labels below it']);
    expect(await look('Fish')).toMatchObject({ parent: null });
  });

  it('offers changes with Full Control alone', async () => {
    expect((await opened('Can Edit')).labels.mayChange).toBe(false);
    expect((await opened()).labels.mayChange).toBe(true);
  });
});
