import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientPage } from './page/entry.ts';
import { newProfile, startBrowser } from '../../support/browser.ts';
import { startTestHub, type Row, type TestHub } from '../../support/hub.ts';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';

declare const clientPage: ClientPage;

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
/** A program of somebody else, with the built package among its modules. */
const program = join(root, 'node_modules/.cache/outside-program');
const tsc = join(root, 'node_modules/typescript/bin/tsc');

let hub: TestHub;
let ids: SampleIds;
let media: number;

beforeAll(async () => {
  await rm(program, { recursive: true, force: true });
  const installed = join(program, 'node_modules/tidemark');
  await mkdir(installed, { recursive: true });
  await cp(join(root, 'package.json'), join(installed, 'package.json'));
  await run(
    process.execPath,
    [tsc, '-p', 'tsconfig.client.json', '--outDir', join(installed, 'dist/client')],
    {
      cwd: root,
    },
  );
  await writeFile(join(program, 'package.json'), '{ "type": "module" }');
  hub = await startTestHub({ sample: true });
  ids = await sampleIds(hub.client());
  media = await makeVideo(hub.client(), ids);
});

afterAll(async () => {
  await hub.stop();
  await rm(program, { recursive: true, force: true });
});

describe('the handbook of the client', () => {
  it('has examples that compile against the built package, as strictly as one likes', async () => {
    const examples = await readExamples();
    expect(examples.length).toBeGreaterThan(5);
    const names = examples.map((_example, index) => `example-${index}.ts`);
    for (const [index, { code }] of examples.entries())
      await writeFile(join(program, names[index] ?? ''), `${code}\nexport {};\n`);
    await writeFile(
      join(program, 'given.d.ts'),
      "declare const tator: import('tidemark/client').TatorClient;\n",
    );
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
    ];
    const target = ['--module', 'nodenext', '--target', 'es2023', '--skipLibCheck', '--types', 'node'];
    const compiled = run(process.execPath, [tsc, ...options, ...target, 'given.d.ts', ...names], {
      cwd: program,
    });
    const told = await compiled.catch((error: unknown) => error as { stdout: string });
    expect(told.stdout).toBe('');
  });

  it('has common jobs that do what they say, run by Node against the hub', async () => {
    const call = hub.client();
    const box = boxSpec(ids, media, { frame: 7, attributes: { Species: 'Sebastes ruberrimus' } });
    expect((await call('POST', `/rest/Localizations/${ids.project}`, box)).status).toBe(201);
    await mkdir(join(program, 'dive-42'), { recursive: true });
    const picture = await readFile(join(root, 'resources/sample/jellyfish.jpg'));
    for (const name of ['one.jpg', 'two.jpg']) await writeFile(join(program, 'dive-42', name), picture);

    for (const { title, code } of await readExamples()) {
      if (!jobs.includes(title)) continue;
      await writeFile(join(program, 'job.ts'), standAlone(code));
      await run(process.execPath, ['--import', 'tsx', 'job.ts'], { cwd: program });
    }

    const table = (await readFile(join(program, 'section.csv'), 'utf8')).split('\n');
    expect(table[0]).toBe('id,media,frame,species,x,y,width,height');
    expect(table[1]).toContain('"7","Sebastes ruberrimus","0.1","0.2","0.3","0.4"');
    const stills = await call<Row[]>('GET', `/rest/Medias/${ids.project}?type=${ids.image}`);
    expect(stills.body).toHaveLength(2);
    const [track] = (await call<Row[]>('GET', `/rest/States/${ids.project}?type=${ids.track}`)).body;
    expect(track?.localizations).toHaveLength(1200);
  });
});

describe('the client in a browser', () => {
  it('signs in, searches, creates and tells failures apart', async () => {
    const entry = fileURLToPath(new URL('page/entry.ts', import.meta.url));
    const built = await build({
      configFile: false,
      logLevel: 'silent',
      build: { write: false, target: 'es2023', lib: { entry, formats: ['es'], fileName: 'page' } },
    });
    const bundle = Array.isArray(built) ? built[0] : built;
    const code = bundle !== undefined && 'output' in bundle ? bundle.output[0].code : '';
    const profile = await newProfile();
    const browser = await startBrowser({ profile: profile.path });
    try {
      const page = await browser.page();
      // A page of the hub's own origin, as a dashboard would be; every request of the client is real.
      await page.route(`${hub.url}/page.html`, (route) =>
        route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>client</title>' }),
      );
      await page.goto(`${hub.url}/page.html`);
      await page.addScriptTag({ type: 'module', content: code });
      const password = (await readFile(join(hub.data, 'admin-password.txt'), 'utf8')).trim();
      await page.waitForFunction(() => 'clientPage' in globalThis);
      const seen = await page.evaluate((job) => clientPage.work(job), {
        host: hub.url,
        password,
        project: ids.project,
        media,
        type: ids.box,
        version: ids.baseline,
      });
      expect(seen).toEqual({
        user: 'admin',
        found: ['Größe \u{1F420}'],
        streamed: 1200 + 2,
        badToken: 'bad-token',
        missing: 'not-found',
        aborted: 'cancelled',
        refused: 'would-widen',
        progress: true,
      });
      await hub.kill();
      expect(await page.evaluate((host) => clientPage.codeWithoutServer(host), hub.url)).toBe('offline');
    } finally {
      await browser.close();
      await profile.remove();
    }
  });
});

const jobs = ['Pull all localizations of a section into CSV', 'Upload a folder of images', 'Create tracks'];

interface Example {
  title: string;
  code: string;
}

/** The TypeScript of the handbook, each piece with the heading above it. */
async function readExamples(): Promise<Example[]> {
  const text = await readFile(join(root, 'docs/client.md'), 'utf8');
  const pieces = text.matchAll(/^#+ (.+)$|^```ts\n([\s\S]*?)^```$/gm);
  const examples: Example[] = [];
  let title = '';
  for (const [, heading, code] of pieces) {
    if (heading !== undefined) title = heading;
    else if (code !== undefined) examples.push({ title, code });
  }
  return examples;
}

/** The example with a client of its own, and the ids of the sample project in place of its own. */
function standAlone(code: string): string {
  const own: readonly [RegExp, string][] = [
    [/project: 7\b/g, `project: ${ids.project}`],
    [/section: 4\b/g, `section: ${ids.section}`],
    [/media_id: 12\b/g, `media_id: ${media}`],
    [/media_ids: \[12\]/g, `media_ids: [${media}]`],
    [/version: 3\b/g, `version: ${ids.baseline}`],
    [/type: 5\b/g, `type: ${ids.image}`],
    [/type: 9\b/g, `type: ${ids.box}`],
    [/type: 11\b/g, `type: ${ids.track}`],
  ];
  const client = `
    import { createTatorClient } from 'tidemark/client';
    import { machine } from 'tidemark/client/sign-in';
    const tator = createTatorClient({ host: '${hub.url}', token: '${hub.token}', ...machine() });`;
  return own.reduce((text, [pattern, value]) => text.replace(pattern, value), `${client}\n${code}`);
}
