import { parseArgs } from 'node:util';
import { startTestHub } from '../support/hub.ts';
import { fuzzOnce } from './fuzz.ts';

/*
 * `npm run -s fuzz -- [--runs N] [--seed S]`: N times one strange request for every operation. Prints
 * what was answered with a 5xx or not at all, and ends with 1 if anything was.
 */

/** Runs on one hub: what strange requests did to it makes later ones less telling. */
const RUNS_A_HUB = 10;

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
const [runs, first] = [Number(values.runs), Number(values.seed)];
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(first))
  throw new Error('usage: fuzz [--runs N] [--seed S]');

let requests = 0;
let found = 0;
const statuses = new Map<number, number>();
for (let from = first; from < first + runs; from += RUNS_A_HUB) {
  const hub = await startTestHub({ sample: true, env: { RUN_ALGORITHMS: '1' } });
  try {
    for (let seed = from; seed < Math.min(from + RUNS_A_HUB, first + runs); seed += 1) {
      const before = hub.stderr().length;
      const outcome = await fuzzOnce(hub, seed);
      requests += outcome.requests;
      for (const [status, count] of outcome.statuses)
        statuses.set(status, (statuses.get(status) ?? 0) + count);
      for (const { operation, request, answer } of outcome.findings) {
        found += 1;
        console.log(`seed ${seed}, ${operation}: ${request}\n  answered ${answer}`);
      }
      if (outcome.findings.length > 0) console.log(hub.stderr().slice(before));
    }
  } finally {
    await hub.stop();
  }
}
const shown = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`);
console.log(`answers: ${shown.join(', ')}`);
console.log(`${requests} requests, ${found} answered with a 5xx or not at all`);
process.exitCode = found === 0 ? 0 : 1;
