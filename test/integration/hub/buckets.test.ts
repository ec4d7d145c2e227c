import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { execFile } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type HubClient, type MediaAnswer, type TestHub } from '../../support/hub.ts';
import { makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { startLocalAzure } from '../../support/local-azure.ts';
import { startLocalGoogle } from '../../support/local-google.ts';
import { startLocalS3, type LocalS3 } from '../../support/local-s3.ts';

interface UploadInfo {
  urls: string[];
  key: string;
  upload_id: string;
}

interface BucketAnswer {
  id: number;
  name: string;
  archive_sc: string;
  live_sc: string;
  endpoint_url: string;
  external_host: string | null;
}

const [store, azure] = await Promise.all([startLocalS3(), startLocalAzure()]);
const google = store && (await startLocalGoogle(store));
const folder = await mkdtemp(join(tmpdir(), 'tidemark-buckets-'));
let hub: TestHub;
let call: HubClient;
let ids: SampleIds;
let organization: number;

beforeAll(async () => {
  hub = await startTestHub({
    sample: true,
    env: { FETCH_PRIVATE_URLS: '1', GOOGLE_STORAGE_ENDPOINT: google?.endpoint ?? '' },
  });
  call = hub.client();
  ids = await sampleIds(call);
  organization = (await call<{ id: number }[]>('GET', '/rest/Organizations')).body[0]?.id ?? 0;
});

afterAll(async () => {
  await hub.stop();
  await google?.stop();
  await Promise.all([store?.stop(), azure?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const keys = { region_name: 'us-east-1', aws_access_key_id: 'tide', aws_secret_access_key: 'high-water' };
const specOf = (name: string, endpoint: string, more: object = {}): Record<string, unknown> => ({
  name,
  store_type: 'MINIO',
  config: { endpoint_url: endpoint, ...keys },
  ...more,
});

function clientOf({ endpoint }: LocalS3): S3Client {
  const credentials = { accessKeyId: 'tide', secretAccessKey: 'high-water' };
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}

/** A bucket that is really there, and known to the hub of a caller. */
async function makeBucket(s3: LocalS3, more: object = {}): Promise<{ id: number; name: string }> {
  const name = `dives-${randomBytes(4).toString('hex')}`;
  await clientOf(s3).send(new CreateBucketCommand({ Bucket: name }));
  const reply = await call('POST', `/rest/Buckets/${organization}`, specOf(name, s3.endpoint, more));
  expect(reply.status).toBe(201);
  return { id: reply.body.id, name };
}

/** A service account of Google, but for one member. */
function accountWithout(member: string): Record<string, string> {
  const names = ['project_id', 'private_key_id', 'private_key', 'client_email', 'client_id', 'auth_uri'];
  const urls = ['token_uri', 'auth_provider_x509_cert_url', 'client_x509_cert_url'];
  const all = {
    type: 'service_account',
    ...Object.fromEntries([...names, ...urls].map((name) => [name, name])),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => name !== member));
}

async function makeProject(more: object): Promise<SampleIds> {
  const project = await call('POST', '/rest/Projects', { name: randomUUID(), organization, ...more });
  expect(project.status).toBe(201);
  const type = await call('POST', `/rest/MediaTypes/${project.body.id}`, {
    name: 'Dive video',
    dtype: 'video',
    attribute_types: [],
  });
  const section = await call('POST', `/rest/Sections/${project.body.id}`, { name: 'Dives' });
  return { ...ids, project: project.body.id, video: type.body.id, section: section.body.id };
}

async function keysIn(s3: LocalS3, bucket: string): Promise<string[]> {
  const { Contents } = await clientOf(s3).send(new ListObjectsV2Command({ Bucket: bucket }));
  return (Contents ?? []).map(({ Key }) => Key ?? '');
}

async function begin(project: number, query: string): Promise<UploadInfo> {
  const reply = await call<UploadInfo>('GET', `/rest/UploadInfo/${project}?filename=clip.mp4&${query}`);
  expect(reply.status).toBe(200);
  return reply.body;
}

async function put(url: string, bytes: Buffer): Promise<string> {
  const reply = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes) });
  expect(reply.status).toBe(200);
  return reply.headers.get('etag') ?? '';
}

async function urlOf(project: number, key: string): Promise<string> {
  const { body } = await call<{ url: string }[]>('POST', `/rest/DownloadInfo/${project}`, { keys: [key] });
  return body[0]?.url ?? '';
}

const md5 = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

describe('the buckets of an organization', () => {
  it('are made, shown without their credentials, changed and deleted', async () => {
    const made = await call(
      'POST',
      `/rest/Buckets/${organization}`,
      specOf('deep', 'https://s3.example.org', { store_type: 'AWS' }),
    );
    expect(made.status).toBe(201);
    const path = `/rest/Bucket/${made.body.id}`;
    const read = await call<BucketAnswer>('GET', path);
    expect(read.body).toMatchObject({
      name: 'deep',
      archive_sc: 'DEEP_ARCHIVE',
      live_sc: 'STANDARD',
      endpoint_url: 'https://s3.example.org',
      external_host: null,
    });
    expect(JSON.stringify(read.body)).not.toContain('high-water');
    expect((await call('PATCH', path, { archive_sc: 'STANDARD' })).status).toBe(200);
    expect((await call<BucketAnswer>('GET', path)).body.archive_sc).toBe('STANDARD');
    const list = await call<BucketAnswer[]>('GET', `/rest/Buckets/${organization}`);
    expect(list.body.map(({ id }) => id)).toContain(made.body.id);
    expect(JSON.stringify(list.body)).not.toContain('high-water');
    expect((await call('DELETE', path)).status).toBe(200);
    expect((await call('GET', path)).status).toBe(404);
  });

  it.each([
    ['a name of 64 letters', specOf('x'.repeat(64), 'https://s3.example.org')],
    ['a class of another kind of store', specOf('a', 'https://s3.example.org', { archive_sc: 'COLDLINE' })],
    ['an endpoint that is no URL', specOf('a', 'file:///etc')],
    ['an external host that is no URL', specOf('a', 'https://s3.example.org', { external_host: 'x y' })],
    [
      'a connection string that is none',
      { name: 'a', store_type: 'AZURE', config: { connection_string: 'x' } },
    ],
    [
      'a private key that is none',
      { name: 'a', store_type: 'GCP', config: { ...accountWithout('private_key'), private_key: 'x' } },
    ],
    [
      'the key of an account left out',
      { name: 'a', store_type: 'GCP', config: accountWithout('private_key') },
    ],
    [
      'a kind with the settings of another',
      { name: 'a', store_type: 'AWS', config: { connection_string: 'x' } },
    ],
  ])('are refused with %s', async (_what, spec) => {
    expect((await call('POST', `/rest/Buckets/${organization}`, spec)).status).toBe(400);
  });

  it('are no matter of members', async () => {
    const annotator = hub.client(hub.annotatorToken);
    expect((await annotator('GET', `/rest/Buckets/${organization}`)).status).toBe(403);
  });

  it('serve the projects of that organization only', async () => {
    const other = await call('POST', '/rest/Organizations', { name: randomUUID() });
    const bucket = await call(
      'POST',
      `/rest/Buckets/${other.body.id}`,
      specOf('b', 'https://s3.example.org'),
    );
    const change = { bucket: bucket.body.id };
    expect((await call('PATCH', `/rest/Project/${ids.project}`, change)).status).toBe(403);
    const spec = { name: randomUUID(), organization, ...change };
    expect((await call('POST', '/rest/Projects', spec)).status).toBe(403);
  });

  it('in the network of the hub are refused unless its operator allows them', async () => {
    const strict = await startTestHub({ sample: false });
    try {
      const spec = specOf('inside', 'http://169.254.169.254');
      const made = await strict.client()('POST', '/rest/Organizations', { name: 'x' });
      const reply = await strict.client()('POST', `/rest/Buckets/${made.body.id}`, spec);
      expect(reply.status).toBe(400);
      expect(reply.body.message).toContain('private network');
    } finally {
      await strict.stop();
    }
  });
});

describe.skipIf(!store)('a project with a bucket', () => {
  const s3 = store as LocalS3;

  it('keeps a file there, and gives it back whole and in ranges', async () => {
    const bucket = await makeBucket(s3);
    const project = await makeProject({ bucket: bucket.id });
    const media = await makeVideo(call, project);
    const bytes = randomBytes(400_000);
    const info = await begin(project.project, `num_parts=1&media_id=${media}`);
    expect(await put(info.urls[0] ?? '', bytes)).toBe(md5(bytes));
    expect(await keysIn(s3, bucket.name)).toEqual([info.key]);
    const url = await urlOf(project.project, info.key);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true);
    const part = await fetch(url, { headers: { range: 'bytes=100-299' } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 300))).toBe(true);
  });

  it('joins parts there, lists them, and answers a completion again', async () => {
    const bucket = await makeBucket(s3);
    const { project } = await makeProject({ upload_bucket: bucket.id });
    const parts = [randomBytes(5 * 1024 * 1024), randomBytes(70_000)];
    const info = await begin(project, 'num_parts=2');
    const etags = [];
    for (const [i, bytes] of parts.entries()) etags.push(await put(info.urls[i] ?? '', bytes));
    expect(etags).toEqual(parts.map(md5));
    const query = `key=${encodeURIComponent(info.key)}&upload_id=${encodeURIComponent(info.upload_id)}`;
    const listed = await call<unknown>('GET', `/rest/TidemarkHub/Parts/${project}?${query}`);
    expect(listed.body).toEqual(
      parts.map((bytes, i) => ({ PartNumber: i + 1, ETag: md5(bytes), Size: bytes.length })),
    );
    const body = { ...info, parts: etags.map((ETag, i) => ({ PartNumber: i + 1, ETag })) };
    const wrong = { ...body, parts: [{ PartNumber: 1, ETag: md5(Buffer.from('x')) }, body.parts[1]] };
    expect((await call('POST', `/rest/UploadCompletion/${project}`, wrong)).status).toBe(400);
    expect((await call('POST', `/rest/UploadCompletion/${project}`, body)).status).toBe(201);
    expect((await call('POST', `/rest/UploadCompletion/${project}`, body)).status).toBe(201);
    const whole = Buffer.concat(parts);
    const inside = await clientOf(s3).send(new GetObjectCommand({ Bucket: bucket.name, Key: info.key }));
    expect(Buffer.from((await inside.Body?.transformToByteArray()) ?? []).equals(whole)).toBe(true);
    const read = await fetch(await urlOf(project, info.key));
    expect(Buffer.from(await read.arrayBuffer()).equals(whole)).toBe(true);
  });

  it('transcodes into it, and cuts frames out of what is there', async () => {
    const bucket = await makeBucket(s3);
    const project = await makeProject({ bucket: bucket.id, upload_bucket: bucket.id });
    const clip = join(folder, 'clip.mp4');
    const source = 'testsrc=size=320x240:rate=25:duration=1';
    const options = ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, '-pix_fmt', 'yuv420p', clip];
    await promisify(execFile)('ffmpeg', options);
    const info = await begin(project.project, 'num_parts=1');
    await put(info.urls[0] ?? '', await readFile(clip));
    const made = await call('POST', `/rest/Transcodes/${project.project}`, {
      type: project.video,
      gid: randomUUID(),
      uid: randomUUID(),
      url: await urlOf(project.project, info.key),
      name: 'clip.mp4',
      md5: 'x',
      section: 'Dives',
    });
    expect(made.status).toBe(201);
    const [media] = await finished(project.project);
    const inBucket = await keysIn(s3, bucket.name);
    expect(inBucket).toContain(media?.media_files.streaming[0]?.path);
    expect(inBucket).toContain(media?.media_files.archival[0]?.path);
    const frame = await fetch(`${hub.url}/rest/GetFrame/${media?.id}?frames=10`, {
      headers: { authorization: `Token ${hub.token}` },
    });
    expect([frame.status, frame.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect((await call('DELETE', `/rest/Bucket/${bucket.id}`)).body.message).toContain('uses this bucket');
  });

  it('leaves files where they are when the project gets another one', async () => {
    const [first, second] = [await makeBucket(s3), await makeBucket(s3)];
    const project = await makeProject({});
    const media = await makeVideo(call, project);
    const upload = async (): Promise<UploadInfo> => {
      const info = await begin(project.project, `num_parts=1&media_id=${media}`);
      await put(info.urls[0] ?? '', Buffer.from(info.key));
      return info;
    };
    const infos = [await upload()];
    for (const bucket of [first, second]) {
      expect((await call('PATCH', `/rest/Project/${project.project}`, { bucket: bucket.id })).status).toBe(
        200,
      );
      infos.push(await upload());
    }
    expect(await keysIn(s3, first.name)).toEqual([infos[1]?.key]);
    expect(await keysIn(s3, second.name)).toEqual([infos[2]?.key]);
    for (const { key } of infos) {
      expect(await (await fetch(await urlOf(project.project, key))).text()).toBe(key);
    }
    expect((await call('DELETE', `/rest/Bucket/${first.id}`)).body.message).toContain('in this bucket');
    expect((await call('PATCH', `/rest/Bucket/${first.id}`, { name: 'elsewhere' })).status).toBe(400);
  });

  it('takes a file of a media into the bucket that is named', async () => {
    const bucket = await makeBucket(s3);
    const media = await makeVideo(call, ids);
    const info = await begin(ids.project, `num_parts=1&media_id=${media}&bucket_id=${bucket.id}`);
    await put(info.urls[0] ?? '', Buffer.from('here'));
    expect(await keysIn(s3, bucket.name)).toEqual([info.key]);
    const path = `/rest/UploadInfo/${ids.project}?num_parts=1&bucket_id=${bucket.id}`;
    expect((await call('GET', path)).status).toBe(400);
  });

  it('sends readers to the store itself where it has a host for them', async () => {
    const bucket = await makeBucket(s3, { external_host: s3.endpoint.replace('127.0.0.1', 'localhost') });
    const project = await makeProject({ bucket: bucket.id });
    const media = await makeVideo(call, project);
    const info = await begin(project.project, `num_parts=1&media_id=${media}`);
    await put(info.urls[0] ?? '', Buffer.from('direct'));
    const url = await urlOf(project.project, info.key);
    const sent = await fetch(url, { redirect: 'manual' });
    expect(sent.status).toBe(307);
    expect(new URL(sent.headers.get('location') ?? '').hostname).toBe('localhost');
    expect(await (await fetch(url)).text()).toBe('direct');
  });

  it('answers 503 while the store is away, and goes on afterwards', async () => {
    const gone = await call('POST', `/rest/Buckets/${organization}`, specOf('gone', 'http://127.0.0.1:9'));
    const { project } = await makeProject({ upload_bucket: gone.body.id });
    const info = await begin(project, 'num_parts=1');
    const reply = await fetch(info.urls[0] ?? '', { method: 'PUT', body: 'x' });
    expect(reply.status).toBe(503);
    expect(await reply.text()).not.toContain('127.0.0.1');
    expect((await call('GET', '/rest/Projects')).status).toBe(200);
  });

  it('can be the store of a whole hub', async () => {
    const Bucket = 'everything';
    await clientOf(s3).send(new CreateBucketCommand({ Bucket }));
    const env = {
      S3_ENDPOINT: s3.endpoint,
      S3_BUCKET: Bucket,
      S3_ACCESS_KEY_ID: 'tide',
      S3_SECRET_ACCESS_KEY: 'high-water',
    };
    const whole = await startTestHub({ sample: true, env });
    try {
      const own = await sampleIds(whole.client());
      const path = `/rest/UploadInfo/${own.project}?num_parts=1`;
      const info = (await whole.client()<UploadInfo>('GET', path)).body;
      await put(info.urls[0] ?? '', Buffer.from('all of it'));
      expect(await keysIn(s3, Bucket)).toContain(info.key);
      expect(await readdir(whole.data)).not.toContain('objects');
    } finally {
      await whole.stop();
    }
  });

  it('keeps a hub from starting when it is not there, with a line that says so', async () => {
    const env = {
      S3_ENDPOINT: s3.endpoint,
      S3_BUCKET: 'nowhere',
      S3_ACCESS_KEY_ID: 'tide',
      S3_SECRET_ACCESS_KEY: 'high-water',
    };
    await expect(startTestHub({ sample: false, env })).rejects.toThrow('The bucket "nowhere"');
  });
});

