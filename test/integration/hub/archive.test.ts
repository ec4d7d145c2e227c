import { randomBytes, randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moveToClass } from '../../../src/hub/objects/s3-classes.ts';
import { startTestHub, type HubClient, type MediaAnswer, type TestHub } from '../../support/hub.ts';
import { makeVideoOf, storeFor } from '../../support/hub-media.ts';
import { makeVideo, sampleIds, type SampleIds } from '../../support/hub-sample.ts';
import { coldline, startLocalGoogle } from '../../support/local-google.ts';
import { startLocalS3 } from '../../support/local-s3.ts';

type ArchivedMedia = MediaAnswer & { archive_state: string; archive_status_date: string };

const store = await startLocalS3();
const google = store && (await startLocalGoogle(store));
let hub: TestHub;
let call: HubClient;
let ids: SampleIds;

beforeAll(async () => {
  const env = {
    ...{ ARCHIVE_AGE_DAYS: '0', FETCH_PRIVATE_URLS: '1' },
    GOOGLE_STORAGE_ENDPOINT: google?.endpoint ?? '',
  };
  hub = await startTestHub({ sample: true, env });
  call = hub.client();
  ids = await sampleIds(call);
});

afterAll(async () => {
  await hub.stop();
  await google?.stop();
  await store?.stop();
});

const bytes = randomBytes(200_000);
const videoIn = (project: SampleIds): Promise<number> =>
  makeVideoOf(call, project, { name: 'dive.mp4', bytes, resolution: [240, 320] });

const mediaOf = async (id: number, query = ''): Promise<ArchivedMedia> =>
  (await call<ArchivedMedia>('GET', `/rest/Media/${id}${query}`)).body;

async function ask(id: number, archive_state: string): Promise<void> {
  expect((await call('PATCH', `/rest/Media/${id}`, { archive_state })).status).toBe(200);
}

async function reaches(id: number, state: string): Promise<void> {
  await expect.poll(async () => (await mediaOf(id)).archive_state, { timeout: 10_000 }).toBe(state);
}

async function fileOf(id: number): Promise<{ status: number; text: string; bytes: Buffer }> {
  const { media_files: files } = await mediaOf(id, '?presigned=600');
  const reply = await fetch(files.archival[0]?.path ?? '');
  const got = Buffer.from(await reply.arrayBuffer());
  return { status: reply.status, text: got.toString('utf8', 0, 300), bytes: got };
}

describe('a media in the hub’s own folder', () => {
  it('goes to the archive and comes back as it is asked to, and keeps its files', async () => {
    const media = await videoIn(ids);
    expect((await call('PATCH', `/rest/Media/${media}`, { archive_state: 'archived' })).status).toBe(400);
    await ask(media, 'to_live');
    expect((await mediaOf(media)).archive_state).toBe('live');
    await ask(media, 'to_archive');
    await reaches(media, 'archived');
    const listed = await call<{ id: number }[]>(
      'GET',
      `/rest/Medias/${ids.project}?media_id=${media}&archive_lifecycle=archived`,
    );
    expect(listed.body.map(({ id }) => id)).toEqual([media]);
    await ask(media, 'to_live');
    await reaches(media, 'live');
    expect((await fileOf(media)).bytes.equals(bytes)).toBe(true);
  });

  it('that is made of others carries them along', async () => {
    const parts = [await videoIn(ids), await videoIn(ids)];
    const type = await call('POST', `/rest/MediaTypes/${ids.project}`, {
      ...{ name: randomUUID(), dtype: 'multi', attribute_types: [] },
    });
    const multi = await makeVideo(call, { ...ids, video: type.body.id }, 'both.multi');
    const made = await call('PATCH', `/rest/Media/${multi}`, { multi: { ids: parts, layout: [1, 2] } });
    expect(made.status).toBe(200);
    await ask(multi, 'to_archive');
    for (const id of [multi, ...parts]) await reaches(id, 'archived');
    await ask(multi, 'to_live');
    for (const id of [multi, ...parts]) await reaches(id, 'live');
  });

  it('waits first, so that a mistake costs nothing', async () => {
    const patient = await startTestHub({ sample: true, env: { ARCHIVE_AGE_DAYS: '7' } });
    try {
      const of = patient.client();
      const media = await makeVideo(of, await sampleIds(of));
      const state = async () => (await of<ArchivedMedia>('GET', `/rest/Media/${media}`)).body.archive_state;
      await of('PATCH', `/rest/Media/${media}`, { archive_state: 'to_archive' });
      await patient.kill();
      await patient.restart(); // looks when it starts
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await state()).toBe('to_archive');
      await of('PATCH', `/rest/Media/${media}`, { archive_state: 'to_live' });
      expect(await state()).toBe('live');
    } finally {
      await patient.stop();
    }
  });
});

async function projectIn(spec: object): Promise<SampleIds> {
  const organization = (await call<{ id: number }[]>('GET', '/rest/Organizations')).body[0]?.id;
  const bucket = await call('POST', `/rest/Buckets/${organization}`, spec);
  expect(bucket.status).toBe(201);
  const project = await call('POST', '/rest/Projects', {
    ...{ name: randomUUID(), organization, bucket: bucket.body.id },
  });
  const type = await call('POST', `/rest/MediaTypes/${project.body.id}`, {
    ...{ name: 'Dive video', dtype: 'video', attribute_types: [] },
  });
  return { ...ids, project: project.body.id, video: type.body.id };
}

