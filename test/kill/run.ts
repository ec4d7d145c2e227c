import { parseArgs } from 'node:util';
import { killRun } from './kills.ts';
import { KillLaptop } from './laptop.ts';

/*
 * `npm run -s kill -- [--times N] [--seed S]`: SIGKILLs browser, host and hub N times at work, starts them
 * again on the same folders, and ends with 1 if anything that was acknowledged is lost or doubled, or a
 * kind of moment was never met. Needs the built app (`npm run build`).
 */

const { values } = parseArgs({
  options: { times: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const [times, seed] = [Number(values.times), Number(values.seed)];
if (!Number.isInteger(times) || times < 1 || !Number.isInteger(seed))
  throw new Error('usage: kill [--times N] [--seed S]');
console.log(`seed ${seed}`);

const laptop = await KillLaptop.start();
try {
  const { kills, moments, edits, uploads, resent, databases, clicks, faults } = await killRun(laptop, {
    ...{ times, seed },
    onKill: (kill, victim, found) => {
      for (const { kind, text } of found) console.log(`kill ${kill}, of ${victim}: ${kind}: ${text}`);
      if (kill % 10 === 0) console.log(`${kill} of ${times}`);
    },
  });
  const list = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ');
  for (const { kind, text } of faults) console.log(`${kind}: ${text}`);
  if (faults.length > 0) console.log(laptop.logs());
  console.log(`killed: ${list(kills)}; under way at a kill: ${list(moments)}`);
  console.log(`the browser had lost its database after ${databases} of the kills`);
  for (const click of clicks) console.log(`retried by the user: ${click}`);
  console.log(
    `${clicks.length} retries by the user; at most ${resent.most} parts of a file re-sent after a kill`,
  );
  const count = (kind: string): number => faults.filter((fault) => fault.kind === kind).length;
  const wrong = count('wrong') > 0 ? `, ${count('wrong')} otherwise wrong` : '';
  console.log(
    `${times} kills, ${edits} edits, ${count('lost')} lost, ${count('doubled')} doubled${wrong}, ` +
      `${uploads} uploads, ${resent.parts} parts re-sent`,
  );
  // A long run that never met a moment has not shown what becomes of it.
  const unmet = times < 100 ? [] : Object.entries({ ...moments, ...kills }).filter(([, met]) => met === 0);
  if (unmet.length > 0) console.log(`never met: ${unmet.map(([moment]) => moment).join(', ')}`);
  process.exitCode = faults.length + unmet.length + (edits === 0 ? 1 : 0) === 0 ? 0 : 1;
} catch (error) {
  console.log(laptop.logs());
  throw error;
} finally {
  await laptop.remove();
}
