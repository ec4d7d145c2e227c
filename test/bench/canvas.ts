import { inChromium } from './chromium.ts';
import type { Comparison } from './measure.ts';
import type { CanvasBench } from './page/canvas.ts';

declare const bench: CanvasBench;

const frames = 60;

/** Script time of a frame of the layered canvas against one fabric canvas that holds every box. */
export async function compareCanvas(): Promise<Comparison[]> {
  return await inChromium('canvas.ts', {}, async (page) => {
    const comparisons: Comparison[] = [];
    for (const count of [1000, 5000]) {
      const what = { count, frames };
      const ours = await page.evaluate((w) => bench.layered(w.count, w.frames), what);
      const fabric = await page.evaluate((w) => bench.allFabric(w.count, w.frames), what);
      for (const gesture of ['drag', 'pan'] as const) {
        comparisons.push({
          job: `Canvas: script time of a frame, ${gesture} with ${count} boxes, Chromium`,
          ways: [
            { name: 'layers (ours)', times: ours[gesture] },
            { name: 'every box a fabric object', times: fabric[gesture] },
          ],
        });
      }
    }
    return comparisons;
  });
}
