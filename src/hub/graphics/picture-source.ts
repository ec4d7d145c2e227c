import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { probeMedia, type MediaProbe } from '../../media/probe.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';

/** A file of a media, as the media tools see it. */
export interface PictureSource {
  path: string;
  probe: MediaProbe;
}

const MOST_PROBES = 32;
/** Largest file of another server that is fetched for a picture, bytes. */
const LARGEST_FETCH = 2 * 1024 ** 3;

/** Gives the media tools a file by its key or URL; the frame tables of the files used last are kept. */
export class PictureSources {
  readonly #deps: HubDeps;
  readonly #probes = new Map<string, Promise<MediaProbe>>();

  constructor(deps: HubDeps) {
    this.#deps = deps;
  }

  /** @throws HubError 400 when the file is not there; MediaError */
  async use<T>(file: string, work: (source: PictureSource) => Promise<T>): Promise<T> {
    const copy = /^https?:\/\//i.test(file) ? await this.#fetch(file) : await this.#local(file);
    try {
      const probe = await this.#probe(copy);
      return await work({ path: copy.path, probe });
    } finally {
      await copy.release();
    }
  }

  async #local(key: string) {
    const info = await this.#deps.objects.head(key);
    if (!info) throw badRequest('The file of the media is not there.');
    return { ...(await this.#deps.objects.localCopy(key)), identity: `${key} ${info.etag}` };
  }

  async #fetch(url: string) {
    const folder = join(this.#deps.workFolder, 'fetched');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, this.#deps.makeId());
    await this.#deps.remote.download(url, path, { largest: LARGEST_FETCH });
    return { path, release: () => rm(path, { force: true }), identity: undefined };
  }

  async #probe({ path, identity }: { path: string; identity: string | undefined }): Promise<MediaProbe> {
    if (identity === undefined) return probeMedia(path);
    const known = this.#probes.get(identity);
    const probe = known ?? probeMedia(path);
    // Moved to the end: the first one is the one that was used longest ago.
    this.#probes.delete(identity);
    this.#probes.set(identity, probe);
    for (const oldest of this.#probes.keys()) {
      if (this.#probes.size <= MOST_PROBES) break;
      this.#probes.delete(oldest);
    }
    try {
      return await probe;
    } catch (error) {
      this.#probes.delete(identity);
      throw error;
    }
  }
}
