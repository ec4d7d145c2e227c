import { parseArgs } from 'node:util';
import { plantedLength, plantedSeeds, plants } from './plants.ts';
import { inProcesses } from './processes.ts';
import { firstFailure, shrinkFailure } from './run.ts';
import { scriptOf } from './script.ts';
import type { Found } from './share.ts';
import { asTestCase } from './shrink.ts';

/*
 * `simulate [--schedules N] [--seed S]`: runs N schedules from seed S on all cores, prints
 * `N schedules, C crashes, V violations`, and each violation with the smallest script that shows it;
 * ends with 1 if there was one. With `--store dexie` the devices are on the real database, in a real
 * Chromium: 300 schedules unless told otherwise, and what fails is not made small. `simulate planted`:
 * holds the checkers against known bugs.
 */

/** Violations that are made small; of the others the seed is enough. */
const shrunkAtMost = 3;
/** The real database takes a second or more for each. */
const usualSchedules = { memory: 100_000, dexie: 300 };

async function simulate({ schedules, seed }: { schedules: number; seed: number }): Promise<boolean> {
  const found: Found[] = [];
  const crashes = await inProcesses({ schedules, seed }, (one) => found.push(one));
  found.sort((a, b) => a.seed - b.seed);
  for (const [i, { seed: failing, violation }] of found.entries()) {
    console.log(`seed ${failing}: ${violation}`);
    if (i < shrunkAtMost) {
      const smallest = await shrinkFailure(scriptOf(failing), violation);
      console.log(asTestCase(smallest, violation));
    }
  }
  console.log(`${schedules} schedules, ${crashes} crashes, ${found.length} violations`);
  return found.length === 0;
}

async function simulateOnDexie({ schedules, seed }: { schedules: number; seed: number }): Promise<boolean> {
  // The processes of the other simulation have no use for a browser.
  const { simulateInChromium } = await import('./in-chromium.ts');
  let violations = 0;
  const crashes = await simulateInChromium({
    ...{ schedules, seed },
    onFound: ({ seed: failing, violation }) => {
      violations += 1;
      console.log(`seed ${failing}: ${violation}`);
    },
    onDone: (done) => {
      if (done % 50 === 0) console.log(`${done} of ${schedules}`);
    },
  });
  console.log(`${schedules} schedules on Dexie in Chromium, ${crashes} crashes, ${violations} violations`);
  return violations === 0;
}

async function planted(): Promise<boolean> {
  let caught = 0;
  for (const [name, { by, bug, from = 1 }] of Object.entries(plants)) {
    const begun = performance.now();
    const where = { from, count: plantedSeeds, by, length: plantedLength };
    const failure = await firstFailure(where, { planted: bug });
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    if (failure !== null) caught += 1;
    console.log(
      failure === null
        ? `MISSED  ${name} (${seconds} s)`
        : `caught  ${name} (seed ${failure.seed}, ${seconds} s: ${by})`,
    );
  }
  const count = Object.keys(plants).length;
  console.log(`${caught}/${count} planted bugs caught`);
  return caught === count;
}

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      schedules: { type: 'string' },
      seed: { type: 'string', default: '1' },
      store: { type: 'string', default: 'memory' },
    },
  });
  if (positionals[0] === 'planted') return planted();
  const { store } = values;
  const isKnown = store === 'memory' || store === 'dexie';
  const schedules = Number(values.schedules ?? (isKnown ? usualSchedules[store] : NaN));
  const seed = Number(values.seed);
  if (!isKnown || !Number.isInteger(schedules) || schedules < 1 || !Number.isInteger(seed))
    throw new Error('usage: simulate [--schedules N] [--seed S] [--store memory|dexie]');
  return store === 'dexie' ? simulateOnDexie({ schedules, seed }) : simulate({ schedules, seed });
}

process.exitCode = (await main()) ? 0 : 1;
