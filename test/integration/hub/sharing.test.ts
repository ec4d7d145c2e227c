import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  hubClient,
  startTestHub,
  type Created,
  type HubClient,
  type Row,
  type TestHub,
} from '../../support/hub.ts';
import { boxSpec, chainOf, makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startExternalPostgres, type ExternalPostgres } from '../../support/external-postgres.ts';

/** Two hubs on one PostgreSQL and one data folder, started at the same moment on nothing. */
let postgres: ExternalPostgres;
let data: string;
let hubs: [TestHub, TestHub];
let calls: [HubClient, HubClient];
let ids: SampleIds;
const ends: (() => Promise<void>)[] = [];

const patience = { timeout: 60_000, interval: 200 };

beforeAll(async () => {
  postgres = await startExternalPostgres();
  data = await mkdtemp(join(tmpdir(), 'tidemark-shared-'));
  ends.push(
    () => postgres.stop(),
    () => rm(data, { recursive: true, force: true }),
  );
  const env = { DATABASE_URL: postgres.url, RUN_ALGORITHMS: '1' };
  hubs = await Promise.all([startTestHub({ data, env }), startTestHub({ data, env })]);
  ends.push(...hubs.map((hub) => () => hub.stop()));
  calls = [hubs[0].client(), hubs[1].client(hubs[0].adminToken)];
  ids = await sampleIds(calls[0]);
});

afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

/** What came of doing something often on both hubs at once. */
function onBoth<T>(times: number, work: (call: HubClient) => Promise<T>): Promise<T[]> {
  return Promise.all(calls.flatMap((call) => Array.from({ length: times }, () => work(call))));
}

async function makeAlgorithm(name: string, command: string[]): Promise<void> {
  const [call] = calls;
  const templates = [{ name: 'main', container: { command } }];
  const head = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow' };
  const info = await call<{ urls: string[]; key: string }>('GET', `/rest/UploadInfo/${ids.project}`);
  const workflow = JSON.stringify({ ...head, spec: { entrypoint: 'main', templates } });
  await fetch(info.body.urls[0] ?? '', { method: 'PUT', body: workflow });
  const file = { name: 'w.yaml', upload_url: info.body.key };
  const saved = await call<{ url: string }>('POST', `/rest/SaveAlgorithmManifest/${ids.project}`, file);
  const user = (await call('GET', '/rest/User/GetCurrent')).body.id;
  const spec = { name, user, files_per_job: 1, manifest: saved.body.url };
  expect((await call('POST', `/rest/Algorithms/${ids.project}`, spec)).status).toBe(201);
}

