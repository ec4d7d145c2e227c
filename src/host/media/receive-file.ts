import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { faultOf, TidemarkError } from '../../contract/errors.ts';
import { diskError, isCode, writeAll } from '../files.ts';
import { reserveBytes } from '../disk-space.ts';
import type { ServerAccess } from '../server-calls.ts';
import { throttled } from '../throttle.ts';
import { digestOf, strongEtag, totalOf } from './fetch-answer.ts';
import { withFetch } from './fetch-record.ts';
import type { MediaLibrary } from './library.ts';
import type { Room } from './room.ts';
import { mediaFolder, type MediaRecord } from './record.ts';

export const arrivingName = 'source.part';

/** Written to disk, and to the record, this often: what a power cut costs at most. */
const syncBytes = 32 * 1024 * 1024;
/** Given back when the disk is full, so that how far it came can be written down. */
const spareBytes = 1024 * 1024;
/** ms between two events of progress. */
const progressGap = 250;

export interface ReceiveContext {
  root: string;
  library: MediaLibrary;
  server: Pick<ServerAccess, 'transfer'>;
  clock: Clock;
  /** Bytes of the disk that may still be used. */
  free: () => Promise<number>;
  room: Room;
  /** Bytes of the file that are here. */
  onBytes: (key: string, there: number) => void;
}

/** Brings the rest of the file at `url` into the media's folder. Resolves with its size when all is there. */
export async function receiveFile(
  context: ReceiveContext,
  { key, url, signal }: { key: string; url: string; signal: AbortSignal },
): Promise<number> {
  const { root, library, server } = context;
  const path = join(mediaFolder(root, key), arrivingName);
  const record = library.get(key);
  const have = Math.min(record.synced, await sizeOf(path));
  const headers = resumeHeaders(record, have);
  const from = 'range' in headers ? have : 0;
  const response = await server.transfer(url, { headers, signal });
  // An answer without bytes of the file, such as that of a busy server, changes nothing of what is here.
  const total = isPastEnd(response, { from, size: record.media.size }) ? from : totalOf(response, from);
  // The file may have been replaced: then the whole of it comes, and nothing of the old one stays.
  const start = response.status === 200 ? 0 : from;
  try {
    await context.room.make(key, total - start);
  } catch (error) {
    await response.body?.cancel().catch(() => {});
    throw error;
  }
  await library.update(key, (before) => begunWith(before, { start, total, response }));
  const file = await open(path, start === 0 ? 'w' : 'r+');
  try {
    await file.truncate(start);
    const there = await writeBody(context, { key, file, response, start, total, signal });
    if (there !== total) throw new TidemarkError('garbled-answer', { detail: `${there} of ${total} bytes` });
    return total;
  } finally {
    await file.close();
  }
}

interface Body {
  key: string;
  file: FileHandle;
  response: Response;
  start: number;
  total: number;
  signal: AbortSignal;
}

async function writeBody(
  { library, clock, free, onBytes }: ReceiveContext,
  { key, file, response, start, total, signal }: Body,
): Promise<number> {
  let there = start;
  let synced = start;
  const show = throttled(clock, progressGap, (done: number) => !signal.aborted && onBytes(key, done));
  const keep = async (): Promise<void> => {
    await file.sync();
    synced = there;
    const stage = { kind: 'copying' as const, done: there, total };
    await library.update(key, (before) => ({ ...before, synced, media: { ...before.media, stage } }));
  };
  try {
    for await (const chunk of bodyOf(response)) {
      await writeAll(file, chunk, there);
      there += chunk.length;
      show(there);
      if (there - synced < syncBytes) continue;
      await keep();
      // Others write to this disk too: what is left is for edits.
      if ((await free()) < reserveBytes / 2) throw new TidemarkError('disk-full');
    }
  } catch (thrown) {
    const error = diskError(thrown);
    const { code } = faultOf(error);
    if (code === 'disk-full') {
      there = Math.max(synced, there - spareBytes);
      await file.truncate(there).catch(() => {});
    }
    if (signal.aborted) throw signal.reason;
    if (error instanceof TidemarkError) throw error;
    throw new TidemarkError('offline', { cause: thrown });
  } finally {
    if (there > synced) await keep().catch(() => {});
  }
  return there;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return 0;
    throw diskError(error);
  }
}

/** Only bytes of the very same file may be joined. */
function resumeHeaders({ fetchedFrom }: MediaRecord, have: number): Record<string, string> {
  const etag = fetchedFrom?.etag ?? null;
  return have === 0 || etag === null ? {} : { range: `bytes=${have}-`, 'if-range': etag };
}

/** Some stores do not say how long the file is when nothing of it is left to send. */
function isPastEnd({ status }: Response, { from, size }: { from: number; size: number }): boolean {
  return status === 416 && from > 0 && from === size;
}

function begunWith(
  record: MediaRecord,
  { start, total, response }: { start: number; total: number; response: Response },
): MediaRecord {
  // An answer without a body may leave these out: what is here is still of the one that was asked for.
  const known = start > 0 ? record.fetchedFrom : null;
  const etag = strongEtag(response.headers) ?? known?.etag ?? null;
  const digest = digestOf(response) ?? known?.digest ?? null;
  const media = { ...record.media, size: total, stage: { kind: 'copying' as const, done: start, total } };
  return withFetch({ ...record, synced: start, media }, { etag, digest });
}

async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.status === 416 || response.body === null) return;
  yield* response.body as unknown as AsyncIterable<Uint8Array>;
}
