import type { Clock } from '../base/clock.ts';
import type { Host, LocalMedia } from '../contract/host-rpc.ts';
import type { Fields } from '../domain/fields.ts';
import { entityKey } from '../domain/identity.ts';
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
    if (create !== null) await device.putSetting(owed(media.key), true);
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
      const { key: mediaKey, serverId: mediaId, type: typeId, sectionId, local } = media;
      if (!local || mediaId === null || (await device.setting(owed(mediaKey))) !== true) continue;
      await host.call('uploads.enqueue', { account, projectId, mediaKey, mediaId, typeId, sectionId });
      await device.putSetting(owed(mediaKey), false);
    }
  }
}

/** Lets the server choose the media type by the file's name: where no catalog was read yet. */
const byFileName = -1;

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
