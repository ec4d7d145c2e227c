import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationList } from '../../../src/contract/table.ts';
import { startTestHub, type TestHub } from '../../support/hub.ts';
import { startMailServer, type MailServer } from '../../support/mail-server.ts';
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

/** The operations that the client was answered. */
interface Calls {
  answered: string[];
}

const VERSION = '1.8.1';
const here = fileURLToPath(new URL('.', import.meta.url));
const client = await pythonPackage('tator', VERSION);
const steps = await sentences();

let hub: TestHub;
let mail: MailServer;
let folder: string;
const outcomes = new Map<string, Outcome>();
let calls: Calls = { answered: [] };

describe.skipIf(client === undefined)(`the client "tator" ${VERSION} from PyPI`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-tator-'));
    mail = await startMailServer({ folder });
    // What users of a whole installation have: mail, and algorithms that run.
    const env = { SMTP_URL: mail.url, MAIL_FROM: 'hub@ship.example', RUN_ALGORITHMS: '1' };
    hub = await startTestHub({ sample: false, env });
    await play();
  }, 300_000);

  afterAll(async () => {
    await hub.stop();
    await mail.stop();
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

  it('is answered by every operation of the contract', () => {
    const names: string[] = operationList.map(({ name }) => name);
    const unanswered = names.filter((name) => !calls.answered.includes(name));
    const all = names.length;
    console.log(`${all - unanswered.length}/${all} operations through the client "tator" ${VERSION}`);
    expect(unanswered).toEqual([]);
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
    const said = JSON.parse(line) as Outcome | Calls;
    if ('step' in said) outcomes.set(said.step, said);
    else calls = said;
  }
}
