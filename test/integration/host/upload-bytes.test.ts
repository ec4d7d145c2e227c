import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom, type Random } from '../../../src/base/random.ts';
import { eventually } from '../../support/host.ts';
import type { StoreStyle } from '../../support/object-stores.ts';
import { Uploading } from '../../support/uploading.ts';

/*
 * Media bytes identical: whatever happens on the way, and however often, the server has the file's very
 * bytes in the end, once as an object, and no part of two uploads in one. What happens follows from a seed.
 */

const border = 256 * 1024;
const seeds = [1, 2, 3, 4];
const happenings = ['drop-before', 'drop-after', 'busy', 'garbage', 'expire', 'kill'] as const;

let bench: Uploading;
afterEach(() => bench.remove());

function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)]!;
}

/** The next requests of the upload fail, all its URLs run out, or the program ends where it is. */
async function happen(random: Random): Promise<void> {
  const { behaviour } = bench.store;
  const what = pick(happenings, random);
  if (what === 'kill') await bench.restart();
  else if (what === 'expire') behaviour.edition += 1;
  else
    for (let i = 0; i < 1 + random() * 2; i++)
      behaviour.troubles.push({ match: pick([/objects/, /objects/, /UploadCompletion/], random), do: what });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** An upload during which five things happen; resolves with what the store has in the end. */
async function uploadThrough(seed: number, size: number): Promise<Buffer[]> {
  const random = seededRandom(seed);
  bench.store.behaviour.partDelay = 15;
  await bench.enqueue('dive');
  for (let i = 0; i < 5; i += 1) {
    await pause(60 * random());
    if (bench.upload().state.kind === 'done') break;
    await happen(random);
  }
  for (let tries = 0; bench.upload().state.kind !== 'done' && tries < 40; tries += 1) {
    // What is left to the user, he asks for again.
    if (bench.upload().state.kind === 'failed') await bench.uploader.resume('dive');
    bench.uploader.wake();
    await pause(100);
  }
  // A transcode whose asking a kill has cut off is asked for again after a minute.
  await eventually(async () => (bench.upload().state.kind === 'done' ? true : undefined), {
    ...{ patience: 90_000, what: 'the end of the upload' },
  });
  expect(bench.upload().size).toBe(size);
  return [...bench.store.objects.values()];
}

describe.each(['s3', 'google', 'azure', 'hub'] as const satisfies StoreStyle[])(
  'over lost answers, expired URLs and restarts, a store like %s',
  (style) => {
    const partBytes = style === 'google' ? border : 1000;

    it.each(seeds)('has the bytes of a file in parts (seed %i)', { timeout: 120_000 }, async (seed) => {
      bench = await Uploading.start({ style, partBytes });
      const content = await bench.addMedia('dive', 6 * partBytes + 321);
      const objects = await uploadThrough(seed, content.length);
      expect(objects.length).toBeGreaterThan(0);
      for (const object of objects) expect(object.equals(content)).toBe(true);
    });

    it.each(seeds)(
      'has the bytes of a file that goes with one PUT (seed %i)',
      { timeout: 120_000 },
      async (seed) => {
        bench = await Uploading.start({ style, partBytes });
        const content = await bench.addMedia('dive', 700);
        const objects = await uploadThrough(seed + 100, content.length);
        expect(objects.length).toBeGreaterThan(0);
        for (const object of objects) expect(object.equals(content)).toBe(true);
      },
    );
  },
);
