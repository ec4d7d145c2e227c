import type { Readable } from 'node:stream';
import type { Selectable } from 'kysely';
import type { Db } from '../db/database.ts';
import type { Buckets } from '../db/schema-work.ts';
import { badRequest } from '../errors.ts';
import { projectOfKey } from './keys.ts';
import type {
  ByteRange,
  ObjectInfo,
  ObjectStore,
  PartReference,
  PlacedStore,
  StoredPart,
} from './object-store.ts';

/** What a store of a bucket is made of. */
export type BucketRow = Selectable<Buckets>;

interface Place {
  /** Undefined: the hub's own. */
  bucket: number | undefined;
  store: ObjectStore;
}

/**
 * The hub's own store with the buckets of organizations beside it. An object that lies in a bucket has
 * a row in `object_homes`; a new one goes where its project says (`upload_bucket` for `_uploads/`, else
 * `bucket`), so a change of the project's bucket moves nothing that is there.
 */
export class StoreOfPlaces implements PlacedStore {
  readonly #db: Db;
  readonly #own: ObjectStore;
  readonly #open: (bucket: BucketRow) => ObjectStore;

  constructor({ db, own, open }: { db: Db; own: ObjectStore; open: (bucket: BucketRow) => ObjectStore }) {
    this.#db = db;
    this.#own = own;
    this.#open = open;
  }

  async assign(key: string, bucket: number): Promise<void> {
    await this.#db
      .insertInto('object_homes')
      .values({ key, bucket })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ bucket }))
      .execute();
  }

  async shelve(key: string, as: 'archive' | 'live'): Promise<boolean> {
    const { bucket, store } = await this.#placeOf(key);
    if (bucket === undefined) return true; // the hub's own store has one class
    const { archive_sc, live_sc } = await this.#db
      .selectFrom('buckets')
      .select(['archive_sc', 'live_sc'])
      .where('id', '=', bucket)
      .executeTakeFirstOrThrow();
    if (archive_sc === live_sc || !store.toClass) return true;
    return store.toClass(key, as === 'live' ? live_sc : archive_sc);
  }

  async put(key: string, content: Readable): Promise<ObjectInfo> {
    const place = await this.#placeForNew(key);
    const info = await place.store.put(key, content);
    await this.#arrived(key, place);
    return info;
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return (await this.#placeOf(key)).store.head(key);
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    return (await this.#placeOf(key)).store.read(key, range);
  }

  async delete(key: string): Promise<void> {
    const { bucket, store } = await this.#placeOf(key);
    await store.delete(key);
    if (bucket !== undefined) await this.#db.deleteFrom('object_homes').where('key', '=', key).execute();
  }

  async adopt(key: string, path: string): Promise<ObjectInfo> {
    const place = await this.#placeForNew(key);
    const info = await place.store.adopt(key, path);
    await this.#arrived(key, place);
    return info;
  }

  async localCopy(key: string): Promise<{ path: string; release(): Promise<void> }> {
    return (await this.#placeOf(key)).store.localCopy(key);
  }

  async directUrl(key: string, seconds: number): Promise<string | undefined> {
    return (await this.#placeOf(key)).store.directUrl(key, seconds);
  }

  async beginUpload(key: string): Promise<string> {
    const { bucket, store } = await this.#placeForNew(key);
    return `b${bucket ?? 0}.${await store.beginUpload(key)}`;
  }

  async putPart(key: string, uploadId: string, part: number, content: Readable): Promise<StoredPart> {
    const { place, id } = await this.#upload(uploadId);
    return place.store.putPart(key, id, part, content);
  }

  async requireUpload(key: string, uploadId: string): Promise<void> {
    const { place, id } = await this.#upload(uploadId);
    await place.store.requireUpload(key, id);
  }

  async listParts(key: string, uploadId: string): Promise<StoredPart[]> {
    const { place, id } = await this.#upload(uploadId);
    return place.store.listParts(key, id);
  }

  async completeUpload(key: string, uploadId: string, parts: readonly PartReference[]): Promise<ObjectInfo> {
    const { place, id } = await this.#upload(uploadId);
    const info = await place.store.completeUpload(key, id, parts);
    await this.#arrived(key, place);
    return info;
  }

  /** Where an object is. */
  async #placeOf(key: string): Promise<Place> {
    const row = await this.#db
      .selectFrom('object_homes')
      .innerJoin('buckets', 'buckets.id', 'object_homes.bucket')
      .selectAll('buckets')
      .where('key', '=', key)
      .executeTakeFirst();
    return this.#place(row);
  }

  /** Where an object will be: where it already is, else where its project wants it. */
  async #placeForNew(key: string): Promise<Place> {
    const there = await this.#placeOf(key);
    const project = there.bucket === undefined ? projectOfKey(key) : undefined;
    if (project === undefined) return there;
    const wanted = key.startsWith('_uploads/') ? 'projects.upload_bucket' : 'projects.bucket';
    const row = await this.#db
      .selectFrom('projects')
      .innerJoin('buckets', 'buckets.id', wanted)
      .selectAll('buckets')
      .where('projects.id', '=', project)
      .executeTakeFirst();
    return this.#place(row);
  }

  /** An upload goes on in the store where it began. */
  async #upload(uploadId: string): Promise<{ place: Place; id: string }> {
    const match = /^b(\d{1,9})\.(.+)$/s.exec(uploadId);
    // Without the prefix: one that an earlier release of the hub began.
    if (!match) return { place: this.#place(undefined), id: uploadId };
    const bucket = Number(match[1]);
    const row =
      bucket === 0
        ? undefined
        : await this.#db.selectFrom('buckets').selectAll().where('id', '=', bucket).executeTakeFirst();
    if (bucket !== 0 && !row) throw badRequest('There is no such upload.');
    return { place: this.#place(row), id: match[2] ?? '' };
  }

  #place(row: BucketRow | undefined): Place {
    return row ? { bucket: row.id, store: this.#open(row) } : { bucket: undefined, store: this.#own };
  }

  /** Notes where an object is, and removes what lay in the hub's own store under the same key. */
  async #arrived(key: string, { bucket }: Place): Promise<void> {
    if (bucket === undefined) {
      await this.#db.deleteFrom('object_homes').where('key', '=', key).execute();
      return;
    }
    await this.assign(key, bucket);
    await this.#own.delete(key);
  }
}
