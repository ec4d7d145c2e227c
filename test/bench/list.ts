import { listStream } from '../../src/hub/plugins/list-stream.ts';
import type { Comparison } from './measure.ts';

const rowCount = 5000;
const chunkSize = 500;
const rounds = 40;

/** The hub's answer to a list, streamed in chunks, against one text made of all rows at once. */
export async function compareList(): Promise<Comparison[]> {
  const streamed = { first: [] as number[], whole: [] as number[] };
  const atOnce = { first: [] as number[], whole: [] as number[] };
  for (let round = 0; round <= rounds; round += 1) {
    const ours = await consume(() => listStream(chunks(), { form: { name: 'json' }, gzip: false }));
    const theirs = await consume(collected);
    if (ours.length !== theirs.length) throw new Error('the two answers differ');
    if (round === 0) continue; // warms up
    streamed.first.push(ours.first);
    streamed.whole.push(ours.whole);
    atOnce.first.push(theirs.first);
    atOnce.whole.push(theirs.whole);
  }
  return (['first', 'whole'] as const).map((what) => ({
    job: `Hub: list of ${rowCount} localizations, ms until the ${what === 'first' ? 'first bytes' : 'end'}`,
    ways: [
      { name: 'streamed (ours)', times: streamed[what] },
      { name: 'one JSON.stringify', times: atOnce[what] },
    ],
  }));
}

async function collected(): Promise<string[]> {
  const rows: unknown[] = [];
  for await (const chunk of chunks()) rows.push(...chunk);
  return [JSON.stringify(rows)];
}

async function consume(
  answer: () => Promise<AsyncIterable<unknown> | Iterable<unknown>>,
): Promise<{ first: number; whole: number; length: number }> {
  const started = performance.now();
  let first = 0;
  let length = 0;
  for await (const part of await answer()) {
    first ||= performance.now() - started;
    length += Buffer.byteLength(part as string | Buffer);
  }
  return { first, whole: performance.now() - started, length };
}

/** Rows as a database cursor hands them over: each chunk after a turn of the event loop. */
async function* chunks(): AsyncGenerator<unknown[]> {
  for (let from = 0; from < rowCount; from += chunkSize) {
    await new Promise((resolve) => setImmediate(resolve));
    yield Array.from({ length: chunkSize }, (_, i) => localization(from + i));
  }
}

function localization(id: number): unknown {
  return {
    ...{ id, project: 1, type: 7, media: 3, version: 1, mark: 0, frame: id % 600, variant_deleted: false },
    ...{ x: 0.1, y: 0.2, width: 0.05, height: 0.04, u: null, v: null, points: null },
    elemental_id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    attributes: { Species: 'Bathochordaeus', Certainty: 'probable', Comment: 'In its house, drifting.' },
    created_datetime: '2026-01-01T00:00:00.000Z',
    modified_datetime: '2026-01-01T00:00:00.000Z',
  };
}
