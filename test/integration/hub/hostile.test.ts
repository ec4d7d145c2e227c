import { randomBytes } from 'node:crypto';
import { readFile, symlink, mkdtemp, rm, readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf } from '../../../src/hub/errors.ts';
import { spool } from '../../../src/hub/objects/spool.ts';
import { hubClient, startTestHub, type HubClient, type TestHub } from '../../support/hub.ts';
import { sampleIds, type SampleIds } from '../../support/hub-sample.ts';

const CAP = 3_000_000;

let hub: TestHub;
let call: HubClient;
let ids: SampleIds;

beforeAll(async () => {
  hub = await startTestHub({ sample: true, env: { LARGEST_UPLOAD_GB: String(CAP / 1e9) } });
  call = hub.client();
  ids = await sampleIds(call);
});

afterAll(() => hub.stop());

/** Sends a body as text; undefined when the hub broke the connection off. */
async function send(path: string, body: string, token?: string): Promise<[number, string] | undefined> {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Token ${token}` }),
  };
  const reply = await fetch(hub.url + path, { method: 'POST', headers, body }).catch(() => undefined);
  return reply && [reply.status, await reply.text()];
}

describe('a body', () => {
  it('of endless brackets is refused before it is parsed', async () => {
    const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000);
    const path = `/rest/Localizations/${ids.project}`;
    expect(await send(path, deep, hub.token)).toEqual([400, expect.stringContaining('nested deeper')]);
    const object = '{"a":'.repeat(200) + '1' + '}'.repeat(200);
    expect(await send('/rest/Token', object)).toEqual([400, expect.stringContaining('nested deeper')]);
    const harmless = JSON.stringify({ username: '[['.repeat(500) + '\\"{', password: 'x' });
    expect(await send('/rest/Token', harmless)).toEqual([400, expect.stringContaining('credentials')]);
  });

  it('of whoever has no token is not read, and small where none is needed', async () => {
    const path = `/rest/Localizations/${ids.project}`;
    expect(await send(path, '{"broken":')).toEqual([400, expect.stringContaining('credentials')]);
    const large = JSON.stringify({ username: 'x'.repeat(5_000_000), password: '' });
    const reply = await send('/rest/Token', large);
    expect(reply === undefined || reply[0] === 400).toBe(true);
    expect((await call('GET', '/rest/User/GetCurrent')).status).toBe(200);
  });
});

describe('logins', () => {
  it('of many at once are no way around the lockout', async () => {
    const nobody = hubClient(() => hub.url);
    const password = (await readFile(join(hub.data, 'annotator-password.txt'), 'utf8')).trim();
    const tries = Array.from({ length: 24 }, (_, i) => (i === 23 ? password : `guess ${i}`));
    const replies = await Promise.all(
      tries.map((guess) => nobody('POST', '/rest/Token', { username: 'annotator', password: guess })),
    );
    expect(replies.map(({ status }) => status)).toEqual(tries.map(() => 400));
    expect(replies[23]?.body.message).toContain('Too many');
  });

  it('of one user at one time with the right password all succeed', async () => {
    const nobody = hubClient(() => hub.url);
    const password = (await readFile(join(hub.data, 'admin-password.txt'), 'utf8')).trim();
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => nobody('POST', '/rest/Token', { username: 'admin', password })),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(8).fill(201));
  });
});

describe('a search', () => {
  const count = (search: unknown) =>
    call<number>('PUT', `/rest/LocalizationCount/${ids.project}`, { object_search: search });

  it('may name very many values', async () => {
    const frames = Array.from({ length: 70_000 }, (_, i) => i);
    const reply = await count({ attribute: '$frame', operation: 'in', value: frames });
    expect(reply.status).toBe(200);
    expect(reply.body).toBe((await call('GET', `/rest/LocalizationCount/${ids.project}`)).body);
  });

  it('of too many tests, or nested too deeply, is refused', async () => {
    const test = { attribute: '$frame', operation: 'eq', value: 1 };
    const wide = await count({ method: 'or', operations: Array(100_000).fill(test) });
    expect([wide.status, wide.body]).toEqual([
      400,
      expect.objectContaining({ message: expect.stringContaining('at most') as string }),
    ]);
    let deep: unknown = test;
    for (let i = 0; i < 40; i += 1) deep = { method: 'not', operations: [deep] };
    expect((await count(deep)).status).toBe(400);
  });
});

interface UploadInfo {
  urls: string[];
  key: string;
  upload_id: string;
}

const begin = async (parts: number): Promise<UploadInfo> =>
  (await call<UploadInfo>('GET', `/rest/UploadInfo/${ids.project}?num_parts=${parts}`)).body;

async function put(url: string | undefined, size: number): Promise<[number, string | null, string]> {
  const reply = await fetch(url ?? '', { method: 'PUT', body: new Uint8Array(randomBytes(size)) });
  return [reply.status, reply.headers.get('etag'), await reply.text()];
}

/** Without a length: the hub learns only on the way that it is too much. */
function putInPieces(url: string, pieces: number): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'PUT' }, (reply) => {
      let text = '';
      reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
      reply.on('end', () => resolve([reply.statusCode ?? 0, text]));
    });
    sent.on('error', reject);
    for (let i = 0; i < pieces; i += 1) sent.write(randomBytes(500_000));
    sent.end();
  });
}

describe('an upload', () => {
  const tooLarge = expect.stringContaining(`larger than this hub accepts (${CAP} bytes)`) as string;

  it('larger than the operator allows is cut off with an answer that says so, and nothing of it stays', async () => {
    const { urls, key } = await begin(1);
    expect(await put(urls[0], CAP + 1)).toEqual([400, null, tooLarge]);
    expect(await putInPieces(urls[0] ?? '', 20)).toEqual([400, tooLarge]);
    const shown = await call<{ url: string }[]>('POST', `/rest/DownloadInfo/${ids.project}`, { keys: [key] });
    expect((await fetch(shown.body[0]?.url ?? '')).status).toBe(404);
    expect((await put(urls[0], CAP))[0]).toBe(200);
  });

  it('in parts counts all of them, each once', async () => {
    const { urls, key, upload_id } = await begin(3);
    const etags = [];
    for (const [i, size] of [1_500_000, 1_400_000].entries()) etags.push((await put(urls[i], size))[1]);
    // The same part again is not more.
    etags[1] = (await put(urls[1], 1_400_000))[1];
    expect(await put(urls[2], 100_001)).toEqual([400, null, tooLarge]);
    etags.push((await put(urls[2], 100_000))[1]);
    const parts = etags.map((ETag, i) => ({ PartNumber: i + 1, ETag }));
    const done = await call('POST', `/rest/UploadCompletion/${ids.project}`, { key, upload_id, parts });
    expect(done.status).toBe(201);
  });

  // Only Linux has a file that is always full.
  it.skipIf(process.platform !== 'linux')('onto a full disk says so, and leaves nothing behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-full-'));
    try {
      const path = join(folder, 'upload');
      await symlink('/dev/full', path); // every write to it finds the disk full
      const failure: unknown = await spool(Readable.from([randomBytes(100_000)]), path, 1e6).catch(
        (error: unknown) => error,
      );
      expect(answerOf(failure)).toMatchObject({ status: 503, body: { details: 'disk-full' } });
      expect(await readdir(folder)).toEqual([]);
      const ofDatabase = Object.assign(new Error('could not extend file'), { code: '53100' });
      expect(answerOf(ofDatabase).status).toBe(503);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
