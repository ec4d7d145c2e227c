import { open, readdir, rename, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { MakeId } from '../../base/random.ts';
import { TidemarkError, type Fault } from '../../contract/errors.ts';
import type { HostParams, HostResult, LocalMedia, SectionPlace } from '../../contract/host-rpc.ts';
import { diskError, isCode, syncFolder, writeAll } from '../files.ts';
import { throttled } from '../throttle.ts';
import type { MediaLibrary } from './library.ts';
import { failedStage, mediaFault } from './media-faults.ts';
import type { Preparer } from './preparer.ts';
import { mediaFolder, type MediaRecord } from './record.ts';

/** Files on their way into the library. An import's id is the key of the media that it becomes. */
export interface Imports {
  begin(params: HostParams<'imports.begin'>): Promise<HostResult<'imports.begin'>>;
  /** Takes bytes from `offset` on; resolves with how many are there, also when the sender broke off. */
  receive(importId: string, offset: number, bytes: Readable): Promise<{ offset: number }>;
  abandon(importId: string, reason: Fault): Promise<void>;
  addPath(params: HostParams<'imports.addPath'>): Promise<HostResult<'imports.addPath'>>;
}

export interface ImportsOptions {
  root: string;
  library: MediaLibrary;
  preparer: Preparer;
  makeId: MakeId;
  clock: Clock;
}

const arriving = 'source.part';
const progressGap = 250;

export function createImports({ root, library, preparer, makeId, clock }: ImportsOptions): Imports {
  /** Imports whose bytes arrive right now: two senders must not write one file. */
  const receiving = new Set<string>();
  const partPath = (key: string): string => join(mediaFolder(root, key), arriving);

  /** Whether all bytes of the media are in place, or nothing can be sent of it. */
  const isEntered = async ({ media: { key, size }, source, synced }: MediaRecord): Promise<boolean> =>
    source.kind !== 'copy' ||
    size === 0 ||
    (synced === size &&
      !(await isFile(partPath(key))) &&
      (await isFile(join(mediaFolder(root, key), source.file))));

  /** Those whose bytes have ended and are being entered. */
  const settling = new Map<string, Promise<void>>();

  const complete = async (key: string): Promise<void> => {
    const { source, media } = library.get(key);
    if (source.kind !== 'copy') return;
    await renameOnce(partPath(key), { to: join(mediaFolder(root, key), source.file), size: media.size });
    await syncFolder(mediaFolder(root, key));
    await library.update(key, (before) => ({
      ...before,
      synced: before.media.size,
      media: { ...before.media, stage: { kind: 'queued' } },
    }));
    preparer.enqueue(key);
  };

  const settle = async (key: string, there: number): Promise<void> => {
    try {
      const { size } = library.get(key).media;
      await library.update(key, (before) => ({ ...withStage(before, copying(there, size)), synced: there }));
      if (there === size) await complete(key);
    } finally {
      receiving.delete(key);
      settling.delete(key);
    }
  };

  /** The record may fail to be written on the same full disk; then the page still hears of it. */
  const fail = async (key: string, fault: Fault): Promise<void> => {
    const stage = failedStage(fault, { copied: true });
    await library
      .update(key, (before) => withStage(before, stage))
      .catch(() => library.showProgress(key, stage));
  };

  // A host that died after the last byte left what nobody has to send again.
  for (const record of library.records().filter(isWhole)) {
    const { key, size } = record.media;
    const settled = settle(key, size);
    settling.set(key, settled);
    // What cannot be entered now is tried again when its file is added again.
    settled.catch((thrown: unknown) => fail(key, mediaFault(thrown))).catch(() => undefined);
  }

  return {
    async begin(params) {
      const known = library.records().find((record) => isSameImport(record, params));
      if (known !== undefined) {
        const { key, stage } = known.media;
        if (stage.kind !== 'failed' || (await isEntered(known)))
          return { importId: key, mediaKey: key, offset: known.synced };
        // Of a copy that is gone all is sent again.
        const synced = (await isFile(partPath(key))) ? known.synced : 0;
        const again = copying(synced, params.size);
        await library.update(key, (record) => ({ ...withStage(record, again), synced }));
        return { importId: key, mediaKey: key, offset: synced };
      }
      const key = makeId();
      const stage = params.size === 0 ? emptyStage : copying(0, params.size);
      const file = `source${safeExtension(params.name)}`;
      await library.add({
        ...newRecord(params, { key, stage, addedAt: clock.now() }),
        source: { kind: 'copy', file },
      });
      return { importId: key, mediaKey: key, offset: 0 };
    },

    async receive(importId, offset, bytes) {
      // Its sender before may have gone without having been told how much had arrived.
      await settling.get(importId)?.catch(() => undefined);
      const record = library.get(importId);
      const { size } = record.media;
      if (record.media.stage.kind !== 'copying') return { offset: record.synced };
      if (receiving.has(importId))
        throw new TidemarkError('bad-request', { detail: 'this import is being sent already' });
      if (offset !== record.synced)
        throw new TidemarkError('bad-request', { detail: `expected offset ${record.synced}` });
      receiving.add(importId);
      let isArriving = true;
      try {
        const show = throttled(clock, progressGap, (done: number) => {
          if (isArriving) library.showProgress(importId, copying(done, size));
        });
        // With nothing left to send, the host may have died between the file's new name and its record.
        const there =
          offset === size
            ? size
            : await receiveBytes({ path: partPath(importId), offset, size, bytes }, show);
        isArriving = false;
        const settled = settle(importId, there);
        settling.set(importId, settled);
        await settled;
        return { offset: there };
      } catch (thrown) {
        isArriving = false;
        const error = diskError(thrown);
        if (error instanceof TidemarkError && (error.code === 'disk-full' || error.code === 'disk-failed')) {
          await fail(importId, error.fault);
        }
        throw error;
      } finally {
        receiving.delete(importId);
      }
    },

    async abandon(importId, reason) {
      if (library.get(importId).media.stage.kind !== 'copying') return;
      await library.update(importId, (record) => withStage(record, failedStage(reason, { copied: true })));
    },

    async addPath({ path, ...place }) {
      const mediaKeys: string[] = [];
      for (const file of await mediaFilesAt(path)) {
        const info = await stat(file);
        const params = { ...place, name: basename(file), size: info.size, lastModified: info.mtimeMs };
        const known = library.records().find((record) => isSameImport(record, params));
        const key = known?.media.key ?? makeId();
        mediaKeys.push(key);
        if (known !== undefined) continue;
        await library.add({
          ...newRecord(params, { key, stage: { kind: 'queued' }, addedAt: clock.now() }),
          source: { kind: 'in-place', path: file },
          synced: info.size,
        });
        preparer.enqueue(key);
      }
      return { mediaKeys };
    },
  };
}

function isWhole({ media, source, synced, fetchedFrom }: MediaRecord): boolean {
  const { stage, size } = media;
  return stage.kind === 'copying' && source.kind === 'copy' && synced === size && fetchedFrom === null;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}

/** A process that died just after the renaming has left the file under its new name already. */
async function renameOnce(path: string, { to, size }: { to: string; size: number }): Promise<void> {
  try {
    await rename(path, to);
  } catch (error) {
    const there = isCode(error, 'ENOENT') ? await stat(to).catch(() => null) : null;
    if (there?.size !== size) throw error;
  }
}

interface Receiving {
  path: string;
  offset: number;
  /** What the file is to have in the end; more is refused. */
  size: number;
  bytes: Readable;
}

/** Writes and syncs what arrives. A sender that breaks off is no failure: the next one goes on from there. */
async function receiveBytes(
  { path, offset, size, bytes }: Receiving,
  onDone: (done: number) => void,
): Promise<number> {
  const file = await open(path, offset === 0 ? 'w' : 'r+');
  let there = offset;
  try {
    await file.truncate(offset);
    try {
      for await (const chunk of bytes as AsyncIterable<Buffer>) {
        if (there + chunk.length > size)
          throw new TidemarkError('bad-request', { detail: 'more bytes than announced' });
        await writeAll(file, chunk, there);
        there += chunk.length;
        onDone(there);
      }
    } catch (error) {
      if (!isBrokenOff(error)) throw error;
    }
    await file.sync();
    return there;
  } finally {
    await file.close();
  }
}

function isBrokenOff(error: unknown): boolean {
  return (
    isCode(error, 'ECONNRESET') || isCode(error, 'ERR_STREAM_PREMATURE_CLOSE') || isCode(error, 'ABORT_ERR')
  );
}

function copying(done: number, total: number): LocalMedia['stage'] {
  return { kind: 'copying', done, total };
}

const emptyStage = failedStage(new TidemarkError('file-empty').fault, { copied: false });

function withStage(record: MediaRecord, stage: LocalMedia['stage']): MediaRecord {
  return { ...record, media: { ...record.media, stage } };
}

interface Place {
  account: string;
  projectId: number;
  sectionId: SectionPlace;
  name: string;
  size: number;
  lastModified: number;
}

function isSameImport(record: MediaRecord, place: Place): boolean {
  const { media, lastModified, fetchedFrom } = record;
  return (
    fetchedFrom === null &&
    media.account === place.account &&
    media.projectId === place.projectId &&
    media.name === place.name &&
    media.size === place.size &&
    lastModified === place.lastModified
  );
}

function newRecord(
  place: Place,
  { key, stage, addedAt }: { key: string; stage: LocalMedia['stage']; addedAt: number },
): Omit<MediaRecord, 'source'> {
  const { account, projectId, sectionId, name, size, lastModified } = place;
  const media: LocalMedia = {
    ...{ key, account, projectId, sectionId, name, size, addedAt, stage },
    probe: null,
    hasThumbnail: false,
    plays: 'nothing',
  };
  return { media, lastModified, synced: 0, fetchedFrom: null };
}

/** The extension that tools go by; nothing else of a foreign name gets into a path. */
function safeExtension(name: string): string {
  const extension = extname(name).toLowerCase();
  return /^\.[a-z0-9]{1,8}$/.test(extension) ? extension : '';
}

const mediaExtensions =
  /\.(mp4|m4v|mov|mkv|webm|avi|wmv|mpg|mpeg|mts|m2ts|ts|mxf|flv|3gp|ogv|png|jpe?g|gif|bmp|webp|avif|tiff?)$/i;

/** The file itself, whatever it is; of a folder, with everything below, what looks like media. */
async function mediaFilesAt(path: string): Promise<string[]> {
  const info = await stat(path).catch((error: unknown) => {
    throw new TidemarkError(isCode(error, 'ENOENT') ? 'file-gone' : 'file-unreadable', { detail: path });
  });
  if (!info.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile() && mediaExtensions.test(entry.name) && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
