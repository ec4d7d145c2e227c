import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

interface Copy {
  path: string;
  ready: Promise<unknown>;
  /** Bytes, once it is there. */
  size: number;
  users: number;
}

/**
 * Files of a distant store for the media tools, fetched once and kept while there is room: a frame of a
 * video must not fetch the whole video each time. A copy that is in use is never removed.
 */
export class LocalCopies {
  readonly #folder: string;
  readonly #limit: number;
  /** By identity; the one that was used longest ago comes first. */
  readonly #copies = new Map<string, Copy>();

  /** `limit`: bytes that unused copies may take. */
  constructor(folder: string, limit: number) {
    this.#folder = folder;
    this.#limit = limit;
  }

  /** `identity` names the very bytes (key and ETag); `fetch` writes them to a path. */
  async open(
    identity: string,
    fetch: (path: string) => Promise<void>,
  ): Promise<{ path: string; release(): Promise<void> }> {
    const copy = this.#copies.get(identity) ?? this.#begin(identity, fetch);
    this.#copies.delete(identity);
    this.#copies.set(identity, copy);
    copy.users += 1;
    let released = false;
    const release = async (): Promise<void> => {
      if (released) return;
      released = true;
      copy.users -= 1;
      await this.#makeRoom();
    };
    try {
      await copy.ready;
    } catch (error) {
      if (this.#copies.get(identity) === copy) this.#copies.delete(identity);
      throw error;
    }
    return { path: copy.path, release };
  }

  #begin(identity: string, fetch: (path: string) => Promise<void>): Copy {
    const path = join(this.#folder, randomUUID());
    const copy: Copy = { path, ready: Promise.resolve(), size: 0, users: 0 };
    copy.ready = mkdir(this.#folder, { recursive: true, mode: 0o700 })
      .then(() => fetch(path))
      .then(async () => {
        copy.size = (await stat(path)).size;
      })
      .catch(async (error: unknown) => {
        await rm(path, { force: true });
        throw error;
      });
    this.#copies.set(identity, copy);
    return copy;
  }

  async #makeRoom(): Promise<void> {
    let total = 0;
    for (const { size } of this.#copies.values()) total += size;
    for (const [identity, { path, size, users }] of this.#copies) {
      if (total <= this.#limit) return;
      if (users > 0) continue;
      this.#copies.delete(identity);
      total -= size;
      await rm(path, { force: true });
    }
  }
}
