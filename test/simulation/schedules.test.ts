import { describe, expect, it } from 'vitest';
import { plants } from './plants.ts';
import { firstFailure, runScript, shrinkFailure } from './run.ts';
import { scriptOf } from './script.ts';
import { asTestCase } from './shrink.ts';

const schedules = 2000;

describe('any schedule of edits, kills, lost answers and lost databases', () => {
  it(`keeps every invariant in ${schedules} schedules`, { timeout: 300_000 }, async () => {
    let crashes = 0;
    for (let seed = 1; seed <= schedules; seed += 1) {
      const script = scriptOf(seed);
      const outcome = await runScript(script);
      crashes += outcome.crashes;
      const [violation] = outcome.violations;
      if (violation === undefined) continue;
      const smallest = await shrinkFailure(script, violation);
      expect.fail(`seed ${seed}: ${violation}\n${asTestCase(smallest, violation)}`);
    }
    expect(crashes).toBeGreaterThan(schedules * 3);
  });

  it('keeps them where whatever is stored is frozen', { timeout: 60_000 }, async () => {
    expect(await firstFailure({ from: 1, count: 100 }, { frozen: true })).toBeNull();
  });

  it('is the same each time the same seed runs', async () => {
    for (let seed = 1; seed <= 20; seed += 1)
      expect(await runScript(scriptOf(seed))).toEqual(await runScript(scriptOf(seed)));
  });

  it.each([
    [4, 'a new element that others delete in place while its create is in doubt'],
    [405, 'the clock of a device is set back by an hour'],
    [1810, 'an element deleted in place, whose later edit came from the recorder'],
    [2307, 'a media that is there already, renamed after the database was lost'],
    [7637, 'a delete of what never reached the server'],
    [7762, 'a tombstone in place that a restore takes back'],
    [14723, 'an element deleted here and edited there, both while a restore takes it away'],
    [2578, 'an edit whose number had been given before to another, confirmed one'],
  ])('keeps them in schedule %i: %s', async (seed) => {
    expect((await runScript(scriptOf(seed))).violations).toEqual([]);
  });
});

describe('the checkers catch a planted bug:', () => {
  it.each(Object.keys(plants))('%s', { timeout: 60_000 }, async (name) => {
    const caught = await firstFailure({ from: 1, count: 300 }, { planted: plants[name] ?? {} });
    expect(caught?.violations).toBeDefined();
  });
});
