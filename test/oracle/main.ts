import { parseArgs } from 'node:util';
import { startTestHub } from '../support/hub.ts';
import { playAll } from './plays.ts';
import { quirks } from './quirks.ts';

/*
 * `npm run -s oracle -- [--scripts N] [--seed S]`: plays N random scripts of requests on the simulated
 * Tator of the simulation and on a real hub, and compares the answers. Prints each difference that no
 * quirk explains, how often each quirk was met, and `N scripts, K requests, D differences`; 1 if there
 * was one.
 */

const { values } = parseArgs({
  options: { scripts: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' } },
});
const [scripts, seed] = [Number(values.scripts), Number(values.seed)];
if (!Number.isInteger(scripts) || scripts < 1 || !Number.isInteger(seed))
  throw new Error('usage: oracle [--scripts N] [--seed S]');

const hub = await startTestHub({ sample: true });
const outcome = await playAll(hub, { first: seed, count: scripts }, ({ seed: failing, at, what, step }) =>
  console.log(`seed ${failing}, step ${at}: ${what} (simulated Tator, then hub)\n  ${JSON.stringify(step)}`),
).finally(() => hub.stop());
for (const [name, { reason }] of Object.entries(quirks))
  console.log(`${outcome.quirks.get(name) ?? 0} × ${name}: ${reason}`);
const { requests, differences } = outcome;
console.log(`${scripts} scripts, ${requests} requests, ${differences.length} differences`);
process.exitCode = differences.length === 0 ? 0 : 1;
