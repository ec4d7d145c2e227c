import { describe, expect, it } from 'vitest';
import { needOf, permits } from '../../../src/domain/permission.ts';

describe('the label of a project', () => {
  it('gives the rights of its level and of those below it', () => {
    const given = ['View Only', 'Can Edit', 'Can Transfer', 'Can Execute', 'Full Control'].map((label) => [
      permits(label, 'edit'),
      permits(label, 'transfer'),
    ]);
    expect(given).toEqual([
      [false, false],
      [true, false],
      [true, true],
      [true, true],
      [true, true],
    ]);
  });

  it('is a no only where it says so: what is no level is left to the server', () => {
    expect(['None', 'No Access'].map((label) => permits(label, 'edit'))).toEqual([false, false]);
    expect(['Creator', '', 'Curator'].map((label) => permits(label, 'transfer'))).toEqual([true, true, true]);
  });

  it('has to allow transfers for a new media alone', () => {
    const [media, box] = (['media', 'localization'] as const).map((kind) => ({
      kind,
      version: 1,
      elementalId: 'a',
    }));
    expect(needOf({ ref: media!, op: 'create' })).toBe('transfer');
    expect(needOf({ ref: media!, op: 'edit' })).toBe('edit');
    expect(needOf({ ref: box!, op: 'create' })).toBe('edit');
  });
});
