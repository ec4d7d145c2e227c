import { TidemarkError, type ErrorCode } from '../contract/errors.ts';

/** How far a failed call got: what may be concluded about its effect on the server. */
export type Reached =
  /** Refused here; the server has not seen it. */
  | 'not-sent'
  /** The server answered. A 4xx means that it was not done, but see `surprises` of creates. */
  | 'answered'
  /** It may or may not have been done: look before sending it again. */
  | 'unknown';

export interface Failure {
  code: ErrorCode;
  reached: Reached;
  /** HTTP status, where there was an answer. */
  status?: number;
  /** The server's own words. */
  serverMessage?: string;
  /** What the server asked to wait, ms. */
  retryAfter?: number;
}

/** A call to a Tator server that failed. Match `code` or `advice`, never the text. */
export class TatorError extends TidemarkError {
  override name = 'TatorError';
  readonly operation: string;
  readonly reached: Reached;
  readonly status: number | undefined;
  readonly serverMessage: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(operation: string, failure: Failure, cause?: unknown) {
    super(failure.code, {
      detail: detailOf(operation, failure, cause),
      ...(failure.status === undefined ? {} : { status: failure.status }),
      ...(cause === undefined ? {} : { cause }),
    });
    this.operation = operation;
    this.reached = failure.reached;
    this.status = failure.status;
    this.serverMessage = failure.serverMessage;
    this.retryAfter = failure.retryAfter;
  }

  /** Whether the same call can succeed later without anybody's help. */
  get retry(): boolean {
    return this.advice === 'retry';
  }
}

function detailOf(operation: string, failure: Failure, cause: unknown): string {
  const words = failure.serverMessage ?? (cause instanceof Error ? cause.message : undefined);
  const status = failure.status === undefined ? '' : ` (${failure.status})`;
  return words === undefined ? `${operation}${status}` : `${operation}${status}: ${words}`;
}

/** What came of one try, before anything is concluded from it. */
export type Outcome =
  | { kind: 'answer'; status: number; retryAfter: string | null; text: string }
  /** No answer, or one that broke off; `aborted` says who ended it. */
  | { kind: 'broken'; aborted: 'caller' | 'timeout' | null; answered: boolean };

/** The one place that turns what a server did into a code of the catalogue. */
export function failureOf(operation: string, outcome: Outcome): Failure {
  if (outcome.kind === 'broken') return { code: brokenCode(outcome), reached: 'unknown' };
  const { status, text } = outcome;
  const message = messageIn(text);
  const waits = retryAfterMs(outcome.retryAfter);
  return {
    code: codeOf(operation, status, message, text),
    reached: status >= 500 || status < 300 ? 'unknown' : 'answered',
    status,
    ...(message === undefined ? {} : { serverMessage: message }),
    ...(waits === undefined ? {} : { retryAfter: waits }),
  };
}

function brokenCode(outcome: Extract<Outcome, { kind: 'broken' }>): ErrorCode {
  if (outcome.aborted === 'caller') return 'cancelled';
  if (outcome.aborted === 'timeout') return 'timeout';
  return outcome.answered ? 'garbled-answer' : 'offline';
}

function codeOf(operation: string, status: number, message: string | undefined, text: string): ErrorCode {
  if (status === 503 && operation === 'notify') return 'unsupported-operation';
  if (status >= 500) return status === 501 ? 'unsupported-operation' : 'server-busy';
  if (status === 429) return 'throttled';
  if (status === 408) return 'timeout';
  if (status < 400) return 'garbled-answer';
  // A page of some proxy or portal, not a word of Tator's.
  if (message === undefined && text.trim() !== '') return 'garbled-answer';
  if (status === 401) return 'bad-token';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not-found';
  if (status === 405) return 'unsupported-operation';
  return status === 400 ? meaningOf400(operation, message ?? '') : 'rejected';
}

/** 400 is Tator's catch-all: only its words tell the cases apart. */
function meaningOf400(operation: string, message: string): ErrorCode {
  if (message.startsWith('Request was throttled')) return 'throttled';
  if (message.startsWith('Invalid token')) return 'bad-token';
  if (message.startsWith('Authentication credentials were not provided')) return 'no-token';
  if (message.startsWith('Pedantic mode')) return 'stale-mark';
  if (/^Method .* not allowed/.test(message)) return 'unsupported-operation';
  if (operation !== 'create_obtain_auth_token') return 'rejected';
  return /locked|too many/i.test(message) ? 'locked-out' : 'bad-credentials';
}

/** The `message` of a Tator error body; undefined where the body is none. */
function messageIn(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as unknown;
    if (typeof body !== 'object' || body === null || !('message' in body)) return undefined;
    return typeof body.message === 'string' ? body.message : JSON.stringify(body.message);
  } catch {
    return undefined;
  }
}

/** Seconds only; a date would need the server's clock. */
function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header.trim()) ? Number(header) * 1000 : undefined;
}
