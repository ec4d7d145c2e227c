import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EditCommand } from '../../../src/store/types.ts';
import type { ServerRow } from '../../../src/sync/ports.ts';
import { newProfile, startBrowser, type TestBrowser } from '../../support/browser.ts';
import type { StorePage } from './page/entry.ts';

declare const storePage: StorePage;

const log: { seq: number; body: string }[] = [];
let server: Server;
let url: string;
let profile: Awaited<ReturnType<typeof newProfile>>;
let browser: TestBrowser;

beforeAll(async () => {
  const entry = fileURLToPath(new URL('page/entry.ts', import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, target: 'es2023', lib: { entry, formats: ['es'], fileName: 'page' } },
  });
  const bundle = Array.isArray(built) ? built[0] : built;
  const code = bundle !== undefined && 'output' in bundle ? bundle.output[0].code : '';
  server = createServer((request, response) => {
    const isCode = request.url === '/page.js';
    response.setHeader('content-type', isCode ? 'text/javascript' : 'text/html');
    response.end(isCode ? code : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  profile = await newProfile();
  browser = await startBrowser({ profile: profile.path });
});

afterAll(async () => {
  await browser.close();
  server.close();
  await profile.remove();
});

async function openPage(page: Page): Promise<void> {
  await page.exposeFunction('recorderAppend', (bodies: string[]) => {
    for (const body of bodies) log.push({ seq: log.length + 1, body });
    return { seq: log.length };
  });
  await page.exposeFunction('recorderRead', (after: number, limit: number) => ({
    entries: log.filter(({ seq }) => seq > after).slice(0, limit),
    first: 1,
    last: log.length,
  }));
  await page.goto(url);
  await page.evaluate(() => storePage.open());
}

function rowNumber(i: number): ServerRow {
  const elementalId = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
  return {
    ref: { kind: 'localization', version: 1, elementalId },
    rowId: i + 1,
    mark: 0,
    type: 7,
    media: 'm',
    deleted: false,
    fields: {
      frame: 0,
      geometry: { kind: 'box', x: 0.1, y: 0.1, width: 0.1, height: 0.1 },
      'attributes.Species': 'Cod',
    },
    createdBy: 1,
    modifiedBy: 1,
    modifiedAt: '2026-01-01T00:00:00.000Z',
  };
}

function setFrame(i: number, frame: number): EditCommand {
  return {
    projectId: 1,
    media: 'm',
    label: 'history.change',
    changes: [{ kind: 'change', ref: rowNumber(i).ref, fields: { frame } }],
  };
}

describe('the store in Chromium', () => {
  it('saves and shows an edit over 5,000 rows quickly, also in another tab', async () => {
    const page = await browser.page();
    await openPage(page);
    await page.evaluate(
      (json) => storePage.serve(JSON.parse(json) as ServerRow[]),
      JSON.stringify(Array.from({ length: 5000 }, (_, i) => rowNumber(i))),
    );
    const times: { saved: number; repainted: number }[] = [];
    for (let i = 1; i <= 40; i += 1) {
      times.push(
        await page.evaluate(({ json, frame }) => storePage.timed(JSON.parse(json) as EditCommand, frame), {
          json: JSON.stringify(setFrame(i * 7, i)),
          frame: i,
        }),
      );
    }
    const median = (pick: (time: (typeof times)[number]) => number): number =>
      times.map(pick).sort((a, b) => a - b)[20]!;
    const figures = { saved: median(({ saved }) => saved), repainted: median(({ repainted }) => repainted) };
    process.stdout.write(`edit over 5,000 rows, median ms: ${JSON.stringify(figures)}\n`);
    expect(figures.saved).toBeLessThan(100);
    expect(figures.repainted).toBeLessThan(200);
    const other = await browser.context.newPage();
    await openPage(other);
    await page.evaluate(
      (json) => storePage.apply(JSON.parse(json) as EditCommand),
      JSON.stringify(setFrame(1, 777)),
    );
    await expect
      .poll(() => other.evaluate(() => storePage.shown().some(({ fields }) => fields.frame === 777)))
      .toBe(true);
    await other.close();
  });

  it('has every saved edit after the browser was killed, and undo still works', async () => {
    const page = await browser.page();
    for (let i = 0; i < 20; i += 1)
      await page.evaluate(
        (json) => storePage.apply(JSON.parse(json) as EditCommand),
        JSON.stringify(setFrame(3000 + i, 1000 + i)),
      );
    await browser.kill();
    browser = await startBrowser({ profile: profile.path });
    const again = await browser.page();
    await openPage(again);
    const frames = await again.evaluate(() => storePage.shown().map(({ fields }) => Number(fields.frame)));
    for (let i = 0; i < 20; i += 1) expect(frames).toContain(1000 + i);
    await again.evaluate(() => storePage.undo());
    await expect
      .poll(() => again.evaluate(() => storePage.shown().some(({ fields }) => fields.frame === 1019)))
      .toBe(false);
  });
});
