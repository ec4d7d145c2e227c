import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from '../../support/hub.ts';
import { pythonPackage } from '../../support/python.ts';

/*
 * A day's work by Tator's own Python client, unchanged, against the hub. The script plays all steps in
 * one go, since each builds on those before it; each is a test here.
 */

interface Outcome {
  step: string;
  outcome: 'passed' | 'failed' | 'skipped';
  detail: string;
}

const VERSION = '1.8.1';
const here = fileURLToPath(new URL('.', import.meta.url));
const client = await pythonPackage('tator', VERSION);
const steps = await sentences();

let hub: TestHub;
let folder: string;
const outcomes = new Map<string, Outcome>();

describe.skipIf(client === undefined)(`the client "tator" ${VERSION} from PyPI`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-tator-'));
    hub = await startTestHub({ sample: false });
    await play();
  }, 300_000);

  afterAll(async () => {
    await hub.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.for(steps)('%s', (step, context) => {
    const played = outcomes.get(step);
    if (played?.outcome === 'skipped') {
      console.log(`skipped: "${step}": ${played.detail}`);
      context.skip();
    }
    expect(played).toEqual({ step, outcome: 'passed', detail: '' });
  });
});

/** What the chapters say they do, in their order in the files. */
async function sentences(): Promise<string[]> {
  const files = (await readdir(join(here, 'day'))).filter((name) => name.endsWith('.py'));
  const texts = await Promise.all(files.map((name) => readFile(join(here, 'day', name), 'utf8')));
  return texts.flatMap((text) => [...text.matchAll(/^@step\("(.+)"\)$/gm)].map((match) => match[1] ?? ''));
}

async function play(): Promise<void> {
  const child = spawn('python3', [join(here, 'run.py'), hub.url, folder], {
    env: {
      ...process.env,
      TATOR_PASSWORD: (await readFile(join(hub.data, 'admin-password.txt'), 'utf8')).trim(),
      PYTHONPATH: client,
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) {
    const outcome = JSON.parse(line) as Outcome;
    outcomes.set(outcome.step, outcome);
  }
}
