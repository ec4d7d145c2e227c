import { open, rename } from 'node:fs/promises';
import { extname, join } from 'node:path';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { backoff } from '../../base/backoff.ts';
import { sleep, type Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { errorCatalogue, faultOf, TidemarkError } from '../../contract/errors.ts';
import type { HostParams, LocalMedia } from '../../contract/host-rpc.ts';
import { diskError, syncFolder } from '../files.ts';
import type { ServerAccess } from '../server-calls.ts';
import { throttled } from '../throttle.ts';
import type { MediaLibrary } from './library.ts';
import { failedStage, mediaFault } from './media-faults.ts';
import type { Preparer } from './preparer.ts';
import { mediaFolder, sourcePath, type MediaRecord } from './record.ts';

/** Media of a server on their way into the cache, for work offline. One at a time, resumed by byte range. */
export interface Downloads {
  begin(params: HostParams<'media.download'>): Promise<void>;
  retry(key: string): Promise<void>;
  /** Goes on with what an earlier run left. */
  resume(): void;
  drop(key: string): Promise<void>;
  stop(): Promise<void>;
}

export interface DownloadsOptions {
  root: string;
  library: MediaLibrary;
  preparer: Preparer;
  server: ServerAccess;
  clock: Clock;
  random: Random;
  onError: (what: string, thrown: unknown) => void;
}

const File = Type.Object({
  path: Type.String(),
  size: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
  resolution: Type.Optional(Type.Array(Type.Number())),
});
const ServerMedia = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  primary_section: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  media_files: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Object({
        streaming: Type.Optional(Type.Array(File)),
        archival: Type.Optional(Type.Array(File)),
        image: Type.Optional(Type.Array(File)),
      }),
    ]),
  ),
});

const arriving = 'source.part';
const retryLimits = { base: 1_000, cap: 60_000 };
/** Written to disk, and to the record, this often: what a power cut costs at most. */
const syncBytes = 32 * 1024 * 1024;
const urlLifetime = 86_400;

export function createDownloads(options: DownloadsOptions): Downloads {
  const { root, library, preparer, server, clock, random, onError } = options;
  const queue: string[] = [];
  let running: { key: string; abort: AbortController; done: Promise<void> } | null = null;

  const pump = (): void => {
    const key = running === null ? queue.shift() : undefined;
    if (key === undefined) return;
    const abort = new AbortController();
    const done = run(key, abort.signal)
      .catch((thrown: unknown) => {
        if (!abort.signal.aborted) onError('fetching a media', thrown);
      })
      .finally(() => {
        running = null;
        pump();
      });
    running = { key, abort, done };
  };
  const enqueue = (key: string): void => {
    if (running?.key !== key && !queue.includes(key)) queue.push(key);
    pump();
  };

  /** Tries for as long as waiting can help; everything else becomes the media's failed stage. */
  const run = async (key: string, signal: AbortSignal): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      const before = library.get(key).synced;
      try {
        await fetchOnce(key, signal);
        return;
      } catch (thrown) {
        signal.throwIfAborted();
        const fault = mediaFault(diskError(thrown));
        if (errorCatalogue[fault.code].advice !== 'retry') {
          const stage = failedStage(fault, { copied: true });
          await library.update(key, (record) => ({ ...record, media: { ...record.media, stage } }));
          return;
        }
        if (library.get(key).synced > before) attempt = 0;
        await sleep(clock, 250 + backoff(attempt, random, retryLimits), signal);
      }
    }
  };

  const fetchOnce = async (key: string, signal: AbortSignal): Promise<void> => {
    const record = library.get(key);
    const { account } = record.media;
    const mediaId = record.fetchedFrom?.mediaId ?? 0;
    const args = { id: mediaId, presigned: urlLifetime };
    const media = await server.call(account, 'get_media', args, { signal });
    if (!Check(ServerMedia, media)) throw new TidemarkError('garbled-answer', { detail: 'get_media' });
    const file = bestFile(media);
    if (file === null)
      throw new TidemarkError('not-found', { message: 'The server has no playable file of this media.' });
    const url = new URL(file.path, `${server.hostOf(account)}/`);
    const described = await library.update(key, (before) => describedBy(before, media, url));
    const size = await receive(described, url.href, signal);
    const folder = mediaFolder(root, key);
    await rename(join(folder, arriving), sourcePath(root, library.get(key)));
    await syncFolder(folder);
    await library.update(key, (before) => ({
      ...before,
      synced: size,
      media: { ...before.media, size, stage: { kind: 'queued' } },
    }));
    preparer.enqueue(key);
  };

  const receive = async (record: MediaRecord, url: string, signal: AbortSignal): Promise<number> => {
    const { key } = record.media;
    const headers = resumeHeaders(record);
    const from = 'range' in headers ? record.synced : 0;
    const response = await server.transfer(url, { headers, signal });
    // An answer without bytes of the file, such as that of a busy server, changes nothing of what is here.
    const total = totalOf(response, from);
    // The file may have been replaced: then the whole of it comes, and nothing of the old one stays.
    const start = response.status === 200 ? 0 : from;
    await library.update(key, (before) => begunWith(before, { synced: start, etag: strongEtag(response) }));
    const show = throttled(clock, 250, (done: number) => {
      if (running?.key === key && library.find(key)?.media.stage.kind === 'copying') {
        library.showProgress(key, { kind: 'copying', done, total });
      }
    });
    const file = await open(join(mediaFolder(root, key), arriving), start === 0 ? 'w' : 'r+');
    let there = start;
    let synced = start;
    const keep = async (): Promise<void> => {
      await file.sync();
      synced = there;
      await library.update(key, (before) => ({
        ...before,
        synced,
        media: { ...before.media, size: total, stage: { kind: 'copying', done: there, total } },
      }));
    };
    try {
      await file.truncate(start);
      for await (const chunk of bodyOf(response)) {
        await file.writev([chunk], there);
        there += chunk.length;
        show(there);
        if (there - synced >= syncBytes) await keep();
      }
    } catch (error) {
      if (!isDisk(error)) throw new TidemarkError('offline', { cause: error });
      throw error;
    } finally {
      if (there > synced) await keep().catch(() => {});
      await file.close();
    }
    if (there !== total) throw new TidemarkError('garbled-answer', { detail: `${there} of ${total} bytes` });
    return there;
  };

  return {
    begin: async ({ account, projectId, mediaId, mediaKey }) => {
      if (library.find(mediaKey) === undefined) {
        const stage: LocalMedia['stage'] = { kind: 'copying', done: 0, total: 0 };
        await library.add({
          media: {
            ...{ key: mediaKey, account, projectId, sectionId: null, name: `media ${mediaId}.mp4`, size: 0 },
            ...{ addedAt: clock.now(), stage, probe: null, hasThumbnail: false, plays: 'nothing' },
          },
          source: { kind: 'copy', file: 'source.mp4' },
          lastModified: 0,
          synced: 0,
          fetchedFrom: { mediaId },
        });
      }
      enqueue(mediaKey);
    },
    retry: async (key) => {
      const { synced, media } = library.get(key);
      const stage: LocalMedia['stage'] = { kind: 'copying', done: synced, total: media.size };
      await library.update(key, (record) => ({ ...record, media: { ...record.media, stage } }));
      enqueue(key);
    },
    resume: () => {
      for (const { media, fetchedFrom } of library.records()) {
        if (fetchedFrom !== null && media.stage.kind === 'copying') enqueue(media.key);
      }
    },
    drop: async (key) => {
      const at = queue.indexOf(key);
      if (at >= 0) queue.splice(at, 1);
      if (running?.key !== key) return;
      running.abort.abort(new TidemarkError('cancelled'));
      await running.done;
    },
    stop: async () => {
      queue.length = 0;
      running?.abort.abort(new TidemarkError('cancelled'));
      await running?.done;
    },
  };
}

