/**
 * `npm test`: provides what is missing, then lint, types, build, unit, integration and end-to-end
 * tests, and one closing line. `npm test -- --only unit` runs one project without the checks.
 */
import { existsSync, readFileSync, rmSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkNode, ensureChromium, ensureFfmpeg, ensurePackages, root, run } from './lib/provide.mjs';

checkNode();
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : null;
const totals = { passed: 0, failed: 0, skipped: 0 };

ensurePackages();
const chromium = ensureChromium();
const ffmpeg = ensureFfmpeg();
if (chromium === null) console.log('No Chromium here and none could be had: the end-to-end tests will fail.');
if (ffmpeg === null)
  console.log('No ffmpeg here and none could be had: tests of foreign video formats are skipped.');
const env = {
  ...process.env,
  ...(chromium === null ? {} : { TIDEMARK_CHROMIUM: chromium }),
  ...(ffmpeg === null ? {} : { FFMPEG_PATH: ffmpeg }),
};

/** A step that passes or fails as a whole counts as one test. */
function step(name, command, args) {
  console.log(`\n> ${name}`);
  const started = Date.now();
  const code = run(command, args, { env });
  console.log(
    `${name}: ${code === 0 ? 'ok' : `failed (exit ${code})`} in ${((Date.now() - started) / 1000).toFixed(0)} s`,
  );
  totals[code === 0 ? 'passed' : 'failed'] += 1;
  return code === 0;
}

function vitest(project) {
  console.log(`\n> ${project} tests`);
  const report = join(root, 'test-results', `${project}.json`);
  mkdirSync(join(root, 'test-results'), { recursive: true });
  rmSync(report, { force: true });
  const code = run(
    process.execPath,
    [
      '--import',
      pathToFileURL(join(root, 'scripts', 'lib', 'node20.mjs')).href,
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { env },
  );
  if (!existsSync(report)) {
    console.log(`${project}: the runner ended without a report (exit ${code})`);
    totals.failed += 1;
    return;
  }
  const result = JSON.parse(readFileSync(report, 'utf8'));
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests;
  totals.skipped += result.numPendingTests + result.numTodoTests;
  // A file that does not load, or an unhandled error, fails the run without failing a test.
  if (code !== 0 && result.numFailedTests === 0) totals.failed += 1;
}

if (only === null) step('check', 'npm', ['run', '-s', 'check']);
if (only === null || only === 'e2e' || only === 'integration') step('build', 'npm', ['run', '-s', 'build']);
for (const project of ['unit', 'integration', 'postgres', 'e2e']) {
  if (only !== null && only !== project) continue;
  if (project === 'postgres' && !existsSync('/usr/lib/postgresql'))
    console.log("\nNo PostgreSQL of this machine: the hub's core runs on the bundled one alone.");
  else vitest(project);
}

console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);
