import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { playAll } from '../../oracle/plays.ts';
import { quirks } from '../../oracle/quirks.ts';
import { ToldChanges } from '../../oracle/told-changes.ts';
import { SimulatedTator } from '../../simulation/simulated-tator.ts';
import { startTestHub, type TestHub } from '../../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub({ sample: true });
});

afterAll(() => hub.stop());

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the simulated Tator, held against the hub', () => {
  it('answers random scripts of requests as the hub does, but for the quirks that are listed', async () => {
    const { differences, quirks: met, requests } = await playAll(hub, { first: 11, count: 30 });
    const told = differences.map(
      ({ seed, at, what, step }) => `seed ${seed}, step ${at}: ${what} ${step.act}`,
    );
    expect(told).toEqual([]);
    // A quirk that never occurs is none.
    expect([...met.keys()].sort()).toEqual(Object.keys(quirks).sort());
    expect(requests).toBeGreaterThan(1000);
  });

  it('is told apart where it forgets deletes, or edits in place', async () => {
    vi.spyOn(SimulatedTator.prototype, 'tombstone').mockReturnValue(null);
    expect((await playAll(hub, { first: 1, count: 4 })).differences).not.toEqual([]);
    vi.restoreAllMocks();
    const rewrite = vi.spyOn(SimulatedTator.prototype, 'rewrite');
    rewrite.mockImplementation(() => undefined);
    expect((await playAll(hub, { first: 1, count: 4 })).differences).not.toEqual([]);
  });

  it('is told apart where the hub’s feed does not tell what has changed', async () => {
    // Only the hub is asked for what the other has told.
    vi.spyOn(ToldChanges.prototype, 'next').mockImplementation((atLeast) =>
      Promise.resolve(new Set(atLeast === undefined ? ['localization a changed'] : [])),
    );
    const { differences } = await playAll(hub, { first: 1, count: 2 });
    expect(differences.map(({ what }) => what.slice(0, 8))).toEqual(['not told', 'not told']);
  });
});
