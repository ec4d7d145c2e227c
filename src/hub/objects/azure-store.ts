import type { ContainerClient, BlockBlobClient } from '@azure/storage-blob';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Agent as PlainAgent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { Readable } from 'node:stream';
import { badRequest, HubError, notFound } from '../errors.ts';
import { blockName, currentBlocks, isUploadOf, newUploadId, readBlock, type Block } from './azure-blocks.ts';
import type { AzureSettings } from './bucket-kinds.ts';
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
import { spooled } from './spool.ts';
import { absent, storeFailure } from './store-failures.ts';

const SMALLEST_BLOCK = 16 * 1024 ** 2;
const MOST_BLOCKS = 10_000;
const IDLE_MS = 60_000;
/** Names of what we note with a blob: the ETag that clients know, and the upload that it came from. */
const ETAG = 'tidemarketag';
const UPLOAD = 'tidemarkupload';

/**
 * Objects in a container of Azure's blob storage. Azure's own ETags tell nothing of the content, so the
 * MD5s that clients count on are kept in the names of the blocks and beside the blob.
 */
export class AzureStore implements ObjectStore {
  readonly #settings: AzureSettings;
  readonly #options: DistantStoreOptions;
  readonly #agents: { plain: PlainAgent; secure: SecureAgent };
  #opening: Promise<ContainerClient> | undefined;

  constructor(settings: AzureSettings, options: DistantStoreOptions) {
    this.#settings = settings;
    this.#options = options;
    const agent = { keepAlive: true, maxSockets: 64, ...(options.lookup ? { lookup: options.lookup } : {}) };
    this.#agents = { plain: new PlainAgent(agent), secure: new SecureAgent(agent) };
  }

