import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type Created, type HubClient, type TestHub } from '../../support/hub.ts';
import { boxSpec, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import type { FeedPage } from '../../../src/hub/feed/change-feed.ts';
import { startExternalPostgres, type ExternalPostgres } from '../../support/external-postgres.ts';

let database: ExternalPostgres;
let hub: TestHub;
let call: HubClient;
let ids: SampleIds;
let media: number;

beforeAll(async () => {
  database = await startExternalPostgres();
  hub = await startTestHub({ sample: true, env: { DATABASE_URL: database.url } });
  call = hub.client();
  ids = await sampleIds(call);
  media = await makeVideo(call, ids);
});

afterAll(async () => {
  await hub.stop();
  await database.stop();
});

const path = (): string => `/rest/TidemarkHub/Changes/${ids.project}`;

async function feed(cursor?: string, limit = 500): Promise<FeedPage> {
  const query = cursor === undefined ? '' : `?cursor=${cursor}&limit=${limit}`;
  const reply = await call<FeedPage>('GET', path() + query);
  expect(reply.status).toBe(200);
  return reply.body;
}

/** Entries of statements about so many rows, as if they had been. */
async function note(counts: number[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  for (const count of counts)
    await client.query(
      `INSERT INTO feed_entries (project, changed, kind, removed, ids, elements, medias)
       SELECT $1, pg_current_xact_id(), 'localization', false, array_agg(i), array_agg(gen_random_uuid()), '{1}'
       FROM generate_series(1, $2::integer) AS i`,
      [ids.project, count],
    );
  await client.end();
}

const create = async (count: number): Promise<number[]> => {
  const specs = Array.from({ length: count }, (_, frame) => boxSpec(ids, media, { frame }));
  return (await call<Created>('POST', `/rest/Localizations/${ids.project}`, specs)).body.id;
};

describe('the change feed', () => {
  it('begins now, and tells what is made, changed and deleted after that', async () => {
    const start = await feed();
    expect(start).toMatchObject({ reset: false, more: false, changes: [] });
    const made = await create(3);
    const first = await feed(start.cursor);
    expect(first.changes.filter(({ kind }) => kind === 'localization')).toEqual([
      {
        ...{ kind: 'localization', removed: false, unnamed: false, media_ids: [media] },
        ...{ ids: made, elemental_ids: expect.any(Array) as unknown },
      },
    ]);
    await call('PATCH', `/rest/Media/${media}`, { name: 'renamed.mp4' });
    const second = await feed(first.cursor);
    expect(second.changes).toMatchObject([{ kind: 'media', ids: [media], removed: false }]);
    await call('DELETE', `/rest/Localization/${made[0]}`);
    const third = await feed(second.cursor);
    expect(third.changes.length).toBeGreaterThan(0);
    const element = first.changes[0]?.elemental_ids[1];
    await call('DELETE', `/rest/Localization/${ids.baseline}/${element}`, { prune: 1 });
    const fourth = await feed(third.cursor);
    expect(fourth.changes.some(({ removed, ids: gone }) => removed && gone.includes(made[1] ?? 0))).toBe(
      true,
    );
    expect((await feed(fourth.cursor)).changes).toEqual([]);
  });

  it('misses nothing that commits after something younger was read', async () => {
    const start = await feed();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('BEGIN');
    await client.query(`UPDATE media SET name = 'slow.mp4' WHERE id = $1`, [media]);
    const leaf = await create(1); // younger, and there first
    const during = await feed(start.cursor);
    await client.query('COMMIT');
    await client.end();
    const after = await feed(during.cursor);
    const told = [...during.changes, ...after.changes].flatMap(({ kind, ids: rows }) =>
      rows.map((row) => `${kind} ${row}`),
    );
    expect(told).toContain(`media ${media}`);
    expect(told).toContain(`localization ${leaf[0]}`);
    expect((await feed(after.cursor)).changes).toEqual([]);
  });

  it('can be read in pieces under writers, with nothing lost or told twice', async () => {
    let { cursor } = await feed();
    const writers = Array.from({ length: 4 }, async () => {
      const made: number[] = [];
      for (let i = 0; i < 10; i += 1) made.push(...(await create(2)));
      return made;
    });
    const state = { writing: true };
    const all = Promise.all(writers).finally(() => (state.writing = false));
    const told: number[] = [];
    for (let quiet = 0; quiet < 2;) {
      const page = await feed(cursor, 3);
      ({ cursor } = page);
      for (const { kind, ids: rows } of page.changes) if (kind === 'localization') told.push(...rows);
      quiet = !state.writing && page.changes.length === 0 ? quiet + 1 : 0;
    }
    const made = (await all).flat();
    expect(told.toSorted((a, b) => a - b)).toEqual(made.toSorted((a, b) => a - b));
  });

  it('names the medias of rows that are gone, and of a track each once', async () => {
    const other = await makeVideo(call, ids, 'other.mp4');
    const { cursor } = await feed();
    const [box] = await create(1);
    const track = { type: ids.track, media_ids: [media, other], localization_ids: [box] };
    const state = (await call<Created>('POST', `/rest/States/${ids.project}`, [track])).body.id[0];
    await call('DELETE', `/rest/State/${state}`, { prune: 1 });
    const { changes } = await feed(cursor);
    const ofTrack = changes.filter(({ kind }) => kind === 'state');
    expect(ofTrack.length).toBeGreaterThan(1);
    for (const { media_ids: on } of ofTrack)
      expect(on.toSorted((a, b) => a - b)).toEqual([media, other].toSorted((a, b) => a - b));
    expect(ofTrack.at(-1)).toMatchObject({ removed: true, ids: [state] });
  });

  it('ends a page after thousands of rows, and does not name those of a statement about far more', async () => {
    const { cursor } = await feed();
    await note([1500, 400, 200, 30_000, 1600, 10_000]);
    const pages: FeedPage[] = [];
    for (let at = cursor, more = true; more; { cursor: at, more } = pages.at(-1)!) pages.push(await feed(at));
    expect(pages.map(({ changes }) => changes.map(({ ids: rows }) => rows.length))).toEqual([
      [1500, 400],
      [200, 0, 1600],
      [10_000],
    ]);
    expect(pages[1]?.changes.map(({ unnamed }) => unnamed)).toEqual([false, true, false]);
    expect((await feed(pages.at(-1)?.cursor)).changes).toEqual([]);
  });

  it('tells nothing of another project, and nothing to whoever is not a member', async () => {
    const organization = (await call<{ id: number }[]>('GET', '/rest/Organizations')).body[0]?.id;
    const other = await call('POST', '/rest/Projects', { name: randomUUID(), organization });
    const theirs = `/rest/TidemarkHub/Changes/${other.body.id}`;
    const { body } = await call<FeedPage>('GET', theirs);
    await create(1);
    expect((await call<FeedPage>('GET', `${theirs}?cursor=${body.cursor}`)).body.changes).toEqual([]);
    expect((await hub.client(hub.annotatorToken)('GET', theirs)).status).toBe(403);
    expect((await fetch(hub.url + path())).status).toBe(400);
  });

  it.each(['x', `${randomUUID()}.1`, `${randomUUID()}.-1.0`, `${randomUUID()}.1.0;`])(
    'refuses the cursor %s',
    async (cursor) => {
      expect((await call('GET', `${path()}?cursor=${encodeURIComponent(cursor)}`)).status).toBe(400);
    },
  );

  it('says so when the database is an older one than that of the cursor', async () => {
    const { cursor } = await feed();
    const [epoch] = cursor.split('.');
    const future = await feed(`${epoch}.999999999999.0`);
    expect(future).toMatchObject({ reset: true, changes: [] });
    expect((await feed(cursor)).reset).toBe(true); // every other reader learns it too
    expect((await feed(future.cursor)).reset).toBe(false);
  });

  it('goes on after a restore into a database that counts from the beginning', async () => {
    const { cursor } = await feed();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`UPDATE feed_entries SET changed = '900000000000'::xid8`);
    await client.end();
    await hub.kill();
    await hub.restart();
    expect((await feed(cursor)).reset).toBe(true);
    const start = await feed();
    const made = await create(1);
    expect((await feed(start.cursor)).changes).toMatchObject([{ kind: 'localization', ids: made }]);
  });
});

interface Event {
  name: string;
  data: { cursor?: string; uid?: string; status?: string; progress?: number };
}

/** Reads events until one is as wanted; then goes away. */
async function eventsUntil(
  wanted: (event: Event, index: number) => boolean,
  meanwhile: () => Promise<unknown>,
): Promise<Event[]> {
  const gone = new AbortController();
  const reply = await fetch(`${hub.url}/rest/TidemarkHub/Events/${ids.project}`, {
    headers: { authorization: `Token ${hub.token}` },
    signal: gone.signal,
  });
  expect(reply.headers.get('content-type')).toContain('text/event-stream');
  const seen: Event[] = [];
  let text = '';
  let started = false;
  const decoder = new TextDecoder();
  for await (const chunk of reply.body ?? new ReadableStream<Uint8Array>()) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const match = /^event: (\w+)\ndata: (.*)$/s.exec(block);
      if (match) seen.push({ name: match[1] ?? '', data: JSON.parse(match[2] ?? '{}') as Event['data'] });
    }
    if (!started) await meanwhile();
    started = true;
    if (seen.some(wanted)) break;
  }
  gone.abort();
  return seen;
}

