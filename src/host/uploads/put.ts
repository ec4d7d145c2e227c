import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { TidemarkError } from '../../contract/errors.ts';
import type { ServerAccess } from '../server-calls.ts';
import { readSlices } from './file-identity.ts';
import type { Pace } from './pace.ts';
import { putHeaders } from './store-kind.ts';

/** A stretch of a file on its way to one URL. */
export interface Put {
  path: string;
  /** Bytes. */
  start: number;
  length: number;
  url: string;
  headers?: Record<string, string>;
}

export interface PutContext {
  server: Pick<ServerAccess, 'transfer'>;
  clock: Clock;
  pace: Pace;
  signal: AbortSignal;
  /** Bytes that the connection has taken so far. */
  onSent: (bytes: number) => void;
}

export interface PutAnswer {
  status: number;
  headers: Headers;
  /** Of the bytes that were sent, hex. */
  md5: string;
}

/** A link on which nothing moved for this long, ms, is given up. */
const stallPatience = 60_000;

/**
 * Sends the bytes and gives the answer, whatever it is. The token does not go along. A file that cannot be
 * read fails with its own error, a broken link with `offline` or `timeout`.
 */
export async function putBytes(put: Put, context: PutContext): Promise<PutAnswer> {
  const { server, clock, onSent } = context;
  const stalled = new AbortController();
  const watch = (): (() => void) =>
    clock.after(stallPatience, () => stalled.abort(new TidemarkError('timeout', { detail: 'part' })));
  let cancelWatch = watch();
  const signal = AbortSignal.any([context.signal, stalled.signal]);
  const hash = createHash('md5');
  const source: { failure: unknown } = { failure: null };
  const body = bodyOf(put, {
    ...{ pace: context.pace, signal, hash },
    onSent: (sent) => {
      cancelWatch();
      cancelWatch = watch();
      onSent(sent);
    },
    onFailure: (error) => (source.failure = error),
  });
  try {
    // A stream as a body needs half duplex, which the types of `fetch` do not know everywhere.
    const init: RequestInit & { duplex: 'half' } = {
      method: 'PUT',
      headers: { ...putHeaders(put.url, put.length), ...put.headers },
      body,
      duplex: 'half',
      // Google answers a part of many with 308, which is no redirect.
      redirect: 'manual',
      signal,
    };
    const response = await server.transfer(put.url, init);
    await response.arrayBuffer().catch(() => {});
    return { status: response.status, headers: response.headers, md5: hash.digest('hex') };
  } catch (error) {
    throw source.failure ?? error;
  } finally {
    cancelWatch();
  }
}

interface BodyOptions {
  pace: Pace;
  signal: AbortSignal;
  hash: { update(bytes: Uint8Array): unknown };
  onSent: (bytes: number) => void;
  onFailure: (error: unknown) => void;
}

/** The bytes, each slice counted when the connection asks for the next. */
function bodyOf({ path, start, length }: Put, options: BodyOptions): ReadableStream<Uint8Array> {
  const slices = readSlices(path, start, length);
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        options.onSent(at);
        try {
          const next = await slices.next();
          if (next.done === true) {
            controller.close();
            return;
          }
          const { value } = next;
          await options.pace.take(value.length, options.signal);
          options.hash.update(value);
          at += value.length;
          controller.enqueue(value);
        } catch (error) {
          if (!options.signal.aborted) options.onFailure(error);
          await slices.return(undefined);
          throw error;
        }
      },
      cancel: async () => {
        await slices.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
