import type { Clock } from '../base/clock.ts';
import type { EncodedRequest } from '../contract/encode.ts';
import type { Outcome } from './error.ts';

/** The part of `fetch` that the client needs. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Bytes of the answer so far; `total` is null where the server does not say it or compresses. */
export interface Progress {
  received: number;
  total: number | null;
}

export interface ExchangeOptions {
  fetch: Fetch;
  clock: Clock;
  token: string | undefined;
  signal: AbortSignal | undefined;
  /** Longest silence of the server before and within its answer, ms. */
  timeout: number;
  onProgress: ((progress: Progress) => void) | undefined;
  /** A redirected write would become a read, or be sent twice: only reads follow. */
  redirect: 'follow' | 'manual';
  idempotencyKey?: string | undefined;
}

/** A whole answer with its body read to the end. */
export interface Answer {
  kind: 'answer';
  status: number;
  retryAfter: string | null;
  location: string | null;
  bytes: Uint8Array;
}

export type Exchanged = Answer | (Extract<Outcome, { kind: 'broken' }> & { cause: unknown });

/**
 * One try, from connecting to the last byte. Never throws: whatever ends it is in the result. The
 * timeout is on silence, not on the whole, because a long list over a thin link is no failure.
 */
export async function exchange(
  url: string,
  request: EncodedRequest,
  options: ExchangeOptions,
): Promise<Exchanged> {
  const watch = watchSilence(options);
  let answered = false;
  try {
    const response = await options.fetch(url, requestInit(request, options, watch.signal));
    answered = true;
    watch.heard();
    const bytes = await readAll(response, options.onProgress, watch.heard);
    return {
      kind: 'answer',
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      location: response.headers.get('location'),
      bytes,
    };
  } catch (cause) {
    return { kind: 'broken', aborted: watch.abortedBy(), answered, cause };
  } finally {
    watch.stop();
  }
}

function requestInit(
  request: EncodedRequest,
  { token, redirect, idempotencyKey }: ExchangeOptions,
  signal: AbortSignal,
): RequestInit {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token !== undefined) headers.authorization = `Token ${token}`;
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  return {
    method: request.method,
    headers,
    signal,
    redirect,
    credentials: 'omit',
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  };
}

interface SilenceWatch {
  signal: AbortSignal;
  heard: () => void;
  abortedBy: () => 'caller' | 'timeout' | null;
  stop: () => void;
}

/** Aborts when nothing was heard for `timeout` ms, or when the caller aborts. */
function watchSilence({ clock, signal, timeout }: ExchangeOptions): SilenceWatch {
  const controller = new AbortController();
  let silent = false;
  const start = (): (() => void) =>
    clock.after(timeout, () => {
      silent = true;
      controller.abort();
    });
  const onCallerAbort = (): void => controller.abort();
  if (signal?.aborted) controller.abort();
  signal?.addEventListener('abort', onCallerAbort, { once: true });
  let cancel = start();
  return {
    signal: controller.signal,
    heard: () => {
      cancel();
      cancel = start();
    },
    abortedBy: () => (signal?.aborted ? 'caller' : silent ? 'timeout' : null),
    stop: () => {
      cancel();
      signal?.removeEventListener('abort', onCallerAbort);
    },
  };
}

/** The whole body. Throws where fewer bytes came than were announced. */
async function readAll(
  response: Response,
  onProgress: ((progress: Progress) => void) | undefined,
  heard: () => void,
): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const total = announcedLength(response.headers);
  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    heard();
    chunks.push(value);
    received += value.byteLength;
    onProgress?.({ received, total });
  }
  if (total !== null && received < total)
    throw new TypeError(`answer ended after ${received} of ${total} bytes`);
  return joined(chunks, received);
}

/** Of the bytes that we see: a compressed body announces another number. */
function announcedLength(headers: Headers): number | null {
  const length = headers.get('content-length');
  return length === null || headers.has('content-encoding') ? null : Number(length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
