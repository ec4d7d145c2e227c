import { describe, expect, it } from 'vitest';
import type { ProjectCatalog } from '../../../src/domain/entity-types.ts';
import { catalogRef, entityKey, type EntityRef } from '../../../src/domain/identity.ts';
import { lookupsOf } from '../../../src/renderer/views/lookups-of.ts';

const text = { name: 'Remark', dtype: 'string' };
const species = { name: 'Species', dtype: 'string', autocomplete: { serviceUrl: '/suggest' } };
const catalog = {
  project: { id: 1, name: 'Dives', summary: '', permission: 'Full Control' },
  localizationTypes: [{ id: 7, name: 'Box', attribute_types: [text, species] }],
  stateTypes: [{ id: 8, name: 'Track', attribute_types: [text] }],
  sections: [{ id: 3, key: 's', name: 'Dive 7' }],
  ...{ mediaTypes: [], versions: [], leaves: [], bookmarks: [], favorites: [], users: {} },
} as unknown as ProjectCatalog;
const lookups = lookupsOf({ catalog, items: [], local: new Map() });

function labelled(ref: EntityRef, type: number, fields = {}): string | null {
  return lookups.label({ key: entityKey(ref), ref, type, fields });
}

describe('the names of what waits or collides', () => {
  const box = { kind: 'localization', version: 1, elementalId: 'a' } as const;

  it('are the species of a localization, not its other texts', () => {
    const fields = { 'attributes.Remark': 'left', 'attributes.Species': 'Sebastes' };
    expect(labelled(box, 7, fields)).toBe('Sebastes');
    expect(labelled(box, 7, { 'attributes.Remark': 'left' })).toBeNull();
  });

  it('are the first text of a type without a species', () => {
    const track = { kind: 'state', version: 1, elementalId: 't' } as const;
    expect(labelled(track, 8, { 'attributes.Remark': 'left' })).toBe('left');
  });

  it('are what sections are called, and nothing of a type that is not known', () => {
    expect(labelled(catalogRef('section', 's'), 0)).toBe('Dive 7');
    expect(labelled(box, 99, { 'attributes.Species': 'Sebastes' })).toBeNull();
  });
});
