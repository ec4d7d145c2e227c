import { parseArgs } from 'node:util';
import { drain, type DrainPlan } from '../support/drain.ts';
import { startTestHub } from '../support/hub.ts';

/**
 * `npm run -s link`: edits made offline reach a hub over links as ships have them, in real time. Prints
 * a line a link; exits 1 where an edit was lost, doubled, or took longer than allowed.
 */
const { values } = parseArgs({ options: { only: { type: 'string' }, edits: { type: 'string' } } });
const edits = Number(values.edits ?? 10_000);
const minute = 60_000;

const plans: Record<string, DrainPlan> = {
  'thin: 600 ms, 1 % loss, 256 kbit/s': {
    ...{ drawn: 500, changed: 500, patience: 5 * minute },
    link: { roundTrip: 600, rate: 256_000, loss: 0.01, resets: 0.02 },
  },
  'handover: gaps of 15 s every 25 s at 600 ms, 1 Mbit/s': {
    ...{ drawn: 500, changed: 1000, patience: 6 * minute, gaps: { every: 25_000, length: 15_000 } },
    link: { roundTrip: 600, rate: 1_000_000, loss: 0, resets: 0 },
  },
  'outage: 40 s cut off in the middle at 600 ms, 1 Mbit/s': {
    ...{ drawn: 500, changed: 500, patience: 5 * minute, outage: 40_000 },
    link: { roundTrip: 600, rate: 1_000_000, loss: 0, resets: 0 },
  },
  [`drain: ${edits} edits at 600 ms, 1 Mbit/s`]: {
    ...{ drawn: 0, changed: edits, patience: 9 * minute },
    link: { roundTrip: 600, rate: 1_000_000, loss: 0, resets: 0 },
  },
};

let failed = false;
for (const [name, plan] of Object.entries(plans)) {
  if (values.only !== undefined && !name.startsWith(values.only)) continue;
  const hub = await startTestHub();
  try {
    const { seconds, open, doubled, lost, gaps, count } = await drain(hub, plan);
    const { up, down, connections, reset } = count;
    const traffic = `${Math.round(up / 1000)} kB up, ${Math.round(down / 1000)} kB down`;
    const troubles = `${count.lost} packets lost, ${reset} resets, ${gaps} gaps`;
    console.log(
      `${name}: ${plan.drawn + plan.changed} edits in ${seconds.toFixed(0)} s, ${open} open, ` +
        `${doubled} doubled, ${lost} lost (${traffic}, ${connections} connections, ${troubles})`,
    );
    failed ||= open + doubled + lost > 0;
  } finally {
    await hub.stop();
  }
}
process.exitCode = failed ? 1 : 0;
