import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { LocalMedia, Upload, UploadRules, UploadState } from '../../src/contract/host-rpc.ts';
import type { Accounts } from '../../src/host/accounts/accounts.ts';
import { tatorCalls } from '../../src/host/accounts/tator-calls.ts';
import { openMediaLibrary, type MediaLibrary } from '../../src/host/media/library.ts';
import { createServerCalls } from '../../src/host/server-calls.ts';
import { openUploader, type Uploader } from '../../src/host/uploads/uploader.ts';
import { eventually } from './host.ts';
import { startTestStore, type TestStore } from './host-store.ts';
import type { StoreStyle } from './object-stores.ts';

export interface UploadingOptions {
  style?: StoreStyle;
  partBytes?: number;
  urlSeconds?: number;
  rules?: UploadRules;
  clock?: Clock;
}

/** Real time, but waits for a retry last a hundredth. */
export const quickClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => systemClock().after(ms >= 60_000 ? ms : ms / 100, callback),
};

/** The uploader over a real folder and a real HTTP store, which outlive its restarts. */
export class Uploading {
  readonly root: string;
  readonly store: TestStore;
  readonly library: MediaLibrary;
  /** Kinds of states that were shown, of all uploads, repetitions left out. */
  readonly states: UploadState['kind'][] = [];
  uploader!: Uploader;
  offline = false;
  readonly #options: UploadingOptions;

  private constructor(root: string, store: TestStore, library: MediaLibrary, options: UploadingOptions) {
    this.root = root;
    this.store = store;
    this.library = library;
    this.#options = options;
  }

  static async start(options: UploadingOptions = {}): Promise<Uploading> {
    const root = await mkdtemp(join(tmpdir(), 'tidemark-upload-'));
    await mkdir(join(root, 'media'));
    await mkdir(join(root, 'uploads'));
    const nothing = { onChange: () => {}, onRemove: () => {} };
    const library = await openMediaLibrary({ root: join(root, 'media'), ...nothing });
    const uploading = new Uploading(root, await startTestStore(options.style), library, options);
    await uploading.restart();
    return uploading;
  }

  /** Ends the uploader, if there is one, and opens it again as the next run of the program does. */
  async restart(): Promise<void> {
    await (this.uploader as Uploader | undefined)?.stop();
    const { clock = quickClock, partBytes, urlSeconds, rules } = this.#options;
    const random = seededRandom(1);
    const accounts = {
      connection: () => ({ host: this.store.origin, token: 'token' }),
      markRefused: () => Promise.resolve(),
    };
    const calls = createServerCalls({
      callServer: tatorCalls({ clock, random }),
      isOffline: () => this.offline,
    });
    this.uploader = await openUploader({
      folder: join(this.root, 'uploads'),
      mediaRoot: join(this.root, 'media'),
      ...{ library: this.library, random, clock, makeId: randomUUID },
      ...(partBytes === undefined ? {} : { partBytes }),
      ...(urlSeconds === undefined ? {} : { urlSeconds }),
      server: calls.forAccounts(accounts as unknown as Accounts),
      rules: rules ?? { limit: null, annotationsOnly: false },
      onChange: ({ state }) => {
        if (this.states.at(-1) !== state.kind) this.states.push(state.kind);
      },
      onError: (what, thrown) => {
        throw new Error(`${what}: ${String(thrown)}`);
      },
    });
    this.uploader.begin();
  }

  path(key: string): string {
    return join(this.root, `${key}.mp4`);
  }

  /** A file of random bytes in the library; gives its content. */
  async addMedia(key: string, size: number, kind: 'video' | 'image' = 'video'): Promise<Buffer> {
    const content = randomBytes(size);
    await writeFile(this.path(key), content);
    const probe: NonNullable<LocalMedia['probe']> = {
      ...{ kind, width: 64, height: 48, codec: 'h264', frameCount: 3, duration: 1, fps: 3, hasAudio: false },
      ...{ frameTableDigest: null, md5: '0'.repeat(32) },
    };
    await this.library.add({
      media: {
        ...{ key, account: 'ana', projectId: 1, sectionId: null, name: `${key}.mp4`, size, addedAt: 0 },
        ...{ stage: { kind: 'ready' }, probe, hasThumbnail: false, plays: 'source' },
      },
      source: { kind: 'in-place', path: this.path(key) },
      ...{ lastModified: 0, synced: size, fetchedFrom: null },
    });
    return content;
  }

  enqueue(mediaKey: string): Promise<void> {
    const place = { account: 'ana', projectId: 1, mediaId: 9, typeId: 1, sectionId: null };
    return this.uploader.enqueue({ ...place, mediaKey });
  }

  upload(mediaKey?: string): Upload {
    const found = this.uploader
      .list('ana')
      .find((one) => mediaKey === undefined || one.mediaKey === mediaKey);
    if (found === undefined) throw new Error('there is no such upload');
    return found;
  }

  reaches(kind: UploadState['kind'], mediaKey?: string): Promise<Upload> {
    return eventually(
      () => {
        const upload = this.upload(mediaKey);
        return Promise.resolve(upload.state.kind === kind ? upload : undefined);
      },
      { patience: 20_000, what: `upload ${kind}` },
    );
  }

  /** Resolves when this many parts have arrived and were noted. */
  arrived(parts: number): Promise<true> {
    return eventually(() => Promise.resolve(this.upload().parts.done >= parts ? (true as const) : undefined));
  }

  stored(mediaKey?: string): Buffer | undefined {
    return [...this.store.objects].find(([key]) => mediaKey === undefined || key.includes(mediaKey))?.[1];
  }

  /** How often the REST call was made. */
  count(call: string): number {
    return this.store.calls.filter((name) => name === call).length;
  }

  async remove(): Promise<void> {
    await this.uploader.stop();
    await this.store.close();
    await rm(this.root, { recursive: true });
  }
}
