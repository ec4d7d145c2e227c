import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from 'vitest';
import { BucketStores } from '../../../src/hub/objects/bucket-stores.ts';
import { FileStore } from '../../../src/hub/objects/file-store.ts';
import { LocalCopies } from '../../../src/hub/objects/local-copies.ts';
import type { ObjectStore } from '../../../src/hub/objects/object-store.ts';
import type { BucketRow } from '../../../src/hub/objects/placed-store.ts';
import { RemoteFiles } from '../../../src/hub/remote/remote-files.ts';
import { startLocalAzure } from '../../support/local-azure.ts';
import { startLocalGoogle } from '../../support/local-google.ts';
import { startLocalS3 } from '../../support/local-s3.ts';

/** What every store of objects does, whatever keeps the bytes. */

const LARGEST = 12 * 1024 ** 2;
const PART = 5 * 1024 ** 2;
const folder = await mkdtemp(join(tmpdir(), 'tidemark-stores-'));
const [s3, azure] = await Promise.all([startLocalS3(), startLocalAzure()]);
const google = s3 && (await startLocalGoogle(s3));
const opened: BucketStores[] = [];

afterAll(async () => {
  for (const stores of opened) stores.close();
  await google?.stop();
  await Promise.all([s3?.stop(), azure?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

function bucketStore(bucket: Pick<BucketRow, 'name' | 'store_type' | 'config'>): ObjectStore {
  const stores = new BucketStores({
    folder: join(folder, 'sending'),
    largest: LARGEST,
    copies: new LocalCopies(join(folder, 'copies'), 2 * LARGEST),
    remote: new RemoteFiles({ allowPrivate: true }),
    googleEndpoint: google?.endpoint,
  });
  opened.push(stores);
  const rest = { id: 1, organization: 1, archive_sc: 'STANDARD', live_sc: 'STANDARD', external_host: null };
  return stores.of({ ...rest, ...bucket });
}

async function s3Store(endpoint: string): Promise<ObjectStore> {
  const keys = { region_name: 'us-east-1', aws_access_key_id: 'tide', aws_secret_access_key: 'high-water' };
  const name = `dives-${randomBytes(4).toString('hex')}`;
  const credentials = { accessKeyId: 'tide', secretAccessKey: 'high-water' };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  return bucketStore({ name, store_type: 'MINIO', config: { endpoint_url: endpoint, ...keys } });
}

const stores: [string, (() => Promise<ObjectStore>) | undefined][] = [
  ['a folder', () => FileStore.open(join(folder, 'objects'), { largest: LARGEST, alone: true })],
  ['a bucket of an S3 store', s3 && (() => s3Store(s3.endpoint))],
  [
    'a bucket of Google',
    google &&
      (async () =>
        bucketStore({ name: await google.makeBucket(), store_type: 'GCP', config: google.account })),
  ],
  [
    'a container of Azure',
    azure &&
      (async () => {
        const config = { connection_string: azure.connectionString };
        return bucketStore({ name: await azure.makeContainer(), store_type: 'AZURE', config });
      }),
  ],
];

const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
const newKey = (): string => `1/2/3/${randomUUID()}.bin`;
const streamOf = (bytes: Buffer): Readable => Readable.from([bytes]);

async function contentOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

for (const [name, open] of stores) {
  describe.skipIf(!open)(name, async () => {
    const store = (await open?.()) as ObjectStore;

    it('answers a put with the MD5 as ETag, and gives the object back whole and in ranges', async () => {
      const [key, bytes] = [newKey(), randomBytes(300_000)];
      const info = { size: bytes.length, etag: `"${md5(bytes)}"` };
      expect(await store.put(key, streamOf(bytes))).toEqual(info);
      expect(await store.head(key)).toMatchObject({ size: bytes.length });
      expect((await contentOf(await store.read(key))).equals(bytes)).toBe(true);
      const range = await contentOf(await store.read(key, { start: 100, end: 299 }));
      expect(range.equals(bytes.subarray(100, 300))).toBe(true);
    });

    it('keeps an object of no bytes', async () => {
      const key = newKey();
      await store.put(key, streamOf(Buffer.alloc(0)));
      expect(await store.head(key)).toMatchObject({ size: 0 });
    });

    it('says of what is not there that it is not', async () => {
      expect(await store.head(newKey())).toBeUndefined();
      await expect(store.read(newKey())).rejects.toMatchObject({ status: 404 });
      await expect(store.localCopy(newKey())).rejects.toMatchObject({ status: 404 });
      await store.delete(newKey());
    });

    it('forgets what was deleted', async () => {
      const key = newKey();
      await store.put(key, streamOf(Buffer.from('x')));
      await store.delete(key);
      expect(await store.head(key)).toBeUndefined();
    });

    it('refuses more bytes than are allowed, and keeps nothing of them', async () => {
      const key = newKey();
      await expect(store.put(key, streamOf(Buffer.alloc(LARGEST + 1)))).rejects.toMatchObject({
        status: 400,
      });
      expect(await store.head(key)).toBeUndefined();
    });

    it('keeps nothing of a file whose sender went away', async () => {
      const key = newKey();
      const broken = Readable.from(
        (function* () {
          yield Buffer.alloc(1000);
          throw new Error('gone');
        })(),
      );
      await expect(store.put(key, broken)).rejects.toThrow();
      expect(await store.head(key)).toBeUndefined();
    });

    it('refuses keys that lead elsewhere', async () => {
      await expect(store.put('1/2/../../x', streamOf(Buffer.from('x')))).rejects.toMatchObject({
        status: 400,
      });
    });

    it('joins parts in any order of arrival, the newest of each number, and lists them before', async () => {
      const [key, first, last] = [newKey(), randomBytes(PART), randomBytes(70_001)];
      const id = await store.beginUpload(key);
      await store.putPart(key, id, 2, streamOf(last));
      await store.putPart(key, id, 1, streamOf(randomBytes(PART)));
      const sent = await store.putPart(key, id, 1, streamOf(first));
      expect(sent).toEqual({ number: 1, size: PART, etag: `"${md5(first)}"` });
      expect(await store.listParts(key, id)).toEqual([
        sent,
        { number: 2, size: last.length, etag: `"${md5(last)}"` },
      ]);
      await store.requireUpload(key, id);
      const parts = [
        { PartNumber: 1, ETag: sent.etag },
        { PartNumber: 2, ETag: `"${md5(last)}"` },
      ];
      const info = await store.completeUpload(key, id, parts);
      expect(info.size).toBe(PART + last.length);
      expect((await contentOf(await store.read(key))).equals(Buffer.concat([first, last]))).toBe(true);
      expect(await store.head(key)).toEqual(info);
      // The answer was lost: the same completion again.
      expect(await store.completeUpload(key, id, parts)).toEqual(info);
    });

    it('refuses completions with parts that are missing, different or out of order', async () => {
      const [key, bytes] = [newKey(), randomBytes(PART)];
      const id = await store.beginUpload(key);
      const { etag: ETag } = await store.putPart(key, id, 1, streamOf(bytes));
      const good = { PartNumber: 1, ETag };
      const foreign = { PartNumber: 1, ETag: `"${md5(Buffer.from('x'))}"` };
      for (const parts of [[foreign], [good, { PartNumber: 2, ETag }], [{ PartNumber: 2, ETag }, good]])
        await expect(store.completeUpload(key, id, parts)).rejects.toMatchObject({ status: 400 });
      expect(await store.head(key)).toBeUndefined();
      expect(await store.completeUpload(key, id, [good])).toMatchObject({ size: PART });
    });

    it('knows which upload is whose', async () => {
      const key = newKey();
      const id = await store.beginUpload(key);
      await store.requireUpload(key, id);
      await expect(store.requireUpload(key, randomUUID())).rejects.toMatchObject({ status: 400 });
      // Moto looks for the id alone; the stores of the S3 protocol look for both.
      const isMoto = name === 'a bucket of an S3 store' || name === 'a bucket of Google';
      if (!isMoto) await expect(store.requireUpload(newKey(), id)).rejects.toMatchObject({ status: 400 });
    });

    it('takes over a local file, and gives one to the media tools', async () => {
      const [key, bytes, path] = [newKey(), randomBytes(LARGEST), join(folder, randomUUID())];
      await writeFile(path, bytes);
      expect(await store.adopt(key, path)).toMatchObject({ size: LARGEST });
      const copy = await store.localCopy(key);
      expect((await readFile(copy.path)).equals(bytes)).toBe(true);
      await copy.release();
    });
  });
}

describe.skipIf(!google)('the tokens of Google', () => {
  it('are fetched once and used again', async () => {
    const local = google as NonNullable<typeof google>;
    const before = local.tokens();
    const store = bucketStore({ name: await local.makeBucket(), store_type: 'GCP', config: local.account });
    await Promise.all([1, 2, 3].map(() => store.put(newKey(), streamOf(Buffer.from('x')))));
    await store.head(newKey());
    expect(local.tokens()).toBe(before + 1);
  });

  it('that are refused answer 503, without a word of the key', async () => {
    const local = google as NonNullable<typeof google>;
    const config = { ...local.account, client_email: 'somebody@else' };
    const store = bucketStore({ name: 'x', store_type: 'GCP', config });
    const failure: unknown = await store
      .put(newKey(), streamOf(Buffer.from('x')))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 503 });
    expect(String((failure as Error).cause)).not.toContain('PRIVATE');
  });
});
