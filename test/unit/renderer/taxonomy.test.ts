import { describe, expect, it } from 'vitest';
import type { Leaf } from '../../../src/domain/entity-types.ts';
import { TaxonomyIndex } from '../../../src/renderer/features/inspector/taxonomy.ts';

const leaf = (id: number, name: string, parent: number | null, alias?: string): Leaf => ({
  id,
  key: `id:${id}`,
  type: 1,
  name,
  parent: parent === null ? null : `id:${parent}`,
  path: '',
  attributes: alias === undefined ? {} : { alias },
});

const index = new TaxonomyIndex([
  leaf(1, 'Animalia', null),
  leaf(2, 'Cnidaria', 1),
  leaf(3, 'Aurelia aurita', 2, 'Moon jelly'),
  leaf(4, 'Paraurelia', 2),
  leaf(5, 'Chrysaora aurelia', 2),
  leaf(6, 'Nanomia bijuga', 2, 'Common siphonophore'),
]);
const names = (query: string): string[] => index.search(query, 10).items.map(({ name }) => name);

describe('searching the taxonomy', () => {
  it('puts what begins with the text first, then words within, then the rest', () => {
    expect(names('aurelia')).toEqual(['Aurelia aurita', 'Chrysaora aurelia', 'Paraurelia']);
  });

  it('finds by common name', () => {
    expect(names('moon')).toEqual(['Aurelia aurita']);
    expect(names('siphon')).toEqual(['Nanomia bijuga']);
  });

  it('tells the lineage from the root down', () => {
    expect(index.find('aurelia aurita')?.lineage).toEqual(['Animalia', 'Cnidaria']);
  });

  it('does not hang on leaves that are each other’s parents', () => {
    const ring = new TaxonomyIndex([leaf(1, 'A', 2), leaf(2, 'B', 1)]);
    expect(ring.find('A')?.lineage).toEqual(['B']);
  });

  it('says how many more there are', () => {
    const many = new TaxonomyIndex(Array.from({ length: 50 }, (_, i) => leaf(i, `Species ${i}`, null)));
    expect(many.search('spec', 40)).toMatchObject({ more: 10 });
  });
});
