import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom, type Random } from '../../src/base/random.ts';
import { Continued } from './continued.ts';
import { killDatabase, type HubClient, type Row, type TestHub } from '../support/hub.ts';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../support/hub-sample.ts';

/** What was acknowledged, by which it is held at the end. */
interface Ledger {
  /** Elemental ID of a box: the highest count that was acknowledged for it. */
  boxes: Map<string, number>;
  /** Key of a file: MD5 of what was put there in parts and completed. */
  files: Map<string, string>;
  /** Elemental IDs of boxes whose delete was acknowledged. */
  deleted: Set<string>;
  /** The last number in the name of the media that was acknowledged. */
  mediaName: number;
}

export interface CrashOutcome {
  kills: number;
  /** Of these also the database was killed. */
  databaseKills: number;
  acknowledged: { creates: number; edits: number; deletes: number; files: number; mediaEdits: number };
  /** What went on after a kill. */
  continued: Continued['counts'];
  /** What is missing or wrong; none is allowed. */
  problems: string[];
}

const writers = 4;
/** Each box is made with a count of 1, and edited up to this one. */
const lastCount = 3;
/** Bytes; the hub has no smallest part. */
const partSize = 60_000;
const ANSWER_LIMIT_MS = 20_000;

/**
 * Kills the hub (and every fourth time its PostgreSQL too) at random moments under writers and
 * uploaders, starts it again, and at the end holds everything that was acknowledged against what is there.
 */
export async function crashRun(
  hub: TestHub,
  { times, seed, onKill }: { times: number; seed: number; onKill?: (kill: number) => void },
): Promise<CrashOutcome> {
  const random = seededRandom(seed);
  const call = hub.client();
  const ids = await sampleIds(call);
  const media = await makeVideo(call, ids);
  const ledger: Ledger = { boxes: new Map(), files: new Map(), deleted: new Set(), mediaName: 0 };
  const counts = { creates: 0, edits: 0, deletes: 0, files: 0, mediaEdits: 0 };
  const continued = new Continued(call, ids);
  const problems: string[] = [];
  let databaseKills = 0;
  for (let kill = 1; kill <= times; kill += 1) {
    const load = [
      ...Array.from({ length: writers }, () => annotate({ call, ids, media, ledger, counts, random })),
      upload({ call, ids, ledger, counts }),
      renameMedia({ call, ids, media, ledger, counts }),
      continued.begin(),
    ];
    // Every second kill may hit a hub that has answered nothing yet.
    if (kill % 2 === 1) await firstAnswer(() => counts.creates);
    await wait(80 + random() * 900);
    await hub.kill();
    if (kill % 4 === 0) {
      await killDatabase(hub.data);
      databaseKills += 1;
    }
    await Promise.all(load);
    await hub.restart();
    problems.push(...(await continued.resume()));
    onKill?.(kill);
  }
  problems.push(...(await wrongBoxes(call, ids, media, ledger)));
  problems.push(...(await wrongFiles(call, ids, ledger)));
  problems.push(...(await wrongName(call, media, ledger)));
  problems.push(...(await continued.problems()));
  return { kills: times, databaseKills, acknowledged: counts, continued: continued.counts, problems };
}

/** Waits until a count of acknowledged writes grows; on a slow machine not for ever. */
async function firstAnswer(count: () => number): Promise<void> {
  const [before, limit] = [count(), Date.now() + ANSWER_LIMIT_MS];
  while (count() === before && Date.now() < limit) await wait(20);
}

interface Work {
  call: HubClient;
  ids: SampleIds;
  ledger: Ledger;
  counts: CrashOutcome['acknowledged'];
}

/** Creates boxes, edits each a few times, deletes some; until the hub is gone. */
async function annotate({
  call,
  ids,
  media,
  ledger,
  counts,
  random,
}: Work & { media: number; random: Random }): Promise<void> {
  try {
    for (;;) {
      const elemental_id = randomUUID();
      const path = `/rest/Localization/${ids.baseline}/${elemental_id}`;
      const spec = boxSpec(ids, media, { elemental_id, attributes: { Count: 1 } });
      expectStatus(await call('POST', `/rest/Localizations/${ids.project}`, spec), 201);
      ledger.boxes.set(elemental_id, 1);
      counts.creates += 1;
      for (let count = 2; count <= lastCount; count += 1) {
        expectStatus(await call('PATCH', path, { attributes: { Count: count } }), 200);
        ledger.boxes.set(elemental_id, count);
        counts.edits += 1;
      }
      if (random() > 0.2) continue;
      expectStatus(await call('DELETE', path, {}), 200);
      ledger.deleted.add(elemental_id);
      counts.deletes += 1;
    }
  } catch (error) {
    if (error instanceof Unexpected) throw error;
    // The hub is gone: what was under way was not acknowledged.
  }
}

