import { mkdir, readdir, rm } from 'node:fs/promises';
import { assert } from '../../base/assert.ts';
import { TidemarkError } from '../../contract/errors.ts';
import type { LocalMedia, LocalMediaStage } from '../../contract/host-rpc.ts';
import { diskError } from '../files.ts';
import { mediaFolder, readRecord, writeRecord, type MediaRecord } from './record.ts';

/** The local media, in memory and on disk. A record on disk changes first; memory and pages follow. */
export interface MediaLibrary {
  list(account: string): LocalMedia[];
  records(): MediaRecord[];
  find(key: string): MediaRecord | undefined;
  /** Throws `not-found`. */
  get(key: string): MediaRecord;
  add(record: MediaRecord): Promise<void>;
  /** Changes are made one after the other for each media, each from the newest record. */
  update(key: string, change: (record: MediaRecord) => MediaRecord): Promise<MediaRecord>;
  /** Shows a step of progress without writing it: after a kill it starts from the last written stage. */
  showProgress(key: string, stage: LocalMediaStage): void;
  remove(key: string): Promise<void>;
}

export interface MediaLibraryOptions {
  root: string;
  onChange: (media: LocalMedia) => void;
  onRemove: (key: string) => void;
}

export async function openMediaLibrary({
  root,
  onChange,
  onRemove,
}: MediaLibraryOptions): Promise<MediaLibrary> {
  const records = new Map<string, MediaRecord>();
  const writing = new Map<string, Promise<unknown>>();
  for (const key of await readdir(root)) {
    const record = await readRecord(root, key);
    if (record !== null) records.set(key, record);
    // Without a record nothing in the folder was ever acknowledged.
    else await rm(mediaFolder(root, key), { recursive: true, force: true });
  }

  const get = (key: string): MediaRecord => {
    const record = records.get(key);
    if (record === undefined)
      throw new TidemarkError('not-found', { message: 'This media is not on this device.' });
    return record;
  };

  /** Runs after everything that was asked before for this media. */
  const inTurn = <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const done = (writing.get(key) ?? Promise.resolve()).then(work);
    writing.set(
      key,
      done.catch(() => {}),
    );
    return done;
  };

  return {
    list: (account) =>
      [...records.values()].map(({ media }) => media).filter((media) => media.account === account),
    records: () => [...records.values()],
    find: (key) => records.get(key),
    get,
    add: (record) =>
      inTurn(record.media.key, async () => {
        const { key } = record.media;
        assert(!records.has(key), 'a media key is used once');
        try {
          await mkdir(mediaFolder(root, key), { recursive: true });
        } catch (error) {
          throw diskError(error);
        }
        await writeRecord(root, record);
        records.set(key, record);
        onChange(record.media);
      }),
    update: (key, change) =>
      inTurn(key, async () => {
        const next = change(get(key));
        await writeRecord(root, next);
        records.set(key, next);
        onChange(next.media);
        return next;
      }),
    showProgress: (key, stage) => {
      const record = records.get(key);
      if (record === undefined) return;
      const shown = { ...record, media: { ...record.media, stage } };
      records.set(key, shown);
      onChange(shown.media);
    },
    remove: (key) =>
      inTurn(key, async () => {
        get(key);
        records.delete(key);
        await rm(mediaFolder(root, key), { recursive: true, force: true });
        onRemove(key);
      }),
  };
}