describe('two hubs on one database', () => {
  it('make the tables, the users and the sample once', async () => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const count = async (table: string): Promise<number> =>
      (await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).rows[0]?.n ?? 0;
    expect([await count('users'), await count('projects'), await count('shared_secrets')]).toEqual([2, 1, 1]);
    const { rows } = await client.query<{ v: number }>(
      `SELECT current_setting('server_version_num')::int AS v`,
    );
    expect(Math.floor((rows[0]?.v ?? 0) / 10_000)).toBeGreaterThanOrEqual(15);
    await client.end();
  });

  it('honour each other’s tokens, and forget together the one that was replaced', async () => {
    expect((await calls[1]('GET', '/rest/User/GetCurrent')).status).toBe(200);
    const password = (await readFile(join(data, 'annotator-password.txt'), 'utf8')).trim();
    const body = { username: 'annotator', password, refresh: true };
    const nobody = hubClient(() => hubs[1].url);
    const { token } = (await nobody<{ token: string }>('POST', '/rest/Token', body)).body;
    expect(token).not.toBe(hubs[0].annotatorToken);
    expect((await hubs[0].client(token)('GET', '/rest/User/GetCurrent')).status).toBe(200);
    expect((await hubs[0].client(hubs[0].annotatorToken)('GET', '/rest/User/GetCurrent')).status).toBe(400);
  });

  it('take the parts of one upload by turns, and give it out on both', async () => {
    const query = `num_parts=2&filename=dive.mp4`;
    const info = await calls[0]<{ urls: string[]; key: string; upload_id: string }>(
      'GET',
      `/rest/UploadInfo/${ids.project}?${query}`,
    );
    const { urls, key, upload_id } = info.body;
    const bytes = [Buffer.alloc(5 * 2 ** 20, 1), Buffer.from('end')];
    const parts = await Promise.all(
      urls.map(async (url, i) => {
        const { pathname, search } = new URL(url);
        const reply = await fetch(`${hubs[i]?.url}${pathname}${search}`, {
          method: 'PUT',
          body: bytes[i] ?? '',
        });
        return { ETag: reply.headers.get('etag') ?? '', PartNumber: i + 1 };
      }),
    );
    const done = { key, upload_id, parts };
    const statuses = await onBoth(1, async (call) => {
      return (await call('POST', `/rest/UploadCompletion/${ids.project}`, done)).status;
    });
    expect(statuses).toEqual([201, 201]);
    const given = await calls[1]<Record<string, string>>('POST', `/rest/DownloadInfo/${ids.project}`, {
      keys: [key],
    });
    const [download] = given.body as unknown as { url: string }[];
    const { pathname, search } = new URL(download?.url ?? '');
    for (const { url } of hubs) {
      const got = Buffer.from(await (await fetch(`${url}${pathname}${search}`)).arrayBuffer());
      expect(got.equals(Buffer.concat(bytes))).toBe(true);
    }
  });

  it('make no twin of an element that both are sent at once', async () => {
    const media = await makeVideo(calls[0], ids);
    const elemental_id = randomUUID();
    await onBoth(8, (call) =>
      call('POST', `/rest/Localizations/${ids.project}`, boxSpec(ids, media, { elemental_id })),
    );
    const chain = await chainOf(calls[1], ids, elemental_id);
    expect(chain.map(({ mark }) => mark).toSorted((a, b) => a - b)).toEqual(chain.map((_, mark) => mark));
    const path = `/rest/Localizations/${ids.project}?media_id=${media}`;
    expect((await calls[0]<Row[]>('GET', path)).body).toHaveLength(1);
  });

  it('do a keyed request once, however many of it come to both', async () => {
    const media = await makeVideo(calls[0], ids, 'keyed.mp4');
    const headers = { 'idempotency-key': randomUUID() };
    const path = `/rest/Localizations/${ids.project}`;
    const answers = await onBoth(8, (call) => call<Created>('POST', path, boxSpec(ids, media), headers));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.id[0])).size).toBe(1);
    expect((await calls[0]<Row[]>('GET', `${path}?media_id=${media}`)).body).toHaveLength(1);
  });

  it('do each job once, and share them', async () => {
    const script =
      'require("fs").appendFileSync(process.argv[1], process.ppid + " " + process.argv[2] + "\\n"); setTimeout(() => {}, 150)';
    const ran = join(data, 'ran.txt');
    await makeAlgorithm('Once', [process.execPath, '-e', script, ran, '{{workflow.parameters.media_ids}}']);
    const media = await Promise.all(
      Array.from({ length: 24 }, (_, i) => makeVideo(calls[0], ids, `job-${i}.mp4`)),
    );
    const halves = [media.slice(0, 12), media.slice(12)];
    const started = await Promise.all(
      calls.map((call, i) =>
        call<{ id: string[] }>('POST', `/rest/Jobs/${ids.project}`, {
          algorithm_name: 'Once',
          media_ids: halves[i],
        }),
      ),
    );
    const uids = started.flatMap(({ body }) => body.id);
    expect(uids).toHaveLength(24);
    const statuses = async (): Promise<Set<string>> => {
      const jobs = uids.map((uid) => calls[1]<{ status: string }>('GET', `/rest/Job/${uid}`));
      return new Set((await Promise.all(jobs)).map(({ body }) => body.status));
    };
    await expect.poll(statuses, patience).toEqual(new Set(['Succeeded']));
    const lines = (await readFile(ran, 'utf8')).trim().split('\n');
    const done = lines.map((line) => line.split(' ') as [string, string]);
    expect(done.map(([, id]) => Number(id)).toSorted((a, b) => a - b)).toEqual(
      media.toSorted((a, b) => a - b),
    );
    expect(new Set(done.map(([by]) => Number(by)))).toEqual(new Set(hubs.map(({ pid }) => pid)));
  });

  it('refuse, when they start, a database that a newer release has changed', async () => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', '')`);
    const env = { DATABASE_URL: postgres.url };
    await expect(startTestHub({ data, env })).rejects.toThrow(/A newer Tidemark .* \(9999-later\)/);
    await client.query(`DELETE FROM kysely_migration WHERE name = '9999-later'`);
    await client.end();
  });

  it('leave the files that the other is writing alone when one starts again', async () => {
    const info = await calls[0]<{ urls: string[]; key: string }>('GET', `/rest/UploadInfo/${ids.project}`);
    let goOn: () => void = () => undefined;
    const halfway = new Promise<void>((resolve) => (goOn = resolve));
    const body = new ReadableStream<Uint8Array>({
      async start(stream) {
        stream.enqueue(Buffer.from('before '));
        await halfway;
        stream.enqueue(Buffer.from('after'));
        stream.close();
      },
    });
    const put = fetch(info.body.urls[0] ?? '', { method: 'PUT', body, duplex: 'half' } as RequestInit);
    const folder = join(data, 'objects', 'tmp');
    await expect.poll(async () => (await readdir(folder)).length, patience).toBeGreaterThan(0);
    await hubs[1].kill();
    await hubs[1].restart();
    goOn();
    expect((await put).status).toBe(200);
  });
});