describe.skipIf(!store)('a media in a bucket', () => {
  const { endpoint = '' } = store ?? {};
  const credentials = { accessKeyId: 'tide', secretAccessKey: 'high-water' };
  const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  const classOf = async (Bucket: string, Key = ''): Promise<string> =>
    (await s3.send(new HeadObjectCommand({ Bucket, Key }))).StorageClass ?? 'STANDARD';

  async function deepBucket(): Promise<{ name: string; project: SampleIds }> {
    const name = `dives-${randomBytes(4).toString('hex')}`;
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    const config = {
      ...{ endpoint_url: endpoint, region_name: 'us-east-1' },
      ...{ aws_access_key_id: 'tide', aws_secret_access_key: 'high-water' },
    };
    return { name, project: await projectIn({ name, store_type: 'AWS', config }) };
  }

  it('sleeps in the class of its bucket, says so to readers, and is waited for until it is awake', async () => {
    const { name, project } = await deepBucket();
    const media = await videoIn(project);
    const key = (await mediaOf(media)).media_files.archival[0]?.path;
    await ask(media, 'to_archive');
    await reaches(media, 'archived');
    expect(await classOf(name, key)).toBe('DEEP_ARCHIVE');
    const asleep = await fileOf(media);
    expect([asleep.status, asleep.text]).toEqual([400, expect.stringContaining('to_live')]);
    const frame = await call('GET', `/rest/GetFrame/${media}`);
    expect([frame.status, frame.body.details]).toEqual([400, 'archived']);
    await ask(media, 'to_live');
    // The store was asked for the object; the next look finds it awake.
    const awake = async (): Promise<string> => {
      await ask(media, 'to_live');
      return (await mediaOf(media)).archive_state;
    };
    await expect.poll(awake, { timeout: 10_000 }).toBe('live');
    expect(await classOf(name, key)).toBe('STANDARD');
    expect((await fileOf(media)).bytes.equals(bytes)).toBe(true);
  });

  it('shares its files with a clone that is not archived, whose files stay awake', async () => {
    const { name, project } = await deepBucket();
    const media = await videoIn(project);
    const cloned = await call<{ id: number[] }>(
      'POST',
      `/rest/CloneMedia/${project.project}?media_id=${media}`,
      {
        ...{ dest_project: project.project, dest_type: project.video },
      },
    );
    const key = (await mediaOf(media)).media_files.archival[0]?.path;
    await ask(media, 'to_archive');
    await reaches(media, 'archived');
    expect(await classOf(name, key)).toBe('STANDARD');
    await ask(cloned.body.id[0] ?? 0, 'to_archive');
    await reaches(cloned.body.id[0] ?? 0, 'archived');
    expect(await classOf(name, key)).toBe('DEEP_ARCHIVE');
  });

  it('is moved piece by piece where it is larger than one copy may be', async () => {
    const Bucket = `dives-${randomBytes(4).toString('hex')}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
    const part = 5 * 1024 ** 2;
    const large = randomBytes(2 * part + 77);
    const at = { Bucket, Key: '1/2/3/süß and [odd].mp4' };
    await s3.send(new PutObjectCommand({ ...at, Body: large }));
    const move = { at, tellsClass: true, largestCopy: part };
    expect(await moveToClass(s3, { ...move, wanted: 'STANDARD_IA' })).toBe(true);
    expect(await classOf(Bucket, at.Key)).toBe('STANDARD_IA');
    const { Body } = await s3.send(new GetObjectCommand(at));
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(large)).toBe(true);
  });

  it('of Google goes to its cold line and back', async () => {
    const name = (await google?.makeBucket()) ?? '';
    const project = await projectIn({ name, store_type: 'GCP', config: google?.account });
    const media = await videoIn(project);
    const key = (await mediaOf(media)).media_files.archival[0]?.path;
    await ask(media, 'to_archive');
    await reaches(media, 'archived');
    expect(await classOf(name, key)).toBe(coldline);
    expect((await fileOf(media)).bytes.equals(bytes)).toBe(true);
    await ask(media, 'to_live');
    await reaches(media, 'live');
    expect(await classOf(name, key)).toBe('STANDARD');
  });
});

describe('the files of a media', () => {
  it('are signed where they are its own, and nowhere else', async () => {
    const key = await storeFor(call, ids, { name: 'secret.bin', bytes });
    const media = await makeVideo(call, ids);
    const streams = [
      { name: 'a', url: 'https://example.org/live', path: key, resolution: [1, 1], feeds: [] },
    ];
    const patched = await call('PATCH', `/rest/Media/${media}`, { live: { streams, layout: [1, 1] } });
    expect(patched.status).toBe(200);
    const shown = JSON.stringify((await mediaOf(media, '?presigned=600')).media_files);
    expect(shown).toContain(key);
    expect(shown).not.toContain('signature=');
  });
});
