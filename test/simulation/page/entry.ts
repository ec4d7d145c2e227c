import { runOnDexie } from '../on-dexie.ts';
import type { Outcome } from '../run.ts';
import { scriptOf } from '../script.ts';

/** The simulation in a real page: its devices on the page's own IndexedDB. */
export interface SimulationPage {
  run(seed: number): Promise<Outcome>;
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** A message comes after all promises, and does not wait as a timer has to. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}

const simulationPage: SimulationPage = {
  run: (seed) => runOnDexie(scriptOf(seed), { breathe, name: `seed-${seed}` }),
};

Object.assign(globalThis, { simulationPage });
