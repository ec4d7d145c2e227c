import { describe, expect, it } from 'vitest';
import type { Section } from '../../../src/domain/entity-types.ts';
import { freePath, sectionRows } from '../../../src/renderer/features/library/sections-controller.svelte.ts';

const section = (name: string, path: string | null, over: Partial<Section> = {}): Section => ({
  ...{ id: 1, key: name, project: 1, name, path, dtype: 'folder', visible: true },
  ...over,
});

describe('the list of sections', () => {
  it('puts a section below those that its path begins with', () => {
    const rows = sectionRows([
      section('Dive 10', 'Cruise.Dive_10'),
      section('Cruise', 'Cruise'),
      section('Dive 2', 'Cruise.Dive_2'),
      section('Alone', 'Elsewhere.Alone'),
    ]);
    expect(rows.map(({ section: { name }, depth }) => `${depth} ${name}`)).toEqual([
      '0 Cruise',
      '1 Dive 2',
      '1 Dive 10',
      '0 Alone',
    ]);
  });

  it('shows one that a server made without a path, and none that is hidden', () => {
    const rows = sectionRows([section('Uploads', null), section('Old', 'Old', { visible: false })]);
    expect(rows.map(({ section: { name } }) => name)).toEqual(['Uploads']);
  });
});

describe('the path of a new section', () => {
  it('has only what a server takes, and does not nest at a dot of its name', () => {
    expect(freePath('Dive 7.2 – été', [], null)).toBe('Dive_7_2____t_');
    expect(freePath('Left', [], 'Cruise.Dive_7')).toBe('Cruise.Dive_7.Left');
  });

  it('is one that no other section has', () => {
    expect(freePath('Dive', ['Dive', 'Dive_2'], null)).toBe('Dive_3');
  });
});
