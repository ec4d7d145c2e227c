import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { notFound } from '../errors.ts';
import type { LocalCopies } from './local-copies.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { storeFailure } from './store-failures.ts';

/** What stores on other machines work with. */
export interface DistantStoreOptions {
  /** Folder for what is on its way. */
  folder: string;
  /** Bytes that one PUT may bring. */
  largest: number;
  copies: LocalCopies;
  /** Resolves names; refuses the addresses that this hub does not visit. */
  lookup?: LookupFunction | undefined;
}

/**
 * A local copy of an object for the media tools. `place` names the bucket or container that it is in.
 * @throws HubError 404; 503 for a copy that came short
 */
export async function copyHere(
  store: Pick<ObjectStore, 'head' | 'read'>,
  { copies, place, key }: { copies: LocalCopies; place: string; key: string },
): Promise<{ path: string; release(): Promise<void> }> {
  const info = await store.head(key);
  if (!info) throw notFound(`There is no object ${key}.`);
  return copies.open(`${place} ${key} ${info.etag}`, async (path) => {
    await pipeline(await store.read(key), createWriteStream(path, { mode: 0o600 }));
    if ((await stat(path)).size !== info.size) throw storeFailure(new Error('the object came short'));
  });
}

/** @throws HubError 503 unless the store has all of what was sent. */
export function requireWhole(info: ObjectInfo | undefined, size: number): ObjectInfo {
  if (info?.size === size) return info;
  throw storeFailure(new Error(`the store has ${info?.size ?? 0} of ${size} bytes`));
}
