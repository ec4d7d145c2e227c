/** How the host reaches a server: one operation of the REST contract at a time. */
export interface Connection {
  /** Base address without a trailing slash. */
  host: string;
  token: string | null;
}

export interface CallOptions {
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** A hub carries out a POST with the same key once. */
  idempotencyKey?: string | undefined;
  /** Asked with the bytes of an answer; where it says true they are not parsed, and the call resolves to null. */
  isKnown?: ((bytes: Uint8Array) => boolean) | undefined;
}

/** Fails with `TidemarkError` only. */
export type CallServer = (
  connection: Connection,
  operation: string,
  args: Readonly<Record<string, unknown>>,
  options?: CallOptions,
) => Promise<unknown>;
