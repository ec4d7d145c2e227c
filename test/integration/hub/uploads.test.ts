import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UrlSigner } from '../../../src/hub/objects/signing.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestHub, type HubClient, type MediaAnswer, type TestHub } from '../../support/hub.ts';
import { makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';

let hub: TestHub;
let call: HubClient;
let ids: SampleIds;

beforeAll(async () => {
  hub = await startTestHub({ sample: true });
  call = hub.client();
  ids = await sampleIds(call);
});

afterAll(() => hub.stop());

interface UploadInfo {
  urls: string[];
  key: string;
  upload_id: string;
}

async function begin(parts: number, more = ''): Promise<UploadInfo> {
  const reply = await call<UploadInfo>(
    'GET',
    `/rest/UploadInfo/${ids.project}?num_parts=${parts}&filename=clip.mp4${more}`,
  );
  expect(reply.status).toBe(200);
  return reply.body;
}

const md5 = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

async function put(url: string, bytes: Buffer): Promise<{ status: number; etag: string | null }> {
  const reply = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes) });
  await reply.arrayBuffer();
  return { status: reply.status, etag: reply.headers.get('etag') };
}

async function download(key: string, headers: Record<string, string> = {}): Promise<Response> {
  const { body } = await call<{ url: string }[]>('POST', `/rest/DownloadInfo/${ids.project}`, {
    keys: [key],
  });
  return fetch(body[0]?.url ?? '', { headers });
}

async function bytesOf(reply: Response): Promise<Buffer> {
  return Buffer.from(await reply.arrayBuffer());
}

const parts = [randomBytes(300_000), randomBytes(200_000), randomBytes(17)];
const whole = Buffer.concat(parts);

async function uploadParts(info: UploadInfo): Promise<{ PartNumber: number; ETag: string | null }[]> {
  const sends = parts.map((bytes, i) => put(info.urls[i] ?? '', bytes));
  return (await Promise.all(sends)).map(({ etag }, i) => ({ PartNumber: i + 1, ETag: etag }));
}

const complete = (info: UploadInfo, list: unknown) =>
  call('POST', `/rest/UploadCompletion/${ids.project}`, {
    key: info.key,
    upload_id: info.upload_id,
    parts: list,
  });

describe('a single PUT', () => {
  it('answers the MD5 in quotes and gives the bytes back', async () => {
    const info = await begin(1);
    expect(info.upload_id).toBe('');
    expect(await put(info.urls[0] ?? '', whole)).toEqual({ status: 200, etag: md5(whole) });
    expect((await bytesOf(await download(info.key))).equals(whole)).toBe(true);
  });

  it('takes an empty file', async () => {
    const info = await begin(1);
    expect((await put(info.urls[0] ?? '', Buffer.alloc(0))).status).toBe(200);
    expect((await bytesOf(await download(info.key))).length).toBe(0);
  });

  it('never gives two uploads of one file name the same key', async () => {
    expect((await begin(1)).key).not.toBe((await begin(1)).key);
  });

  it('puts uploads for a media below that media', async () => {
    const media = await makeVideo(call, ids);
    const { key } = await begin(1, `&media_id=${media}`);
    expect(key).toMatch(new RegExp(`^\\d+/${ids.project}/${media}/clip_[a-z]{10}\\.mp4$`));
  });
});

