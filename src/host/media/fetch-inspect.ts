import { checkOf, quickCheck } from './fetch-check.ts';
import { isFetch, isWhole, withFetch, type FetchRecord } from './fetch-record.ts';
import type { MediaLibrary } from './library.ts';
import { sourcePath } from './record.ts';

/** Looks whether fetched files are still what they were when they were found whole. */
export interface Inspector {
  /**
   * Resolves when what a look at the folder tells is acted upon; where only the content can tell, it is
   * read in the background.
   */
  inspect(key: string): Promise<void>;
  inspectAll(): Promise<void>;
  stop(): Promise<void>;
}

export interface InspectorOptions {
  root: string;
  library: MediaLibrary;
  fetchAgain: (key: string) => Promise<void>;
  onError: (what: string, thrown: unknown) => void;
}

export function createInspector({ root, library, fetchAgain, onError }: InspectorOptions): Inspector {
  const reading = new Set<string>();
  const abort = new AbortController();
  let last: Promise<unknown> = Promise.resolve();

  /** Its time changed, as by a copy of the whole folder: that alone is no reason to fetch it again. */
  const compare = async (record: FetchRecord): Promise<void> => {
    const { key } = record.media;
    const was = record.fetchedFrom.check;
    if (was == null || library.find(key) === undefined) return;
    const check = await checkOf(sourcePath(root, record), abort.signal);
    if (check.md5 !== was.md5) await fetchAgain(key);
    else await library.update(key, (before) => withFetch(before, { check }));
  };
  const compareLater = (record: FetchRecord): void => {
    const { key } = record.media;
    if (reading.has(key)) return;
    reading.add(key);
    last = last
      .then(() => compare(record))
      .catch((thrown: unknown) => {
        if (!abort.signal.aborted) onError('reading a fetched media', thrown);
      })
      .finally(() => reading.delete(key));
  };
  const inspect = async (key: string): Promise<void> => {
    const record = library.find(key);
    if (!isFetch(record) || !isWhole(record) || record.fetchedFrom.check == null) return;
    const found = await quickCheck(sourcePath(root, record), record.fetchedFrom.check);
    if (found === 'changed') await fetchAgain(key);
    if (found === 'unsure') compareLater(record);
  };

  return {
    inspect,
    inspectAll: async () => {
      for (const { media } of library.records()) await inspect(media.key);
    },
    stop: async () => {
      abort.abort();
      await last;
    },
  };
}
