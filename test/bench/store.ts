import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { createRecorder } from '../../src/host/recorder.ts';
import { inChromium } from './chromium.ts';
import type { Comparison, Series } from './measure.ts';
import type { StoreBench } from './page/store.ts';
import { serveRecorder } from './recorder-host.ts';

declare const bench: StoreBench;

const rowsOfMedia = 5000;
const ingests = 12;
const edits = 60;

/** Ingest of the mirror, and an edit until it is saved, in real Chromium with the host's own recorder. */
export async function compareStore(): Promise<Comparison[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
  const recorder = createRecorder(folder);
  const host = await serveRecorder(recorder);
  const expose = { rewriteFile: (text: string) => rewrite(join(folder, 'annotations.json'), text) };
  try {
    return await inChromium('store.ts', expose, async (page) => {
      await page.evaluate((address) => bench.open(address), host.address);
      return [await compareIngest(page), await compareEdits(page)];
    });
  } finally {
    host.close();
    await recorder.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareIngest(page: Page): Promise<Comparison> {
  const packed: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round <= ingests; round += 1) {
    const what = { media: String(round), count: rowsOfMedia };
    packed.push(await page.evaluate(({ media, count }) => bench.ingestPacked(media, count), what));
    plain.push(await page.evaluate(({ media, count }) => bench.ingestPlain(media, count), what));
  }
  return {
    job: `Mirror of a server's rows: ${rowsOfMedia} rows of one media, Chromium`,
    ways: withoutFirst([
      { name: 'packed pages (ours)', times: packed },
      { name: 'Dexie, a record for each row', times: plain },
    ]),
  };
}

async function compareEdits(page: Page): Promise<Comparison> {
  const twice: number[] = [];
  const plain: number[] = [];
  const file: number[] = [];
  for (let i = 0; i <= edits; i += 1) {
    twice.push(await page.evaluate((n) => bench.editTwice('0', n), i * 7));
    plain.push(await page.evaluate((n) => bench.editPlain('0', n), i * 7));
    file.push(await page.evaluate(() => bench.editFile('0')));
  }
  return {
    job: `An edit until "saved": one of ${rowsOfMedia} annotations of a media, Chromium`,
    ways: withoutFirst([
      { name: 'IndexedDB and fsynced recorder (ours)', times: twice },
      { name: 'annotation file rewritten and fsynced', times: file },
      { name: 'Dexie alone (one copy, strict)', times: plain },
    ]),
  };
}

/** The first run warms up. */
function withoutFirst(ways: Series[]): Series[] {
  return ways.map(({ name, times }) => ({ name, times: times.slice(1) }));
}

async function rewrite(path: string, text: string): Promise<void> {
  const file = await open(path, 'w');
  await file.writeFile(text);
  await file.sync();
  await file.close();
}