describe('a multipart upload', () => {
  it('assembles its parts in order, whatever order they came in', async () => {
    const info = await begin(3);
    const list = await uploadParts(info);
    expect(list.map((part) => part.ETag)).toEqual(parts.map(md5));
    expect((await complete(info, list)).status).toBe(201);
    expect((await bytesOf(await download(info.key))).equals(whole)).toBe(true);
  });

  it('refuses a completion with a wrong ETag or a missing part, and goes on afterwards', async () => {
    const info = await begin(3);
    const list = await uploadParts(info);
    const wrong = list.map((part) =>
      part.PartNumber === 2 ? { ...part, ETag: md5(Buffer.from('x')) } : part,
    );
    expect((await complete(info, wrong)).status).toBe(400);
    expect((await complete(info, [...list, { PartNumber: 4, ETag: md5(whole) }])).status).toBe(400);
    expect((await download(info.key)).status).toBe(404);
    expect((await complete(info, list)).status).toBe(201);
  });

  it('answers a repeated completion alike, and refuses another one', async () => {
    const info = await begin(3);
    const list = await uploadParts(info);
    expect((await complete(info, list)).status).toBe(201);
    expect((await complete(info, list)).status).toBe(201);
    expect((await complete(info, list.slice(0, 2))).status).toBe(400);
    expect((await bytesOf(await download(info.key))).equals(whole)).toBe(true);
  });

  it('takes the newest content of a part that is sent again', async () => {
    const info = await begin(3);
    await put(info.urls[1] ?? '', Buffer.from('a broken try'));
    const list = await uploadParts(info);
    expect((await complete(info, list)).status).toBe(201);
    expect((await bytesOf(await download(info.key))).equals(whole)).toBe(true);
  });

  it('lists what has arrived and signs parts again, as our extension', async () => {
    const info = await begin(3);
    await put(info.urls[2] ?? '', parts[2] ?? whole);
    const query = `key=${encodeURIComponent(info.key)}&upload_id=${info.upload_id}`;
    const listed = await call('GET', `/rest/TidemarkHub/Parts/${ids.project}?${query}`);
    expect(listed.body).toEqual([{ PartNumber: 3, ETag: md5(parts[2] ?? whole), Size: 17 }]);
    const signed = await call<{ urls: Record<number, string> }>(
      'GET',
      `/rest/TidemarkHub/SignParts/${ids.project}?${query}&parts=1,2`,
    );
    for (const number of [1, 2])
      expect((await put(signed.body.urls[number] ?? '', parts[number - 1] ?? whole)).status).toBe(200);
    const list = parts.map((bytes, i) => ({ PartNumber: i + 1, ETag: md5(bytes) }));
    expect((await complete(info, list)).status).toBe(201);
  });

  it('leaves no part of a transfer that broke off', async () => {
    const info = await begin(2);
    await new Promise<void>((resolve) => {
      const broken = request(info.urls[0] ?? '', { method: 'PUT', headers: { 'content-length': '1000000' } });
      broken.on('error', () => resolve());
      broken.write(randomBytes(5000), () => broken.destroy());
    });
    const query = `key=${encodeURIComponent(info.key)}&upload_id=${info.upload_id}`;
    expect((await call('GET', `/rest/TidemarkHub/Parts/${ids.project}?${query}`)).body).toEqual([]);
  });
});

