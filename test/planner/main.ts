import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mergeCase } from './cases.ts';
import { broken } from './properties.ts';

/*
 * `npm run -s planner -- [--cases N] [--seed S]`: N random cases of one entity that two sides changed, on
 * all cores; prints each broken property with its seed, then `N cases, V violations`; 1 if there was one.
 */

interface Share {
  from: number;
  step: number;
  end: number;
}

/** Violations that are printed; the others are counted. */
const shown = 20;

const me = fileURLToPath(import.meta.url);
const [first, share] = process.argv.slice(2);
if (first === 'share' && share !== undefined) runShare(JSON.parse(share) as Share);
else await run();

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: { cases: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
  });
  const [cases, seed] = [Number(values.cases), Number(values.seed)];
  if (!Number.isInteger(cases) || cases < 1 || !Number.isInteger(seed))
    throw new Error('usage: planner [--cases N] [--seed S]');
  const step = availableParallelism();
  const shares = Array.from({ length: step }, (_, i) =>
    inProcess({ from: seed + i, step, end: seed + cases }),
  );
  const found = (await Promise.all(shares)).flat().sort((a, b) => a.seed - b.seed);
  for (const { seed: failing, violation } of found.slice(0, shown))
    console.log(`seed ${failing}: ${violation}`);
  console.log(`${cases} cases, ${found.length} violations`);
  process.exitCode = found.length === 0 ? 0 : 1;
}

interface Found {
  seed: number;
  violation: string;
}

function inProcess(own: Share): Promise<Found[]> {
  const child = fork(me, ['share', JSON.stringify(own)]);
  return new Promise((resolve, reject) => {
    child.on('message', (found: Found[]) => resolve(found));
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`a process of the planner's cases ended with ${code}`)));
  });
}

function runShare({ from, step, end }: Share): void {
  const found: Found[] = [];
  for (let seed = from; seed < end; seed += step)
    found.push(...broken(mergeCase(seed)).map((violation) => ({ seed, violation })));
  process.send?.(found, undefined, undefined, () => process.disconnect());
}
