import type { Json } from '../base/json.ts';
import type { ProjectCatalog } from '../domain/entity-types.ts';
import type { MediaKey } from '../domain/identity.ts';
import type { Edit } from '../sync/ports.ts';
import { readCatalog } from './catalog-table.ts';
import { addLocalMedia, type LocalMediaItem } from './media-table.ts';
import { readMeta, writeMeta } from './meta.ts';
import type { FrameTableRecord, MediaRecord, TidemarkDatabase } from './schema.ts';

/** What belongs to this device alone. */
export class DeviceTables {
  readonly #db: TidemarkDatabase;

  constructor(db: TidemarkDatabase) {
    this.#db = db;
  }

  /** Enters a media of the cache; `create` is the edit that will make it on the server, null if it is there. */
  addLocalMedia(item: LocalMediaItem, create: Edit | null): Promise<void> {
    return addLocalMedia(this.#db, item, create);
  }

  catalog(projectId: number): Promise<ProjectCatalog | null> {
    return readCatalog(this.#db, projectId);
  }

  mediaRecord(key: MediaKey): Promise<MediaRecord | undefined> {
    return this.#db.media.get(key);
  }

  mediaRecords(projectId: number): Promise<MediaRecord[]> {
    return this.#db.media.where('projectId').equals(projectId).toArray();
  }

  /** The media's file is no longer on this device; what the server says of it counts again. */
  async forgetFile(key: MediaKey): Promise<void> {
    await this.#db.media.where('key').equals(key).modify({ local: false });
  }

  /** Medias with work of the user that no server has confirmed yet. */
  async dirtyMedias(): Promise<MediaKey[]> {
    return (await this.#db.edits.orderBy('media').uniqueKeys()).map(String);
  }

  /** Medias with a file on this device that the last listing of their server did not show. */
  async unlistedMedias(): Promise<MediaKey[]> {
    const records = await this.#db.media.filter(({ local, missing }) => local && missing > 0).toArray();
    return records.map(({ key }) => key);
  }

  async putFrameTable(table: FrameTableRecord): Promise<void> {
    await this.#db.frameTables.put(table);
  }

  frameTable(media: MediaKey, role: FrameTableRecord['role']): Promise<FrameTableRecord | undefined> {
    return this.#db.frameTables.get([media, role]);
  }

  setting(name: string): Promise<Json> {
    return readMeta(this.#db, `setting:${name}`);
  }

  putSetting(name: string, value: Json): Promise<void> {
    return writeMeta(this.#db, `setting:${name}`, value);
  }
}