async function upload({ call, ids, ledger, counts }: Work): Promise<void> {
  try {
    for (;;) {
      const parts = [randomBytes(partSize), randomBytes(partSize / 2)];
      const info = await call<{ urls: string[]; key: string; upload_id: string }>(
        'GET',
        `/rest/UploadInfo/${ids.project}?num_parts=${parts.length}`,
      );
      expectStatus(info, 200);
      const list = [];
      for (const [i, bytes] of parts.entries()) {
        const reply = await fetch(info.body.urls[i] ?? '', { method: 'PUT', body: new Uint8Array(bytes) });
        expectStatus(reply, 200);
        list.push({ PartNumber: i + 1, ETag: reply.headers.get('etag') ?? '' });
      }
      const body = { key: info.body.key, upload_id: info.body.upload_id, parts: list };
      expectStatus(await call('POST', `/rest/UploadCompletion/${ids.project}`, body), 201);
      ledger.files.set(info.body.key, md5(Buffer.concat(parts)));
      counts.files += 1;
    }
  } catch (error) {
    if (error instanceof Unexpected) throw error;
  }
}

/** Gives the media one name after the other; until the hub is gone. */
async function renameMedia({ call, media, ledger, counts }: Work & { media: number }): Promise<void> {
  try {
    for (let number = ledger.mediaName + 1; ; number += 1) {
      expectStatus(await call('PATCH', `/rest/Media/${media}`, { name: `${number}` }), 200);
      ledger.mediaName = number;
      counts.mediaEdits += 1;
      await wait(50);
    }
  } catch (error) {
    if (error instanceof Unexpected) throw error;
  }
}

/** An answer that nobody should get, whatever was killed. */
class Unexpected extends Error {}

function expectStatus({ status, body }: { status: number; body?: unknown }, wanted: number): void {
  if (status === wanted) return;
  // A hub whose database died under it says so with a 5xx before it is killed itself.
  if (status >= 500) throw new Error(`answered ${status}`);
  throw new Unexpected(`expected ${wanted}, was answered ${status} ${JSON.stringify(body)}`);
}

async function wrongBoxes(call: HubClient, ids: SampleIds, media: number, ledger: Ledger): Promise<string[]> {
  const { body } = await call<Row[]>('GET', `/rest/Localizations/${ids.project}?media_id=${media}`);
  const rows = new Map<string, Row[]>();
  for (const row of body) rows.set(row.elemental_id, [...(rows.get(row.elemental_id) ?? []), row]);
  return [...ledger.boxes].flatMap(([element, count]) => {
    const [row, ...twins] = rows.get(element) ?? [];
    if (twins.length > 0) return [`${element} is there ${twins.length + 1} times`];
    if (ledger.deleted.has(element)) return row ? [`${element} was deleted, and is there`] : [];
    // The next edit may have landed without an answer, and a delete too.
    if (!row) return count < lastCount ? [`${element} is missing`] : [];
    return Number(row.attributes['Count']) >= count ? [] : [`${element} has lost the edit ${count}`];
  });
}

async function wrongFiles(call: HubClient, ids: SampleIds, { files }: Ledger): Promise<string[]> {
  const problems: string[] = [];
  for (const [key, expected] of files) {
    const { body } = await call<{ url: string }[]>('POST', `/rest/DownloadInfo/${ids.project}`, {
      keys: [key],
    });
    const reply = await fetch(body[0]?.url ?? '');
    const actual = md5(Buffer.from(await reply.arrayBuffer()));
    if (actual !== expected) problems.push(`${key} is not what was uploaded (${reply.status})`);
  }
  return problems;
}

async function wrongName(call: HubClient, media: number, { mediaName }: Ledger): Promise<string[]> {
  const { name } = (await call<{ name: string }>('GET', `/rest/Media/${media}`)).body;
  // The next name may have landed without an answer.
  return [mediaName, mediaName + 1].map(String).includes(name) || mediaName === 0
    ? []
    : [`the media is named ${name}, not ${mediaName}`];
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
