import type { Clock } from '../base/clock.ts';
import { TatorError, failureOf } from './error.ts';
import { exchange, type Fetch } from './exchange.ts';

export interface ExtensionOptions {
  /** Address of the server, without a slash at the end. */
  host: string;
  token: string | null;
  fetch: Fetch;
  clock: Clock;
  signal?: AbortSignal | undefined;
}

/** Longest silence of the server, ms. */
const timeout = 60_000;

/**
 * Reads one of the hub's own operations, below `/rest/TidemarkHub`; `path` is empty for the list of them.
 * Null where the server has none of it, as every Tator server: the caller then does without. Other
 * failures are a `TatorError`.
 */
export async function readExtension(
  path: string,
  query: Readonly<Record<string, string | number>>,
  { host, token, fetch, clock, signal }: ExtensionOptions,
): Promise<unknown> {
  const text = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const url = `/rest/TidemarkHub${path}${text.size === 0 ? '' : `?${text.toString()}`}`;
  const result = await exchange(
    host + url,
    { method: 'GET', path: url, body: undefined },
    {
      ...{ fetch, clock, signal, timeout, onProgress: undefined, redirect: 'follow' as const },
      token: token ?? undefined,
    },
  );
  const operation = `TidemarkHub${path}`;
  if (result.kind === 'broken') throw new TatorError(operation, failureOf(operation, result), result.cause);
  const body = new TextDecoder().decode(result.bytes);
  const value = parsed(body);
  if (result.status === 200 && value !== undefined) return value;
  // A path that a Tator server does not know is a page of its own, with any status below 500.
  if (result.status < 500 && result.status !== 429) return null;
  const { status, retryAfter } = result;
  throw new TatorError(operation, failureOf(operation, { kind: 'answer', status, retryAfter, text: body }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
