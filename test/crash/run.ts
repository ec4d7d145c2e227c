import { parseArgs } from 'node:util';
import { startTestHub } from '../support/hub.ts';
import { crashRun } from './crash.ts';

/*
 * `npm run -s crash -- [--times N] [--seed S]`: kills the hub N times under load, and ends with 1 if
 * anything that was acknowledged is lost or doubled.
 */

const { values } = parseArgs({
  options: { times: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
const [times, seed] = [Number(values.times), Number(values.seed)];
if (!Number.isInteger(times) || times < 1 || !Number.isInteger(seed))
  throw new Error('usage: crash [--times N] [--seed S]');

const hub = await startTestHub({ sample: true });
try {
  const outcome = await crashRun(hub, {
    times,
    seed,
    onKill: (kill) => {
      if (kill % 10 === 0) console.log(`${kill} of ${times}`);
    },
  });
  const { creates, edits, deletes, files } = outcome.acknowledged;
  for (const problem of outcome.problems) console.log(problem);
  console.log(`acknowledged: ${creates} creates, ${edits} edits, ${deletes} deletes, ${files} files`);
  const { resumedUploads, keyed, transcodes } = outcome.continued;
  console.log(`over a kill: ${resumedUploads} uploads, ${keyed} keyed requests, ${transcodes} transcodes`);
  console.log(
    `${outcome.kills} kills, ${outcome.databaseKills} of them with the database, ${outcome.problems.length} lost or doubled`,
  );
  process.exitCode = outcome.problems.length === 0 ? 0 : 1;
} finally {
  await hub.stop();
}