describe('byte ranges', () => {
  it('answers the asked bytes with 206, and 416 beyond the end', async () => {
    const info = await begin(1);
    await put(info.urls[0] ?? '', whole);
    const part = await download(info.key, { range: 'bytes=100-199' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${whole.length}`]);
    expect((await bytesOf(part)).equals(whole.subarray(100, 200))).toBe(true);
    const tail = await download(info.key, { range: 'bytes=-10' });
    expect((await bytesOf(tail)).equals(whole.subarray(-10))).toBe(true);
    expect((await download(info.key, { range: `bytes=${whole.length}-` })).status).toBe(416);
  });
});

describe('signed URLs', () => {
  it('are void when they are changed, used for another method, or too old', async () => {
    const info = await begin(1);
    const url = info.urls[0] ?? '';
    await put(url, whole);
    expect((await fetch(url)).status).toBe(403);
    expect((await put(url.replace('clip_', 'clap_'), whole)).status).toBe(403);
    expect((await put(url.replace(/expires=\d+/, 'expires=99999999999'), whole)).status).toBe(403);
    expect((await fetch(`${hub.url}/objects/${info.key}`)).status).toBe(403);
    const signer = new UrlSigner(await readFile(join(hub.data, 'signing-secret')));
    const old = signer.sign({ method: 'GET', key: info.key, expires: Math.floor(Date.now() / 1000) - 1 });
    const reply = await fetch(hub.url + old);
    expect([reply.status, ((await reply.json()) as { message: string }).message]).toEqual([
      403,
      'The URL has expired.',
    ]);
  });

  it('cannot be had for keys of another project, and lead nowhere outside the store', async () => {
    const keys = ['1/999/1/x.mp4', '../../../etc/passwd', `1/${ids.project}/../../../signing-secret`];
    for (const key of keys.slice(0, 2)) {
      expect((await call('POST', `/rest/DownloadInfo/${ids.project}`, { keys: [key] })).status).toBe(403);
    }
    const signer = new UrlSigner(await readFile(join(hub.data, 'signing-secret')));
    for (const key of keys) {
      const path = signer.sign({ method: 'GET', key, expires: Math.floor(Date.now() / 1000) + 60 });
      expect(await rawStatus(path)).toBeGreaterThanOrEqual(400);
      expect(await rawStatus(path)).toBeLessThan(500);
    }
  });

  it('are refused to users without Can Transfer', async () => {
    const outsider = hub.client(hub.annotatorToken);
    const info = await begin(2);
    expect((await outsider('POST', `/rest/DownloadInfo/${ids.project}`, { keys: [info.key] })).status).toBe(
      201,
    );
    const members = (
      await call<{ id: number; username: string }[]>('GET', `/rest/Memberships/${ids.project}`)
    ).body;
    const membership = members.find((row) => row.username === 'annotator')?.id;
    await call('PATCH', `/rest/Membership/${membership}`, { permission: 'Can Edit' });
    expect((await outsider('POST', `/rest/DownloadInfo/${ids.project}`, { keys: [info.key] })).status).toBe(
      403,
    );
    const body = {
      key: info.key,
      upload_id: info.upload_id,
      parts: [1, 2].map((PartNumber) => ({ PartNumber, ETag: 'x' })),
    };
    expect((await outsider('POST', `/rest/UploadCompletion/${ids.project}`, body)).status).toBe(403);
    await call('PATCH', `/rest/Membership/${membership}`, { permission: 'Can Transfer' });
  });
});

/** `fetch` would tidy `..` away before sending. */
function rawStatus(path: string): Promise<number> {
  const { hostname, port } = new URL(hub.url);
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, path: decodeURI(path).replace(/%2E/gi, '.'), method: 'GET' },
      (reply) => {
        reply.resume();
        resolve(reply.statusCode ?? 0);
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

describe('file entries of a media', () => {
  it('must lie below the media and exist, and are shown as URLs on request', async () => {
    const media = await makeVideo(call, ids);
    const info = await begin(1, `&media_id=${media}`);
    const entry = { path: info.key, resolution: [100, 200], mime: 'image/jpeg', size: whole.length };
    const path = `/rest/ImageFiles/${media}?role=thumbnail`;
    expect((await call('POST', path, entry)).status).toBe(400);
    await put(info.urls[0] ?? '', whole);
    expect((await call('POST', path, entry)).status).toBe(201);
    expect((await call('POST', path, { ...entry, path: `1/${ids.project}/0/${randomUUID()}` })).status).toBe(
      403,
    );
    const { media_files: files } = (await call<MediaAnswer>('GET', `/rest/Media/${media}?presigned=600`))
      .body;
    expect((await bytesOf(await fetch(files.thumbnail[0]?.path ?? ''))).equals(whole)).toBe(true);
    const permalink = await call('GET', `/rest/Permalink/${media}?element=thumbnail`);
    expect(permalink.status).toBe(301);
    expect((await fetch(permalink.headers.get('location') ?? '')).status).toBe(200);
    // Without a token: where the user "anonymous" is a member, and nowhere else.
    const link = `${hub.url}/rest/Permalink/${media}?element=thumbnail`;
    const follow = async (): Promise<number> => (await fetch(link)).status;
    expect(await follow()).toBe(403);
    const names = {
      username: 'anonymous',
      first_name: 'A',
      last_name: 'B',
      email: '',
      password: randomUUID(),
    };
    const user = await call('POST', '/rest/Users', names);
    expect([user.status, await follow()]).toEqual([201, 403]);
    const member = { user: user.body.id, permission: 'View Only' };
    expect((await call('POST', `/rest/Memberships/${ids.project}`, member)).status).toBe(201);
    expect(await follow()).toBe(200);
    expect((await fetch(`${hub.url}/rest/Media/${media}`)).status).toBe(400);
  });
});
