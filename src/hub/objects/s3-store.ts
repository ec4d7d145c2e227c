import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Agent as PlainAgent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { badRequest, HubError, notFound } from '../errors.ts';
import { copyHere, requireWhole, type DistantStoreOptions } from './distant-store.ts';
import { pathOfKey } from './keys.ts';
import {
  etagOfParts,
  requireOrder,
  type ByteRange,
  type ObjectInfo,
  type ObjectStore,
  type PartReference,
  type StoredPart,
} from './object-store.ts';
import { moveToClass } from './s3-classes.ts';
import { spooled } from './spool.ts';
import { absent, storeFailure } from './store-failures.ts';

/** Where a bucket is. */
export interface S3Place {
  endpoint: string;
  region: string;
  bucket: string;
}

/** Where a bucket is and who we are there. */
export interface S3Settings extends S3Place {
  accessKeyId: string;
  secretAccessKey: string;
  /** Scheme and host at which clients reach the store; absent: all bytes go through the hub. */
  externalHost?: string | undefined;
}

export interface S3StoreOptions extends DistantStoreOptions {
  /** Access tokens, for a store that takes them in place of signatures by a key. */
  token?: (() => Promise<string>) | undefined;
}

/** What a store allows as one part, and as the number of them. */
const SMALLEST_PART = 16 * 1024 ** 2;
const MOST_PARTS = 10_000;
const CONNECT_MS = 10_000;
const IDLE_MS = 60_000;

/**
 * Objects in a bucket of an S3 store (AWS, MinIO and others of that protocol). What clients send is
 * received whole before it goes on, so that the store hears the length and the MD5 first, and never
 * keeps half a part.
 */
