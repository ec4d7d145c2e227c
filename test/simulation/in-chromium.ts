import { inChromium } from '../support/in-chromium.ts';
import type { SimulationPage } from './page/entry.ts';

declare const simulationPage: SimulationPage;

/** Schedules that run beside each other in the page: each of them waits for the disk most of the time. */
const atOnce = 4;

export interface ChromiumRun {
  schedules: number;
  seed: number;
  onFound: (found: { seed: number; violation: string }) => void;
  onDone?: (done: number) => void;
}

/** Runs schedules on real databases of a real Chromium; gives the number of crashes in them. */
export function simulateInChromium({ schedules, seed, onFound, onDone }: ChromiumRun): Promise<number> {
  return inChromium(new URL('page/entry.ts', import.meta.url), {}, async (page) => {
    let [next, done, crashes] = [seed, 0, 0];
    const lane = async (): Promise<void> => {
      while (next < seed + schedules) {
        const one = next++;
        const outcome = await page.evaluate((chosen) => simulationPage.run(chosen), one);
        crashes += outcome.crashes;
        const [violation] = outcome.violations;
        if (violation !== undefined) onFound({ seed: one, violation });
        onDone?.((done += 1));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return crashes;
  });
}
