import { Readable } from 'node:stream';
import { badRequest, type HubError } from '../errors.ts';
import type { ObjectStore, StoredPart } from './object-store.ts';
import type { Grant } from './signing.ts';

/** Uploads whose parts are remembered; of others the store is asked again. */
const MOST_REMEMBERED = 1000;

/**
 * Keeps uploads within a size, bytes. Of an upload in parts all of them together count; what other hubs
 * received meanwhile is counted at its completion.
 */
export class UploadCap {
  readonly #objects: Pick<ObjectStore, 'listParts'>;
  readonly #largest: number;
  /** Bytes by number of part, by upload. */
  readonly #uploads = new Map<string, Map<number, number>>();

  constructor(objects: Pick<ObjectStore, 'listParts'>, largest: number) {
    this.#objects = objects;
    this.#largest = largest;
  }

  /**
   * The content, which fails when it becomes larger than there is room for. The connection that it comes
   * from stays open in any case, so that whoever sends hears the answer.
   * @param announced its length where the sender says it.
   * @throws HubError 400 for a length that there is no room for.
   */
  async within({ key, upload }: Grant, content: Readable, announced: number | undefined): Promise<Readable> {
    let room = this.#largest;
    if (upload) {
      const sizes = await this.#sizesOf(key, upload.id);
      for (const [number, size] of sizes) if (number !== upload.part) room -= size;
    }
    if (announced !== undefined && announced > room) throw this.#tooLarge();
    const chunks = content.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    return Readable.from(this.#metered(chunks, room), { objectMode: false });
  }

  /** Notes a part that has arrived. */
  arrived(uploadId: string, { number, size }: StoredPart): void {
    this.#uploads.get(uploadId)?.set(number, size);
  }

  /** @throws HubError 400 unless the parts of an upload that is about to be completed fit. */
  async check(key: string, uploadId: string): Promise<void> {
    const parts = await this.#objects.listParts(key, uploadId).catch(() => []); // completed before
    if (parts.reduce((sum, { size }) => sum + size, 0) > this.#largest) throw this.#tooLarge();
    this.#uploads.delete(uploadId);
  }

  async *#metered(chunks: AsyncIterable<Buffer>, room: number): AsyncGenerator<Buffer> {
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > room) throw this.#tooLarge();
      yield chunk;
    }
  }

  async #sizesOf(key: string, uploadId: string): Promise<Map<number, number>> {
    const known = this.#uploads.get(uploadId);
    if (known) return known;
    const parts = await this.#objects.listParts(key, uploadId);
    const sizes = new Map(parts.map(({ number, size }) => [number, size]));
    const [oldest] = this.#uploads.keys();
    if (oldest !== undefined && this.#uploads.size >= MOST_REMEMBERED) this.#uploads.delete(oldest);
    this.#uploads.set(uploadId, sizes);
    return sizes;
  }

  #tooLarge(): HubError {
    return badRequest(`The upload is larger than this hub accepts (${this.#largest} bytes).`, 'too-large');
  }
}
