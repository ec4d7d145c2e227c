import { existsSync, readFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { operationList } from '../src/contract/table.ts';
import { compareContract, type Facts } from './contract/compare.ts';

/**
 * Holds the table of operations against the facts file, which is not part of this repository. Exits
 * with 1 on any difference that `src/contract/exceptions.ts` does not name.
 */
function main(): number {
  const file = factsFile();
  const seeds = operationList.filter(({ seed }) => seed).length;
  if (!existsSync(file)) {
    console.log(
      `operations ${operationList.length} (${seeds} of the reference document); no facts file to compare with`,
    );
    return 0;
  }
  const { counts, differences, excepted, stale } = compareContract(
    operationList,
    JSON.parse(readFileSync(file, 'utf8')) as Facts,
  );
  for (const { at, ours, theirs } of differences)
    console.log(`${at}: table says ${ours}, facts say ${theirs}`);
  for (const at of stale) console.log(`${at}: an exception that excepts nothing`);
  const part = ({ same, all }: { same: number; all: number }): string => `${same}/${all}`;
  console.log(
    `operations ${part(counts.seeds)}, by-elemental-id ${part(counts.byElementalId)}, ` +
      `parameters ${part(counts.parameters)}, fields ${part(counts.fields)}`,
  );
  console.log(
    `beyond the document ${part(counts.others)}; ${excepted} places differ for a reason given in exceptions.ts`,
  );
  return differences.length + stale.length === 0 ? 0 : 1;
}

function factsFile(): string {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const shared = process.env.TIDEMARK_SHARED ?? join(root, '..', 'shared');
  return join(shared, 'tator', 'operations.json');
}

process.exitCode = main();
