/** What a person or the program does about a failure. */
export type Advice =
  /** Try again later without asking; nothing is wrong with the request. */
  | 'retry'
  /** The session is no longer valid: pause, keep everything, ask to sign in. */
  | 'sign-in'
  /** Only the user can decide or repair. */
  | 'ask'
  /** Repeating it can never help. */
  | 'stop';

/**
 * The one catalogue of failures that cross a border (server, host, files, storage). The text says
 * what happened; the caller adds what was kept.
 */
export const errorCatalogue = {
  offline: { advice: 'retry', text: 'The server cannot be reached.' },
  'offline-by-choice': { advice: 'retry', text: 'Working offline is switched on.' },
  timeout: { advice: 'retry', text: 'The server did not answer in time.' },
  throttled: { advice: 'retry', text: 'The server asks for a slower pace.' },
  'server-busy': { advice: 'retry', text: 'The server or a proxy before it is not ready.' },
  'garbled-answer': {
    advice: 'retry',
    text: 'What answered is not a Tator server, or its answer was cut off.',
  },
  'no-token': { advice: 'sign-in', text: 'You are not signed in.' },
  'bad-token': { advice: 'sign-in', text: 'The sign-in is no longer valid.' },
  'bad-credentials': { advice: 'ask', text: 'The user name or the password is wrong.' },
  'locked-out': {
    advice: 'ask',
    text: 'Too many failed sign-ins; the server refuses more for some minutes.',
  },
  forbidden: { advice: 'ask', text: 'You have no permission for this.' },
  'not-found': { advice: 'ask', text: 'It no longer exists on the server.' },
  'stale-mark': { advice: 'retry', text: 'Someone changed it in the meantime.' },
  rejected: { advice: 'ask', text: 'The server refused the values.' },
  'would-widen': { advice: 'stop', text: 'The request would touch more than was named, and was not sent.' },
  'bad-request': { advice: 'stop', text: 'The request is not of the agreed form.' },
  'unsupported-operation': { advice: 'stop', text: 'This server does not offer the operation.' },
  'file-empty': { advice: 'ask', text: 'The file is empty.' },
  'file-not-media': { advice: 'ask', text: 'The file is neither a video nor an image.' },
  'file-damaged': { advice: 'ask', text: 'The file is damaged or incomplete.' },
  'file-gone': { advice: 'ask', text: 'The file is no longer where it was.' },
  'file-changed': { advice: 'ask', text: 'The file changed since it was added.' },
  'file-unreadable': { advice: 'ask', text: 'The file cannot be read.' },
  'tool-missing': { advice: 'ask', text: 'This format needs the ffmpeg program, which was not found.' },
  'transcode-failed': { advice: 'ask', text: 'The video could not be converted.' },
  'disk-full': { advice: 'ask', text: 'The disk is full.' },
  'disk-failed': { advice: 'ask', text: 'The disk refused to write.' },
  'storage-failed': { advice: 'ask', text: 'The local database refused to write.' },
  'data-in-use': {
    advice: 'ask',
    text: 'Another Tidemark already works on this data, and nothing was changed. Use the one that is open, or close it and start again.',
  },
  'hub-failed': { advice: 'ask', text: 'The built-in server did not start.' },
  'host-gone': { advice: 'retry', text: 'The background process does not answer.' },
  cancelled: { advice: 'stop', text: 'It was cancelled.' },
  internal: { advice: 'ask', text: 'Something in Tidemark went wrong.' },
} as const satisfies Record<string, { advice: Advice; text: string }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** An error as data: how it crosses a process border. */
export interface Fault {
  code: ErrorCode;
  /** What happened, for a person; defaults to the catalogue's text. */
  message: string;
  /** The server's own words, the path, the operation: for logs and details. Never a secret. */
  detail?: string;
  status?: number;
}

/** An error of the catalogue. Made at borders, matched by `code`, never by its message. */
export class TidemarkError extends Error {
  override name = 'TidemarkError';
  readonly fault: Fault;

  constructor(
    code: ErrorCode,
    options: { message?: string; detail?: string; status?: number; cause?: unknown } = {},
  ) {
    const message = options.message ?? errorCatalogue[code].text;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.fault = {
      code,
      message,
      ...(options.detail === undefined ? {} : { detail: options.detail }),
      ...(options.status === undefined ? {} : { status: options.status }),
    };
  }

  get code(): ErrorCode {
    return this.fault.code;
  }

  get advice(): Advice {
    return errorCatalogue[this.fault.code].advice;
  }
}

/** The fault of anything that was thrown; what is not of the catalogue becomes `internal`. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof TidemarkError) return thrown.fault;
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { code: 'internal', message: errorCatalogue.internal.text, detail: text };
}

/** The class again, from a fault that crossed a border. */
export function errorFrom(fault: Fault): TidemarkError {
  return new TidemarkError(fault.code, fault);
}
