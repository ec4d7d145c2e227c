import { systemClock } from '../../../src/base/clock.ts';
import type { Host, LocalMedia, Upload } from '../../../src/contract/host-rpc.ts';
import { createRpcClient } from '../../../src/contract/rpc.ts';
import type { Fields } from '../../../src/domain/fields.ts';
import { openChannel } from '../../../src/renderer/backend/connect.ts';
import { createBackend } from '../../../src/renderer/backend/create-backend.ts';
import type { Backend } from '../../../src/renderer/backend/backend.ts';
import type { AnnotationStore, EditCommand, Live } from '../../../src/store/types.ts';
import type { EntityKey, MediaKey } from '../../../src/domain/identity.ts';
import { mediaFields } from '../../../src/domain/media-fields.ts';
import { entityKey } from '../../../src/domain/identity.ts';
import { mediaRef, type Edit, type SyncStatus } from '../../../src/sync/ports.ts';

/** What the user sees of one entity. */
export type Shown = [EntityKey, Fields];

/** What is still open, and what a user would be asked for. */
export interface Standing {
  unsynced: number;
  inDoubt: number;
  outbox: Edit[];
  conflicts: number;
  uploads: Upload[];
  medias: LocalMedia[];
  engine: SyncStatus;
}

/**
 * The app's own backend and store in the app's own page, beside its screens and its engine: commands go
 * the way of every edit, and their answers to the test's process.
 */
class KillPage {
  #backend: Backend | null = null;
  #store: AnnotationStore | null = null;
  #account = '';

  /**
   * Resolves when the device database is open, and repaired where it had to be. True where Chromium has
   * no database of this page from before: it deletes all of them together when their log was torn.
   */
  async open(account: string): Promise<boolean> {
    const clock = systemClock();
    const host = createRpcClient(openChannel(window, clock));
    this.#account = account;
    this.#backend = createBackend({ host, clock, scope: window });
    this.#store = await this.#backend.openStore(account);
    return isFirstOpening();
  }

  apply(command: EditCommand): Promise<void> {
    return this.#opened.apply(command);
  }

  undo(media: MediaKey): Promise<void> {
    return this.#opened.undo(media);
  }

  /** Annotations of the medias, and the medias themselves. */
  async shown(medias: MediaKey[]): Promise<Shown[]> {
    const all: Shown[] = [];
    for (const media of medias) {
      const item = await now(this.#opened.mediaItem(media));
      if (item !== null) all.push([entityKey(mediaRef(media)), mediaFields(item)]);
      for (const { key, fields } of await now(this.#opened.annotations(media, []))) all.push([key, fields]);
    }
    return all;
  }

  /** Keys of the medias that the device database knows. */
  async mediaKeys(project: number): Promise<MediaKey[]> {
    return (await now(this.#opened.mediaList(project))).map(({ key }) => key);
  }

  async add({ name, base64, projectId }: { name: string; base64: string; projectId: number }): Promise<void> {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const file = new File([bytes], name, { lastModified: 1_700_000_000_000 });
    const target = { account: this.#account, projectId, sectionId: null };
    const signal = new AbortController().signal;
    await this.#backend!.importer.add(file, target, { onProgress: () => undefined, signal });
  }

  async standing(): Promise<Standing> {
    const account = this.#account;
    const [counts, conflicts, outbox, engine, uploads, medias] = await Promise.all([
      now(this.#opened.counts()),
      now(this.#opened.conflicts()),
      now(this.#opened.outbox()),
      now(this.#opened.status()),
      this.host.call('uploads.list', { account }),
      this.host.call('media.list', { account }),
    ]);
    const { unsynced, inDoubt } = counts;
    return { unsynced, inDoubt, outbox, conflicts: conflicts.length, uploads, medias, engine };
  }

  get host(): Host {
    return this.#backend!.host;
  }

  get #opened(): AnnotationStore {
    if (this.#store === null) throw new Error('not open');
    return this.#store;
  }
}

/** Whether the marker had to be made. */
function isFirstOpening(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let isNew = false;
    const opening = indexedDB.open('kill-marker', 1);
    opening.onupgradeneeded = () => (isNew = true);
    opening.onsuccess = () => {
      opening.result.close();
      resolve(isNew);
    };
    opening.onerror = () => reject(new Error('the marker cannot be opened'));
  });
}

function now<T>(live: Live<T>): Promise<T> {
  return new Promise((resolve) => {
    const stop = live.subscribe((value) => {
      resolve(value);
      setTimeout(() => stop());
    });
  });
}

(globalThis as unknown as { killPage: KillPage }).killPage = new KillPage();
export type { KillPage };