  async put(key: string, content: Readable): Promise<ObjectInfo> {
    const blob = await this.#blob(key);
    return spooled(content, this.#options, async ({ path, md5, size }) => {
      const blobHTTPHeaders = { blobContentMD5: Buffer.from(md5, 'hex') };
      const options = { blobHTTPHeaders, metadata: { [ETAG]: md5 } };
      await this.#do(() => blob.upload(() => createReadStream(path), size, options));
      return { size, etag: `"${md5}"` };
    });
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const blob = await this.#blob(key);
    const found = await this.#do(() => blob.getProperties()).catch(absent);
    if (!found) return undefined;
    const noted = found.metadata?.[ETAG];
    return { size: found.contentLength ?? 0, etag: noted ? `"${noted}"` : (found.etag ?? '""') };
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    const blob = await this.#blob(key);
    const [start, count] = range ? [range.start, range.end - range.start + 1] : [0, undefined];
    const { readableStreamBody } = await this.#do(() => blob.download(start, count));
    if (!(readableStreamBody instanceof Readable)) throw notFound(`There is no object ${key}.`);
    return readableStreamBody;
  }

  async delete(key: string): Promise<void> {
    const blob = await this.#blob(key);
    await this.#do(() => blob.deleteIfExists());
  }

  async adopt(key: string, path: string): Promise<ObjectInfo> {
    const blob = await this.#blob(key);
    const { size } = await stat(path);
    const blockSize = Math.max(SMALLEST_BLOCK, Math.ceil(size / MOST_BLOCKS));
    await this.#do(() => blob.uploadFile(path, { blockSize, concurrency: 2 }));
    return requireWhole(await this.head(key), size);
  }

  localCopy(key: string): Promise<{ path: string; release(): Promise<void> }> {
    return copyHere(this, { copies: this.#options.copies, place: this.#settings.container, key });
  }

  async directUrl(key: string, seconds: number): Promise<string | undefined> {
    const { externalHost } = this.#settings;
    // With a token of somebody else none can be signed.
    if (externalHost === undefined || 'query' in this.#settings.by) return undefined;
    const [blob, azure] = [await this.#blob(key), await import('@azure/storage-blob')];
    const expiresOn = new Date(Date.now() + seconds * 1000);
    const permissions = azure.BlobSASPermissions.parse('r');
    const url = new URL(await this.#do(() => blob.generateSasUrl({ permissions, expiresOn })));
    return externalHost + url.pathname + url.search;
  }

  async beginUpload(key: string): Promise<string> {
    pathOfKey(key);
    return newUploadId(key);
  }

  async putPart(key: string, uploadId: string, part: number, content: Readable): Promise<StoredPart> {
    await this.requireUpload(key, uploadId);
    const blob = await this.#blob(key);
    return spooled(content, this.#options, async ({ path, md5, size }) => {
      const name = blockName(uploadId, part, { md5, at: Date.now() });
      const options = { transactionalContentMD5: Buffer.from(md5, 'hex') };
      await this.#do(() => blob.stageBlock(name, () => createReadStream(path), size, options));
      return { number: part, size, etag: `"${md5}"` };
    });
  }

  async requireUpload(key: string, uploadId: string): Promise<void> {
    if (!isUploadOf(key, uploadId)) throw badRequest('There is no such upload.');
  }

  async listParts(key: string, uploadId: string): Promise<StoredPart[]> {
    await this.requireUpload(key, uploadId);
    return currentBlocks(await this.#blocks(key), uploadId).map(({ part }) => part);
  }

  async completeUpload(key: string, uploadId: string, parts: readonly PartReference[]): Promise<ObjectInfo> {
    requireOrder(parts);
    await this.requireUpload(key, uploadId);
    const blob = await this.#blob(key);
    const etag = etagOfParts(parts);
    const done = await this.#do(() => blob.getProperties()).catch(absent);
    // The blocks are gone with the completion: an answer that was lost is asked for again.
    if (done?.metadata?.[UPLOAD] === uploadId && `"${done.metadata[ETAG]}"` === etag)
      return { size: done.contentLength ?? 0, etag };
    const blocks = new Map(
      currentBlocks(await this.#blocks(key), uploadId).map((block) => [block.part.number, block]),
    );
    const chosen = parts.map(({ PartNumber, ETag }) => {
      const block = blocks.get(PartNumber);
      if (!block || block.part.etag.replaceAll('"', '') !== ETag.replaceAll('"', ''))
        throw badRequest(`Part ${PartNumber} was not uploaded, or its ETag differs.`);
      return block;
    });
    const metadata = { [ETAG]: etag.replaceAll('"', ''), [UPLOAD]: uploadId };
    const names = chosen.map(({ name }) => name);
    await this.#do(() => blob.commitBlockList(names, { metadata }));
    return { size: chosen.reduce((sum, { part }) => sum + part.size, 0), etag };
  }

  /** @throws HubError 503 unless the container is there and open to us. */
  async check(): Promise<void> {
    const container = await this.#container();
    await this.#do(() => container.getProperties());
  }

  /** Ends idle connections. */
  close(): void {
    this.#agents.plain.destroy();
    this.#agents.secure.destroy();
  }

  /** What has arrived and is not part of a blob yet, of every upload of the key. */
  async #blocks(key: string): Promise<Block[]> {
    const blob = await this.#blob(key);
    const list = await this.#do(() => blob.getBlockList('uncommitted')).catch(absent);
    return (list?.uncommittedBlocks ?? []).flatMap(({ name, size }) => readBlock(name, size) ?? []);
  }

  async #blob(key: string): Promise<BlockBlobClient> {
    pathOfKey(key); // refuses keys that no store should see
    return (await this.#container()).getBlockBlobClient(key);
  }

  #container(): Promise<ContainerClient> {
    this.#opening ??= this.#openContainer();
    return this.#opening;
  }

  /** Azure's package is loaded by those hubs only that have such a bucket. */
  async #openContainer(): Promise<ContainerClient> {
    const azure = await import('@azure/storage-blob');
    const { endpoint, by, container } = this.#settings;
    const url = `${endpoint}/${encodeURIComponent(container)}`;
    const credential =
      'key' in by
        ? new azure.StorageSharedKeyCredential(by.account, by.key)
        : new azure.AnonymousCredential();
    const pipeline = azure.newPipeline(credential, {
      retryOptions: { maxTries: 3, tryTimeoutInMs: IDLE_MS, retryDelayInMs: 500, maxRetryDelayInMs: 4000 },
    });
    pipeline.factories.unshift({
      create: (next) => ({
        sendRequest: (request) => {
          request.agent = request.url.startsWith('https:') ? this.#agents.secure : this.#agents.plain;
          return next.sendRequest(request);
        },
      }),
    });
    return new azure.ContainerClient('query' in by ? `${url}?${by.query}` : url, pipeline);
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asHubError(error);
    }
  }
}

function asHubError(error: unknown): unknown {
  if (error instanceof HubError) return error;
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (status === 404 && code !== 'ContainerNotFound')
    return notFound('There is no such object in the store.');
  if (status === 413) return badRequest('The upload is larger than the store allows.');
  return storeFailure(error);
}
