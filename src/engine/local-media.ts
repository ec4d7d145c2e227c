import type { Clock } from '../base/clock.ts';
import type { Host, LocalMedia } from '../contract/host-rpc.ts';
import type { Fields } from '../domain/fields.ts';
import { entityKey } from '../domain/identity.ts';
import { servedFiles } from '../domain/served-files.ts';
import type { DeviceTables } from '../store/device-tables.ts';
import type { Edit } from '../sync/ports.ts';

type Probe = NonNullable<LocalMedia['probe']>;

export interface LocalMediaOptions {
  host: Host;
  account: string;
  device: DeviceTables;
  clock: Clock;
}

/**
 * The medias of this device's cache, brought into the device database as soon as they are probed,
 * whether or not a window is open; and their uploads, ordered once the server has the media.
 */
export class LocalMedias {
  readonly #options: LocalMediaOptions;
  /** What the host was told last; it forgets it when it ends. */
  #protected: string | null = null;

  constructor(options: LocalMediaOptions) {
    this.#options = options;
  }

  /** The host may be a new one, which was told nothing yet. */
  hostIsBack(): void {
    this.#protected = null;
  }

  /** Everything that the host has now. */
  async enterAll(): Promise<void> {
    const { host, account } = this.#options;
    for (const media of await host.call('media.list', { account })) await this.enter(media);
  }

  async enter(media: LocalMedia): Promise<void> {
    const { account, device, clock } = this.#options;
    const { probe } = media;
    if (media.account !== account || probe === null) return;
    const catalog = await device.catalog(media.projectId);
    const type = catalog?.mediaTypes.find(({ dtype }) => dtype === probe.kind)?.id ?? byFileName;
    const known = await device.mediaRecord(media.key);
    // What came from the server is there already: the next listing tells of it, and nothing is to be sent.
    if (known === undefined && media.fetchedFrom != null) return;
    const create = known === undefined ? createOf(media, probe, { type, now: clock.now() }) : null;
    await this.#owe(media);
    const { key, projectId, sectionId, name, addedAt } = media;
    const { kind, width, height, frameCount, fps } = probe;
    await device.addLocalMedia(
      {
        key,
        projectId,
        type,
        kind,
        name,
        sectionId: typeof sectionId === 'number' ? sectionId : null,
        width,
        height,
        frameCount,
        fps,
        attributes: {},
        addedAt,
      },
      create,
    );
  }

  /**
   * A file that was added here has to go to the server. Also where the server is known to have the media: the
   * device may have lost its database between the media's create and the order of its upload.
   */
  async #owe({ key, fetchedFrom }: LocalMedia): Promise<void> {
    const { device } = this.#options;
    if (fetchedFrom != null || (await device.setting(owed(key))) !== null) return;
    await device.putSetting(owed(key), true);
  }

  /** Its file is gone from this device. */
  async forget(key: string): Promise<void> {
    await this.#options.device.forgetFile(key);
  }

  /** Tells the host which files it must not remove to make room; what it knows already is not told again. */
  async protect(): Promise<void> {
    const { host, account, device } = this.#options;
    const [unsynced, onlyHere] = [await device.dirtyMedias(), await device.unlistedMedias()];
    const told = JSON.stringify([unsynced, onlyHere]);
    if (told === this.#protected) return;
    await host.call('cache.protect', { account, unsynced, onlyHere });
    this.#protected = told;
  }

  /** Orders the uploads of those medias that the server has by now. Repeating it is harmless. */
  async orderUploads(projectId: number): Promise<void> {
    const { host, account, device } = this.#options;
    await this.enterAll();
    await this.protect();
    for (const media of await device.mediaRecords(projectId)) {
      const { key: mediaKey, serverId: mediaId, type: typeId, sectionId, local, server } = media;
      if (!local || mediaId === null || (await device.setting(owed(mediaKey))) !== true) continue;
      if (!hasFile(server))
        await host.call('uploads.enqueue', { account, projectId, mediaKey, mediaId, typeId, sectionId });
      await device.putSetting(owed(mediaKey), false);
    }
  }
}

/** Lets the server choose the media type by the file's name: where no catalog was read yet. */
const byFileName = -1;

/** Whether the server has the file, or one made of it. What an upload of the host has begun it ends by itself. */
function hasFile(server: unknown): boolean {
  const files = typeof server === 'object' && server !== null ? (server as Record<string, unknown>) : {};
  const { streaming, image, archival } = servedFiles(files['media_files']);
  return streaming.length + image.length + archival.length > 0;
}

function owed(key: string): string {
  return `upload-owed/${key}`;
}

function createOf(media: LocalMedia, probe: Probe, { type, now }: { type: number; now: number }): Edit {
  const { key: elementalId, projectId, sectionId, name } = media;
  const ref = { kind: 'media', version: 0, elementalId } as const;
  const { width, height, md5, codec, frameCount, fps } = probe;
  const video: Fields = probe.kind === 'video' ? { num_frames: frameCount, fps, codec, width, height } : {};
  return {
    key: entityKey(ref),
    ref,
    projectId,
    type,
    media: elementalId,
    op: 'create',
    base: null,
    changes: { name, md5, section_id: sectionId, ...video },
    revision: 0,
    maybeSent: false,
    status: { kind: 'pending' },
    createdAt: media.addedAt,
    updatedAt: now,
  };
}
