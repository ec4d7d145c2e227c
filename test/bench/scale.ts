import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright';
import { printsOfList } from '../../src/host/list-prints.ts';
import { createRecorder } from '../../src/host/recorder.ts';
import { inChromium } from './chromium.ts';
import type { Comparison } from './measure.ts';
import type { MarkQuery } from '../../src/sync/ports.ts';
import { printsFor, rowsFor, type Device } from './page/device-data.ts';
import type { OpenTimes, ScaleBench } from './page/scale.ts';
import { serveRecorder } from './recorder-host.ts';

declare const bench: ScaleBench;

const openings = 9;
const edits = 60;
/** Rows of the alternative: it takes minutes to fill with more, and none of its times grow with them. */
const mostPlainRows = 100_000;

/** A device with so many localizations, in medias of `rowsOfMedia`, in real Chromium with the host's recorder. */
export async function compareScale({
  rows,
  rowsOfMedia,
}: {
  rows: number;
  rowsOfMedia: number;
}): Promise<Comparison[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-scale-'));
  const recorder = createRecorder(folder);
  const size = { medias: Math.floor(rows / rowsOfMedia), rowsOfMedia };
  const prints = printsOfRows(size);
  const host = await serveRecorder(recorder, (args, known) => {
    const query = args as unknown as MarkQuery;
    // A pull has its prints made beforehand: to make the server's bytes takes longer than all else.
    if (known === '') return { prints: printsFor(size, prints, query) };
    return { bytes: Buffer.from(JSON.stringify(rowsFor(size, query))) };
  });
  const device = { account: 'crew', hostAddress: host.address, ...size };
  try {
    return await inChromium('scale.ts', {}, (page) => compareOn(page, device, host));
  } finally {
    host.close();
    await recorder.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The prints that the host makes of all rows, in their order; tells what that took. */
function printsOfRows(size: Pick<Device, 'medias' | 'rowsOfMedia'>): number[] {
  const all: number[] = [];
  let ms = 0;
  for (let n = 1; n <= size.medias; n += 1) {
    const what = { projectId: 1, kind: 'localization', allMarks: false } as const;
    const rows = rowsFor(size, { ...what, mediaIds: [n], limit: size.rowsOfMedia });
    const bytes = Buffer.from(JSON.stringify(rows));
    const begun = performance.now();
    const prints = printsOfList(bytes) ?? [];
    ms += performance.now() - begun;
    for (const print of prints) all.push(print);
  }
  console.log(`prints of all rows, made by the host: ${(ms / 1000).toFixed(2)} s`);
  return all;
}

async function compareOn(page: Page, device: Device, host: { printing(): number }): Promise<Comparison[]> {
  const meter = await Meter.of(page);
  const size = `${device.medias * device.rowsOfMedia} localizations, ${device.rowsOfMedia} a media`;
  const plainMedias = Math.min(device.medias, Math.ceil(mostPlainRows / device.rowsOfMedia));
  await page.evaluate((d) => bench.open(d, 0), device);
  await page.evaluate((d) => bench.putMedias(d), device);
  await meter.during(
    'making of the server’s answers',
    () => page.evaluate((d) => bench.makeAnswers(d), device),
    'only',
  );
  const pulled = await meter.during('pull of everything', () =>
    page.evaluate((d) => bench.pullAll(d), device),
  );
  await page.evaluate(() => bench.openPlain());
  const plain = await page.evaluate(([d, n]) => bench.fillPlain(d, n), [device, plainMedias] as const);
  const perThousand = (ms: number, medias: number): number => (ms / medias / device.rowsOfMedia) * 1000;
  const ingest = {
    job: `${size}: pull, for each 1,000 rows`,
    ways: [
      { name: 'packed pages (ours)', times: [perThousand(pulled, device.medias)] },
      { name: 'Dexie, a record for each row', times: [perThousand(plain, plainMedias)] },
    ],
  };
  await page.evaluate(() => bench.close());
  const opened = await compareOpenings(page, device, { size, plainMedias });
  await meter.note('first media is open');
  const auditAll = async (phase: string): Promise<number> => {
    const before = host.printing();
    // The host makes the answers, and its time with them counts as ours.
    const ms = await meter.during(
      phase,
      () => page.evaluate((d) => bench.audit(d, 0, d.medias), device),
      'elsewhere',
    );
    console.log(`  of it, digests in the host: ${((host.printing() - before) / 1000).toFixed(2)} s`);
    return ms;
  };
  const audited = await auditAll('first audit of everything');
  const again = await auditAll('audit of everything again');
  const auditedPlain = await page.evaluate(([d, n]) => bench.auditPlain(d, 0, n), [
    device,
    plainMedias,
  ] as const);
  const audits = {
    job: `${size}: audit, for each 1,000 rows`,
    ways: [
      { name: 'ours, with the host making the answers', times: [perThousand(audited, device.medias)] },
      { name: 'ours again, the same way', times: [perThousand(again, device.medias)] },
      { name: 'Dexie, record by record', times: [perThousand(auditedPlain, plainMedias)] },
    ],
  };
  const edited = await compareEdits(page, device, size);
  await meter.note('after the edits');
  return [ingest, ...opened, audits, edited];
}

/** Each opening is that of a page that was just loaded. */
async function compareOpenings(
  page: Page,
  device: Device,
  { size, plainMedias }: { size: string; plainMedias: number },
): Promise<Comparison[]> {
  const ours: OpenTimes[] = [];
  const plain: number[] = [];
  for (let i = 0; i < openings; i += 1) {
    const media = (i * 37) % plainMedias;
    await page.reload();
    ours.push(await page.evaluate(([d, n]) => bench.open(d, n), [device, media] as const));
    plain.push(await page.evaluate(([d, n]) => bench.openPlainMedia(d, n), [device, media] as const));
  }
  const rows = await page.evaluate((d) => bench.count(d, 0), device);
  if (rows !== device.rowsOfMedia) throw new Error(`a media has ${rows} rows`);
  return [
    {
      job: `${size}: from the script's start to the first media's annotations`,
      ways: [
        { name: 'ours', times: ours.map(({ annotations }) => annotations) },
        { name: '  of it: the store is open', times: ours.map(({ store }) => store) },
        { name: '  of it: the list of medias', times: ours.map(({ medias }) => medias) },
        { name: 'Dexie, a record for each row, no list', times: plain },
      ],
    },
  ];
}

async function compareEdits(page: Page, device: Device, size: string): Promise<Comparison> {
  const media = 3 % device.medias;
  const what = [device, media, edits] as const;
  await page.evaluate(([d, n]) => bench.edits(d, n, 5), what);
  return {
    job: `${size}: an edit until "saved", with the media's views open`,
    ways: [
      { name: 'both copies (ours)', times: await page.evaluate(([d, n, t]) => bench.edits(d, n, t), what) },
      {
        name: 'Dexie alone (one copy, strict)',
        times: await page.evaluate(([d, n, t]) => bench.editsPlain(d, n, t), what),
      },
    ],
  };
}

/** Heap of the page and CPU time of the browser's processes; prints one line for each phase. */
class Meter {
  readonly #page: CDPSession;
  readonly #browser: CDPSession;
  /** CPU seconds that the page spends on what the server does in truth. */
  #control = 0;

  private constructor(page: CDPSession, browser: CDPSession) {
    this.#page = page;
    this.#browser = browser;
  }

  static async of(page: Page): Promise<Meter> {
    const browser = page.context().browser();
    if (browser === null) throw new Error('the page has no browser');
    return new Meter(await page.context().newCDPSession(page), await browser.newBrowserCDPSession());
  }

  async during(
    phase: string,
    work: () => Promise<number>,
    /** Whether the page makes the server's answers during the phase, or does nothing else. */
    making: 'here' | 'only' | 'elsewhere' = 'here',
  ): Promise<number> {
    const before = await this.#cpu();
    let highest = 0;
    const watch = setInterval(() => {
      void this.#heap().then((bytes) => (highest = Math.max(highest, bytes)));
    }, 100);
    try {
      const ms = await work();
      const after = await this.#cpu();
      const made = making === 'here' ? this.#control : 0;
      const [own, rest] = [after.page - before.page - made, after.rest - before.rest];
      if (making === 'only') this.#control = own;
      const spent = `CPU ${own.toFixed(2)} s in the page, ${rest.toFixed(2)} s in the browser's other processes`;
      await this.note(`${phase}: ${(ms / 1000).toFixed(2)} s; ${spent}; heap at most ${megabytes(highest)}`);
      return ms;
    } finally {
      clearInterval(watch);
    }
  }

  async note(phase: string): Promise<void> {
    await this.#page.send('HeapProfiler.collectGarbage');
    const [used, resident] = [await this.#heap(), await this.#resident()];
    console.log(`${phase}; heap after collection ${megabytes(used)}, the page's process ${resident}`);
  }

  async #heap(): Promise<number> {
    return (await this.#page.send('Runtime.getHeapUsage')).usedSize;
  }

  async #cpu(): Promise<{ page: number; rest: number }> {
    const { processInfo } = await this.#browser.send('SystemInfo.getProcessInfo');
    const sum = (own: boolean): number =>
      processInfo
        .filter(({ type }) => (type === 'renderer') === own)
        .reduce((seconds, { cpuTime }) => seconds + cpuTime, 0);
    return { page: sum(true), rest: sum(false) };
  }

  /** Where the system tells it. */
  async #resident(): Promise<string> {
    const { processInfo } = await this.#browser.send('SystemInfo.getProcessInfo');
    const sizes = await Promise.all(
      processInfo
        .filter(({ type }) => type === 'renderer')
        .map(async ({ id }) => {
          const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
          return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) * 1024;
        }),
    );
    return megabytes(Math.max(...sizes));
  }
}

function megabytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${(bytes / 1e6).toFixed(0)} MB` : 'unknown';
}
