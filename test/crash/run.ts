import { parseArgs } from 'node:util';
import { startTestHub } from '../support/hub.ts';
import { crashRun } from './crash.ts';

/*
 * `npm run -s crash -- [--times N] [--seed S]`: kills the hub N times under load, and ends with 1 if
 * anything that was acknowledged is lost or doubled, or a kind of work was never acknowledged.
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
  const { creates, edits, deletes, files, mediaEdits } = outcome.acknowledged;
  for (const problem of outcome.problems) console.log(problem);
  console.log(
    `acknowledged: ${creates} creates, ${edits} edits, ${deletes} deletes, ${files} files, ${mediaEdits} edits of a media`,
  );
  const { resumedUploads, keyed, transcodes } = outcome.continued;
  console.log(`over a kill: ${resumedUploads} uploads, ${keyed} keyed requests, ${transcodes} transcodes`);
  console.log(
    `${outcome.kills} kills, ${outcome.databaseKills} of them with the database, ${outcome.problems.length} lost or doubled`,
  );
  // A run in which nothing was acknowledged has shown nothing.
  const counts = Object.entries({ ...outcome.acknowledged, ...outcome.continued });
  const idle = counts.flatMap(([what, count]) => (count === 0 ? [what] : []));
  if (idle.length > 0) console.log(`never acknowledged: ${idle.join(', ')}`);
  process.exitCode = outcome.problems.length + idle.length === 0 ? 0 : 1;
} finally {
  await hub.stop();
}
