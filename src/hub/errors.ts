/**
 * What a route may answer instead of a result. The protocol knows three: 400 for everything that is
 * wrong with a request, 403 for a missing right, 404 for a missing object; 503 for a service that
 * this installation does not offer.
 */
export type FailureStatus = 400 | 403 | 404 | 503;

export class HubError extends Error {
  override readonly name = 'HubError';
  readonly status: FailureStatus;
  readonly details: string;

  constructor(status: FailureStatus, message: string, details = '') {
    super(message);
    this.status = status;
    this.details = details;
  }
}

export function badRequest(message: string, details = ''): HubError {
  return new HubError(400, message, details);
}

export function forbidden(message = 'Permission denied.'): HubError {
  return new HubError(403, message);
}

export function notFound(message = 'Not found.'): HubError {
  return new HubError(404, message);
}

/** The hub cannot start; the message says what to do. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
}

export function startFailure(message: string): StartFailure {
  return new StartFailure(message);
}

/** The disk (of the hub, or of its PostgreSQL: 53100) or a user's share of it is full. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', '53100']);
const fullMessage = 'The disk of the hub is full: nothing of this was stored. Make room, then try again.';

export interface ErrorAnswer {
  status: number;
  body: { message: string; details: string };
}

/** PostgreSQL's SQLSTATE classes that a request can cause: bad data (22), broken constraints (23), too much at once (54). */
const REQUEST_FAULT = /^(22|23|54)/;

/**
 * Error to answer; pure. What the request caused is a 400, as the protocol has it. Anything else is
 * ours: a 500 without its text, which goes to the log only.
 */
export function answerOf(error: unknown): ErrorAnswer {
  if (error instanceof HubError) {
    return { status: error.status, body: { message: error.message, details: error.details } };
  }
  if (isCoded(error)) {
    if (REQUEST_FAULT.test(error.code)) {
      return {
        status: 400,
        body: { message: 'The data violates a rule of the database.', details: error.message },
      };
    }
    if (FULL.has(error.code)) return { status: 503, body: { message: fullMessage, details: 'disk-full' } };
    if (error.code.startsWith('FST_') && (error.statusCode ?? 500) < 500) {
      return { status: 400, body: { message: error.message, details: error.code } };
    }
  }
  return { status: 500, body: { message: 'Internal error of the hub.', details: '' } };
}

function isCoded(error: unknown): error is Error & { code: string; statusCode?: number } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
