import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killRun } from '../../kill/kills.ts';
import { KillLaptop } from '../../kill/laptop.ts';

/* A small share of `npm run -s kill`: the built app, its host and a hub, really killed at work. */

let laptop: KillLaptop;

beforeAll(async () => {
  laptop = await KillLaptop.start();
});

afterAll(async () => {
  await laptop.remove();
});

describe('real kills', () => {
  it('lose and double nothing that was acknowledged, and send no more than a part a lane again', async () => {
    const { edits, uploads, faults } = await killRun(laptop, { times: 3, seed: 4 });
    expect(faults).toEqual([]);
    expect(edits).toBeGreaterThan(0);
    expect(uploads).toBeGreaterThan(0);
  });
});
