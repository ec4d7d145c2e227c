import type { TestHub } from '../support/hub.ts';
import { crewOf } from './hub-project.ts';
import { play } from './play.ts';
import type { Difference } from './quirks.ts';
import { oracleScript } from './script.ts';

export interface Outcome {
  requests: number;
  differences: (Difference & { seed: number; at: number })[];
  /** How often each quirk was met. */
  quirks: Map<string, number>;
}

/** Scripts that are played at a time; each waits for the hub's disk most of its time. */
const lanes = 4;

/** Plays the scripts of `count` seeds from `first` on; the hub needs the sample's users. */
export async function playAll(
  hub: TestHub,
  { first, count }: { first: number; count: number },
  onDifference: (difference: Outcome['differences'][number]) => void = () => undefined,
): Promise<Outcome> {
  const outcome: Outcome = { requests: 0, differences: [], quirks: new Map() };
  const crew = await crewOf(hub);
  const counted: typeof fetch = (...args) => {
    outcome.requests += 1;
    return fetch(...args);
  };
  let next = first;
  const lane = async (): Promise<void> => {
    while (next < first + count) {
      const seed = next++;
      const played = await play(oracleScript(seed), { hub, crew, fetch: counted });
      for (const [name, times] of played.quirks)
        outcome.quirks.set(name, (outcome.quirks.get(name) ?? 0) + times);
      if (played.difference === null) continue;
      const difference = { ...played.difference, seed };
      outcome.differences.push(difference);
      onDifference(difference);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return outcome;
}