/** Only bytes of the very same file may be joined, and only a strong ETag tells that it is the same. */
function resumeHeaders({ synced, fetchedFrom }: MediaRecord): Record<string, string> {
  const etag = fetchedFrom?.etag ?? null;
  return synced === 0 || etag === null ? {} : { range: `bytes=${synced}-`, 'if-range': etag };
}

function strongEtag(response: Response): string | null {
  const etag = response.headers.get('etag');
  return etag === null || etag.startsWith('W/') ? null : etag;
}

function begunWith(
  record: MediaRecord,
  { synced, etag }: { synced: number; etag: string | null },
): MediaRecord {
  const { fetchedFrom } = record;
  if (fetchedFrom === null) return record;
  // An answer without a body may leave the ETag out: what is here is still of the one that was asked for.
  const known = synced > 0 ? (etag ?? fetchedFrom.etag ?? null) : etag;
  return { ...record, synced, fetchedFrom: { ...fetchedFrom, etag: known } };
}

/** Its name and section as the server has them; the file's extension from its address. */
function describedBy(record: MediaRecord, media: Type.Static<typeof ServerMedia>, url: URL): MediaRecord {
  const extension = [url.pathname, media.name].map(extname).find((one) => /^\.[a-z0-9]{1,8}$/i.test(one));
  return {
    ...record,
    source: { kind: 'copy', file: `source${(extension ?? '.mp4').toLowerCase()}` },
    media: { ...record.media, name: media.name, sectionId: media.primary_section ?? null },
  };
}

/** The tallest streaming file; an image's first; only then the archive, which may not play. */
function bestFile(media: Type.Static<typeof ServerMedia>): Type.Static<typeof File> | null {
  const { streaming = [], image = [], archival = [] } = media.media_files ?? {};
  const tallest = [...streaming].sort((a, b) => (b.resolution?.[0] ?? 0) - (a.resolution?.[0] ?? 0));
  return tallest[0] ?? image[0] ?? archival[0] ?? null;
}

function totalOf(response: Response, from: number): number {
  if (response.status === 206) {
    const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
    if (match !== null && Number(match[1]) === from) return Number(match[2]);
  }
  if (response.status === 416 && from > 0) {
    const match = /^bytes \*\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
    if (match !== null && Number(match[1]) === from) return from;
  }
  const length = Number(response.headers.get('content-length') ?? NaN);
  if (response.status === 200 && Number.isSafeInteger(length)) return length;
  const code =
    response.status === 404 ? 'not-found' : response.status >= 500 ? 'server-busy' : 'garbled-answer';
  throw new TidemarkError(code, { status: response.status, detail: 'media file' });
}

async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.status === 416 || response.body === null) return;
  yield* response.body as unknown as AsyncIterable<Uint8Array>;
}

function isDisk(error: unknown): boolean {
  const { code } = faultOf(diskError(error));
  return code === 'disk-full' || code === 'disk-failed';
}
