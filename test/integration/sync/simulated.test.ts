import { describe, expect, it } from 'vitest';
import { simulateInChromium } from '../../simulation/in-chromium.ts';

/* A small share of `npm run -s simulate -- --store dexie`. */

const schedules = 8;

describe('schedules of the simulation on the real database in Chromium', () => {
  it('keep every invariant', async () => {
    const found: { seed: number; violation: string }[] = [];
    const crashes = await simulateInChromium({ schedules, seed: 1, onFound: (one) => found.push(one) });
    expect(found).toEqual([]);
    expect(crashes).toBeGreaterThan(schedules * 2);
  });
});