describe('the events of a project', () => {
  it('come as something changes, with a cursor that the change is behind', async () => {
    let made: number[] = [];
    const seen = await eventsUntil(
      ({ name }, i) => name === 'changes' && i > 0, // the first says where the stream begins
      async () => (made = await create(1)),
    );
    const { cursor } = seen.findLast(({ name }) => name === 'changes')?.data ?? {};
    expect((await feed(cursor)).changes.flatMap(({ ids: rows }) => rows)).toContain(made[0]);
  });

  it('tell how a transcode goes, to its end', async () => {
    let uid = '';
    const upload = await call<{ urls: string[]; key: string }>(
      'GET',
      `/rest/UploadInfo/${ids.project}?num_parts=1`,
    );
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-events-'));
    const clip = join(folder, 'clip.mp4');
    const source = 'testsrc=size=160x120:rate=25:duration=1';
    await promisify(execFile)('ffmpeg', [
      '-v',
      'error',
      '-f',
      'lavfi',
      '-i',
      source,
      '-pix_fmt',
      'yuv420p',
      clip,
    ]);
    await fetch(upload.body.urls[0] ?? '', { method: 'PUT', body: new Uint8Array(await readFile(clip)) });
    await rm(folder, { recursive: true });
    const seen = await eventsUntil(
      ({ name, data }) => name === 'transcode' && data.uid === uid && data.status === 'Succeeded',
      async () => {
        const spec = {
          type: ids.video,
          gid: randomUUID(),
          uid: randomUUID(),
          name: 'x.mp4',
          section: 'Sample dives',
        };
        const url = (
          await call<{ url: string }[]>('POST', `/rest/DownloadInfo/${ids.project}`, {
            keys: [upload.body.key],
          })
        ).body[0]?.url;
        const made = await call('POST', `/rest/Transcodes/${ids.project}`, { ...spec, url, md5: 'x' });
        expect(made.status).toBe(201);
        uid = String(made.body.id);
      },
    );
    expect(seen.findLast(({ name }) => name === 'transcode')?.data).toMatchObject({ uid, progress: 1 });
  });

  it('are for members only', async () => {
    expect((await fetch(`${hub.url}/rest/TidemarkHub/Events/${ids.project}`)).status).toBe(400);
  });
});