const elsewhere: [string, (() => Promise<Record<string, unknown>>) | undefined][] = [
  [
    'Google',
    google && (async () => ({ name: await google.makeBucket(), store_type: 'GCP', config: google.account })),
  ],
  [
    'Azure',
    azure &&
      (async () => {
        const config = { connection_string: azure.connectionString };
        return { name: await azure.makeContainer(), store_type: 'AZURE', config };
      }),
  ],
];

for (const [name, make] of elsewhere) {
  it.skipIf(!make)(`a project with a bucket of ${name} keeps its files there, in parts too`, async () => {
    const spec = (await make?.()) ?? {};
    const bucket = await call('POST', `/rest/Buckets/${organization}`, spec);
    expect(bucket.status).toBe(201);
    const shown = JSON.stringify((await call<unknown>('GET', `/rest/Bucket/${bucket.body.id}`)).body);
    expect(shown).not.toMatch(/AccountKey|PRIVATE/);
    const { project } = await makeProject({ bucket: bucket.body.id, upload_bucket: bucket.body.id });
    const parts = [randomBytes(5 * 1024 * 1024), randomBytes(70_000)];
    const info = await begin(project, 'num_parts=2');
    const etags = [];
    for (const [i, bytes] of parts.entries()) etags.push(await put(info.urls[i] ?? '', bytes));
    expect(etags).toEqual(parts.map(md5));
    const body = { ...info, parts: etags.map((ETag, i) => ({ PartNumber: i + 1, ETag })) };
    expect((await call('POST', `/rest/UploadCompletion/${project}`, body)).status).toBe(201);
    const url = await urlOf(project, info.key);
    const whole = Buffer.concat(parts);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(whole)).toBe(true);
    const some = await fetch(url, { headers: { range: 'bytes=5242800-5242999' } });
    expect(some.status).toBe(206);
    expect(Buffer.from(await some.arrayBuffer()).equals(whole.subarray(5_242_800, 5_243_000))).toBe(true);
    expect((await call('DELETE', `/rest/Bucket/${bucket.body.id}`)).status).toBe(400);
  });
}

async function finished(project: number): Promise<(MediaAnswer & { id: number })[]> {
  for (let tries = 0; tries < 600; tries += 1) {
    const jobs = await call<{ job: { status: string } }[]>('GET', `/rest/Transcodes/${project}`);
    const states = jobs.body.map(({ job }) => job.status.toLowerCase());
    if (states.some((state) => state.startsWith('fail') || state.startsWith('error')))
      throw new Error(JSON.stringify(jobs.body));
    const media = await call<(MediaAnswer & { id: number })[]>('GET', `/rest/Medias/${project}`);
    if (filesOf(media.body[0])?.streaming !== undefined) return media.body;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the transcode did not end');
}

/** A media that is being made has no files yet. */
function filesOf(media: MediaAnswer | undefined): Partial<MediaAnswer['media_files']> | null | undefined {
  return media?.media_files;
}
