import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { TidemarkError } from '../../contract/errors.ts';
import type { ServerAccess } from '../server-calls.ts';
import { checkUntouched, readPart, type FileIdentity } from './file-identity.ts';
import type { PartLog, UploadSession } from './journal.ts';
import { judgeEtag, partRange, type PartPlan } from './parts.ts';

export interface SendOptions {
  path: string;
  identity: FileIdentity;
  session: UploadSession;
  parts: PartLog;
  lanes: number;
  server: ServerAccess;
  clock: Clock;
  signal: AbortSignal;
  /** Bytes that have left, those of unfinished parts included. */
  onProgress: (done: number) => void;
}

/** The store refuses the URLs (run out, or the upload is forgotten): only a new session helps. */
export class SessionLost extends Error {
  override name = 'SessionLost';
}

/**
 * Sends the parts that have not arrived, some at a time. Each is journalled when its ETag vouches for it, so
 * a kill costs at most the part that each lane was sending. The first failure stops all lanes.
 */
export async function sendParts(options: SendOptions): Promise<void> {
  const { session, parts, identity } = options;
  const plan: PartPlan = { partBytes: session.partBytes, count: session.urls.length };
  const missing = session.urls.map((_, i) => i + 1).filter((part) => !parts.arrived.has(part));
  const underway = new Map<number, number>();
  const arrivedBytes = (): number =>
    [...parts.arrived.keys()].reduce((sum, part) => sum + partRange(plan, identity.size, part).length, 0);
  let settled = arrivedBytes();
  const report = (): void => {
    options.onProgress(settled + [...underway.values()].reduce((sum, bytes) => sum + bytes, 0));
  };
  report();

  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const lane = async (): Promise<void> => {
    for (let part = missing.shift(); part !== undefined; part = missing.shift()) {
      const number = part;
      const { start, length } = partRange(plan, identity.size, number);
      await checkUntouched(options.path, identity);
      const bytes = await readPart(options.path, start, length);
      const etag = await putPart(bytes, session.urls[number - 1] ?? '', {
        ...options,
        signal,
        many: plan.count > 1,
        onSent: (sent) => {
          underway.set(number, sent);
          report();
        },
      });
      await parts.add(number, etag);
      underway.delete(number);
      settled += length;
      report();
    }
  };
  const lanes = Array.from({ length: Math.min(options.lanes, missing.length) }, () =>
    lane().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(lanes);
  options.signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

interface PutOptions {
  server: ServerAccess;
  clock: Clock;
  signal: AbortSignal;
  many: boolean;
  onSent: (bytes: number) => void;
}

/** A link on which nothing moved for this long, ms, is given up. */
const stallPatience = 60_000;
const sliceBytes = 64 * 1024;

/** Sends one part and gives the ETag, as it came. The token does not go along. */
async function putPart(bytes: Buffer, url: string, options: PutOptions): Promise<string> {
  const { server, clock, many, onSent } = options;
  const stalled = new AbortController();
  const watch = (): (() => void) =>
    clock.after(stallPatience, () => stalled.abort(new TidemarkError('timeout', { detail: 'part' })));
  let cancelWatch = watch();
  const body = slices(bytes, (sent) => {
    cancelWatch();
    cancelWatch = watch();
    onSent(sent);
  });
  try {
    // A stream as a body needs half duplex, which the types of `fetch` do not know everywhere.
    const init: RequestInit & { duplex: 'half' } = {
      method: 'PUT',
      headers: putHeaders(url, bytes.length),
      body,
      duplex: 'half',
      signal: AbortSignal.any([options.signal, stalled.signal]),
    };
    const response = await server.transfer(url, init);
    await response.arrayBuffer().catch(() => {});
    return judgeAnswer(response, { md5: createHash('md5').update(bytes).digest('hex'), many });
  } finally {
    cancelWatch();
  }
}

function judgeAnswer(response: Response, { md5, many }: { md5: string; many: boolean }): string {
  const { status } = response;
  if (status >= 500 || status === 429 || status === 408)
    throw new TidemarkError('server-busy', { status, detail: 'part' });
  if (status >= 400) throw new SessionLost(`the store answered ${status}`);
  const etag = response.headers.get('etag');
  if (status !== 200 && status !== 201) throw new TidemarkError('garbled-answer', { status, detail: 'part' });
  // Joining needs every part's ETag; a single object is checked by its size afterwards.
  if (etag === null && many)
    throw new TidemarkError('garbled-answer', { status, detail: 'part without ETag' });
  if (etag !== null && judgeEtag(etag, md5) === 'differs') {
    throw new TidemarkError('garbled-answer', { detail: 'the part arrived changed' });
  }
  return etag ?? '';
}

function putHeaders(url: string, length: number): Record<string, string> {
  const azure = /[?&]sig=/.test(url) && /\.blob\.core\./.test(url);
  return { 'content-length': String(length), ...(azure ? { 'x-ms-blob-type': 'BlockBlob' } : {}) };
}

/** The bytes in slices, each counted when the connection takes it. */
function slices(bytes: Buffer, onSent: (bytes: number) => void): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        onSent(at);
        if (at >= bytes.length) {
          controller.close();
          return;
        }
        controller.enqueue(bytes.subarray(at, at + sliceBytes));
        at = Math.min(bytes.length, at + sliceBytes);
      },
    },
    { highWaterMark: 0 },
  );
}