export class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #outside: S3Client | undefined;
  readonly #bucket: string;
  readonly #options: S3StoreOptions;

  constructor(settings: S3Settings | S3Place, options: S3StoreOptions) {
    this.#client = new S3Client(configOf(settings, options));
    // The signature covers the host, so URLs for clients are signed for the host that clients see.
    const outside = 'externalHost' in settings ? settings.externalHost : undefined;
    this.#outside =
      outside === undefined ? undefined : new S3Client(configOf({ ...settings, endpoint: outside }, {}));
    this.#bucket = settings.bucket;
    this.#options = options;
  }

  async put(key: string, content: Readable): Promise<ObjectInfo> {
    const at = this.#at(key);
    return spooled(content, this.#options, async ({ path, md5, size }) => {
      const sent = new PutObjectCommand({ ...at, Body: createReadStream(path), ...integrity(md5, size) });
      await this.#do(() => this.#client.send(sent));
      return { size, etag: `"${md5}"` };
    });
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const at = this.#at(key);
    const answer = await this.#do(() => this.#client.send(new HeadObjectCommand(at))).catch(absent);
    return answer && { size: answer.ContentLength ?? 0, etag: answer.ETag ?? '""' };
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    const asked = range ? { Range: `bytes=${range.start}-${range.end}` } : {};
    const command = new GetObjectCommand({ ...this.#at(key), ...asked });
    const { Body } = await this.#do(() => this.#client.send(command));
    if (!Body) throw notFound(`There is no object ${key}.`);
    return Body as Readable;
  }

  async delete(key: string): Promise<void> {
    const at = this.#at(key);
    await this.#do(() => this.#client.send(new DeleteObjectCommand(at))).catch(absent);
  }

  async adopt(key: string, path: string): Promise<ObjectInfo> {
    const { size } = await stat(path);
    const upload = new Upload({
      client: this.#client,
      params: { ...this.#at(key), Body: createReadStream(path) },
      partSize: Math.max(SMALLEST_PART, Math.ceil(size / MOST_PARTS)),
      queueSize: 2,
    });
    await this.#do(() => upload.done());
    return requireWhole(await this.head(key), size);
  }

  localCopy(key: string): Promise<{ path: string; release(): Promise<void> }> {
    return copyHere(this, { copies: this.#options.copies, place: this.#bucket, key });
  }

  async directUrl(key: string, seconds: number): Promise<string | undefined> {
    if (!this.#outside) return undefined;
    return getSignedUrl(this.#outside, new GetObjectCommand(this.#at(key)), { expiresIn: seconds });
  }

  async beginUpload(key: string): Promise<string> {
    const command = new CreateMultipartUploadCommand(this.#at(key));
    const { UploadId } = await this.#do(() => this.#client.send(command));
    if (!UploadId) throw storeFailure(new Error('the store gave the upload no id'));
    return UploadId;
  }

  async putPart(key: string, uploadId: string, part: number, content: Readable): Promise<StoredPart> {
    const at = this.#of(key, uploadId);
    return spooled(content, this.#options, async ({ path, md5, size }) => {
      const Body = createReadStream(path);
      const command = new UploadPartCommand({ ...at, PartNumber: part, Body, ...integrity(md5, size) });
      const { ETag } = await this.#do(() => this.#client.send(command));
      return { number: part, size, etag: ETag ?? `"${md5}"` };
    });
  }

  async requireUpload(key: string, uploadId: string): Promise<void> {
    const command = new ListPartsCommand({ ...this.#of(key, uploadId), MaxParts: 1 });
    const { Key } = await this.#do(() => this.#client.send(command));
    if (Key !== undefined && Key !== key) throw badRequest('The upload belongs to another key.');
  }

  async listParts(key: string, uploadId: string): Promise<StoredPart[]> {
    const found: StoredPart[] = [];
    for (let after: string | undefined; ;) {
      const page = {
        ...this.#of(key, uploadId),
        ...(after === undefined ? {} : { PartNumberMarker: after }),
      };
      const answer = await this.#do(() => this.#client.send(new ListPartsCommand(page)));
      for (const { PartNumber = 0, Size = 0, ETag = '' } of answer.Parts ?? [])
        found.push({ number: PartNumber, size: Size, etag: ETag });
      const next = answer.IsTruncated ? answer.NextPartNumberMarker : undefined;
      if (next === undefined || next === after) return found;
      after = next;
    }
  }

  async completeUpload(key: string, uploadId: string, parts: readonly PartReference[]): Promise<ObjectInfo> {
    requireOrder(parts);
    const MultipartUpload = { Parts: [...parts] };
    const command = new CompleteMultipartUploadCommand({ ...this.#of(key, uploadId), MultipartUpload });
    try {
      await this.#client.send(command);
    } catch (error) {
      // The store forgets an upload that it completed: an answer that was lost is asked for again.
      const info = nameOf(error) === 'NoSuchUpload' ? await this.head(key) : undefined;
      if (info && info.etag === etagOfParts(parts)) return info;
      throw asHubError(error);
    }
    const info = await this.head(key);
    if (!info) throw storeFailure(new Error('the store completed the upload, and has no object'));
    return info;
  }

  async toClass(key: string, storageClass: string): Promise<boolean> {
    // Google answers the class in a header of its own.
    const tellsClass = this.#options.token === undefined;
    const move = { at: this.#at(key), wanted: storageClass, tellsClass };
    return this.#do(() => moveToClass(this.#client, move));
  }

  /** @throws HubError 503 unless the bucket is there and open to us. */
  async check(): Promise<void> {
    await this.#do(() => this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket })));
  }

  /** Ends idle connections. */
  close(): void {
    this.#client.destroy();
    this.#outside?.destroy();
  }

  #at(key: string): { Bucket: string; Key: string } {
    pathOfKey(key); // refuses keys that no store should see
    return { Bucket: this.#bucket, Key: key };
  }

  #of(key: string, UploadId: string): { Bucket: string; Key: string; UploadId: string } {
    if (UploadId === '') throw badRequest('There is no such upload.');
    return { ...this.#at(key), UploadId };
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asHubError(error);
    }
  }
}

function configOf(
  settings: S3Settings | S3Place,
  { lookup, token }: Pick<S3StoreOptions, 'lookup' | 'token'>,
): S3ClientConfig {
  const { endpoint, region } = settings;
  const agent = { keepAlive: true, maxSockets: 64, ...(lookup ? { lookup } : {}) };
  const { accessKeyId, secretAccessKey } =
    'accessKeyId' in settings ? settings : { accessKeyId: '', secretAccessKey: '' };
  return {
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    ...(token ? { signer: { sign: (request) => withToken(request, token) } } : {}),
    // Names of buckets as hosts need a wildcard name; only Amazon's own stores want it so.
    forcePathStyle: !new URL(endpoint).hostname.endsWith('.amazonaws.com'),
    // Other stores do not know Amazon's newer checksums; the MD5 of each body is sent in any case.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: IDLE_MS,
      httpAgent: new PlainAgent(agent),
      httpsAgent: new SecureAgent(agent),
    },
  };
}

/** A request in the name of a token; Amazon's own headers and marks mean nothing to the stores that take it. */
async function withToken<Request extends { headers: Record<string, string>; query?: object }>(
  request: Request,
  token: () => Promise<string>,
): Promise<Request> {
  const plain = Object.entries(request.headers).flatMap(([name, value]): [string, string][] => {
    const googles = namesOfGoogle[name.toLowerCase()];
    if (googles !== undefined) return [[googles, value]];
    return name.toLowerCase().startsWith('x-amz-') ? [] : [[name, value]];
  });
  request.headers = { ...Object.fromEntries(plain), authorization: `Bearer ${await token()}` };
  if (request.query && 'x-id' in request.query) delete request.query['x-id'];
  return request;
}

const namesOfGoogle: Readonly<Record<string, string>> = {
  'x-amz-copy-source': 'x-goog-copy-source',
  'x-amz-storage-class': 'x-goog-storage-class',
};

function integrity(md5: string, size: number): { ContentLength: number; ContentMD5: string } {
  return { ContentLength: size, ContentMD5: Buffer.from(md5, 'hex').toString('base64') };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

const clientMistakes: Readonly<Record<string, string>> = {
  NoSuchUpload: 'There is no such upload.',
  InvalidPart: 'A part was not uploaded, or its ETag differs.',
  InvalidPartOrder: 'Parts must be named in ascending order.',
  EntityTooSmall: 'A part other than the last is smaller than the store allows (5 MiB).',
  EntityTooLarge: 'The upload is larger than the store allows.',
};

function asHubError(error: unknown): unknown {
  if (error instanceof HubError) return error;
  const name = nameOf(error);
  if (name === 'NoSuchKey' || name === 'NotFound') return notFound('There is no such object in the store.');
  if (name === 'InvalidObjectState')
    return badRequest(
      'The file is in an archive. Ask for its media with archive_state "to_live", and wait.',
      'archived',
    );
  const mistake = clientMistakes[name];
  return mistake === undefined ? storeFailure(error) : badRequest(mistake);
}
