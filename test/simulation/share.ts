import { runScript } from './run.ts';
import { scriptOf } from './script.ts';

/*
 * A process of the simulation: every `step`-th schedule from seed `from` to before `end`. It tells what it
 * finds at once, and at the end how many crashes there were.
 */

export interface Share {
  from: number;
  step: number;
  end: number;
}

export interface Found {
  seed: number;
  violation: string;
}

export type Message = { kind: 'found'; found: Found } | { kind: 'done'; crashes: number };

function tell(message: Message): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

const { from, step, end } = JSON.parse(process.argv[2] ?? '') as Share;
let crashes = 0;
for (let seed = from; seed < end; seed += step) {
  const outcome = await runScript(scriptOf(seed));
  crashes += outcome.crashes;
  const [violation] = outcome.violations;
  if (violation !== undefined) await tell({ kind: 'found', found: { seed, violation } });
}
await tell({ kind: 'done', crashes });
