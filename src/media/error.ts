/**
 * What can go wrong with a media file:
 * - `file-gone`: it is not there (any more).
 * - `file-unreadable`: it is there, but may not be read or the disk fails.
 * - `empty-file`: zero bytes.
 * - `not-media`: neither video nor image.
 * - `damaged`: a video or image that is cut off or broken; `salvage` says how much is whole.
 * - `unsupported`: sound, but of a kind that none of the available tools can read.
 * - `tools-missing`: needs the ffmpeg program, which was not found.
 * - `tool-failed`: the ffmpeg program failed; `detail` holds the end of what it said.
 * - `transcode-mismatch`: the copy lost or moved frames, so it was thrown away.
 * - `no-such-frame`: a frame number outside the file.
 * - `disk-full`: the folder for the result is out of space.
 */
export type MediaErrorCode =
  | 'file-gone'
  | 'file-unreadable'
  | 'empty-file'
  | 'not-media'
  | 'damaged'
  | 'unsupported'
  | 'tools-missing'
  | 'tool-failed'
  | 'transcode-mismatch'
  | 'no-such-frame'
  | 'disk-full';

/** What of a damaged video is whole, counted from its start. */
export type Salvage = {
  readonly frames: number;
  /** Null where the file does not say how many it should have. */
  readonly ofFrames: number | null;
  readonly seconds: number;
};

export type MediaErrorDetails = {
  readonly cause?: unknown;
  /** For the log: what a tool said. Never needed to understand `message`. */
  readonly detail?: string;
  readonly salvage?: Salvage;
};

/** The one error of this room; `message` is a sentence for the user. Aborts throw the signal's reason instead. */
export class MediaError extends Error {
  override name = 'MediaError';
  readonly code: MediaErrorCode;
  readonly detail: string | undefined;
  readonly salvage: Salvage | undefined;

  constructor(code: MediaErrorCode, message: string, { cause, detail, salvage }: MediaErrorDetails = {}) {
    super(message, { cause });
    this.code = code;
    this.detail = detail;
    this.salvage = salvage;
  }
}
