import { bytesText } from '../../../base/bytes-text.ts';
import type { Upload, UploadRules } from '../../../contract/host-rpc.ts';
import { syncStrings } from '../../strings/sync.en.ts';
import { finishText, uploadForecast, uploadsInOrder, waitsInLine } from './upload-forecast.ts';

export interface UploadView {
  mediaKey: string;
  name: string;
  tone: 'quiet' | 'busy' | 'ok' | 'warn' | 'danger';
  text: string;
  /** `12 of 40 parts`; null where parts say nothing (before the first and after the last). */
  parts: string | null;
  speed: string | null;
  /** When its last byte will have left; null where it cannot be told. */
  finish: string | null;
  /** 0..1; null: not known. */
  fraction: number | null;
  action: 'pause' | 'resume' | null;
  /** Whether its place among the uploads can be changed, and which way. */
  place: { earlier: boolean; later: boolean } | null;
  /** What is still there and what to do; only of a failed one. */
  failure: { kept: string; remedy: string } | null;
}

/** The whole tab: the uploads in their order, and what can be said of all together. */
export interface UploadsView {
  rows: UploadView[];
  /** `3 files, 4.2 GB to send`; null where nothing is left to send. */
  left: string | null;
  finish: string | null;
  /** What one press pauses, or else resumes. */
  pausable: string[];
  paused: string[];
}

export function uploadsView(uploads: readonly Upload[], rules: UploadRules | null, now: number): UploadsView {
  const t = syncStrings.uploads;
  const { count, left, finishes, finishesAt } = uploadForecast(uploads, rules, now);
  const ordered = uploadsInOrder(uploads);
  const line = ordered.filter(waitsInLine);
  const text = (at: number | null | undefined): string | null => (at == null ? null : finishText(at, now));
  const keysOf = (action: UploadView['action']): string[] =>
    ordered.filter(({ state }) => actionOf(state) === action).map(({ mediaKey }) => mediaKey);
  return {
    rows: ordered.map((upload) => ({
      ...uploadView(upload),
      finish: text(finishes.get(upload.mediaKey)),
      place: placeIn(line, upload),
    })),
    left: count === 0 ? null : t.left(count, bytesText(left)),
    finish: text(finishesAt),
    pausable: keysOf('pause'),
    paused: ordered.filter(({ state }) => state.kind === 'paused').map(({ mediaKey }) => mediaKey),
  };
}

function placeIn(line: readonly Upload[], upload: Upload): UploadView['place'] {
  const at = line.indexOf(upload);
  return at < 0 || line.length < 2 ? null : { earlier: at > 0, later: at < line.length - 1 };
}

/** What is shown of an upload by itself; it never claims more than its state knows. */
export function uploadView(upload: Upload): Omit<UploadView, 'finish' | 'place'> {
  const { mediaKey, name, parts, speed, state } = upload;
  const partsText = syncStrings.uploads.parts(parts.done, parts.total);
  const begun = parts.total > 0 && state.kind !== 'done' && state.kind !== 'transcoding';
  return {
    mediaKey,
    name,
    parts: begun ? partsText : null,
    speed: speed === null || state.kind !== 'sending' ? null : syncStrings.uploads.speed(bytesText(speed)),
    fraction: fractionOf(upload),
    action: actionOf(state),
    failure: state.kind === 'failed' ? { kept: state.kept, remedy: state.remedy } : null,
    ...stateText(state),
  };
}

function stateText(state: Upload['state']): Pick<UploadView, 'tone' | 'text'> {
  const t = syncStrings.uploads;
  switch (state.kind) {
    case 'waiting':
      return { tone: 'quiet', text: t.waiting };
    case 'paused':
      return { tone: 'warn', text: t.paused };
    case 'sending':
      return { tone: 'busy', text: t.sending(bytesText(state.done), bytesText(state.total)) };
    case 'completing':
      return { tone: 'busy', text: t.completing };
    case 'transcoding': {
      const text =
        state.fraction === null ? t.transcoding : t.transcodingAt(Math.floor(state.fraction * 100));
      return { tone: 'busy', text };
    }
    case 'done':
      return { tone: 'ok', text: t.done };
    case 'held': {
      const why = state.fault.message;
      return {
        tone: 'warn',
        text: state.retryAt === null ? t.held(why) : t.heldUntil(why, timeText(state.retryAt)),
      };
    }
    case 'failed':
      return { tone: 'danger', text: state.fault.message };
  }
}

function fractionOf({ parts, state }: Upload): number | null {
  switch (state.kind) {
    case 'sending':
      return state.total === 0 ? 0 : state.done / state.total;
    case 'completing':
    case 'done':
      return 1;
    case 'transcoding':
      return state.fraction;
    default:
      return parts.total === 0 ? 0 : parts.done / parts.total;
  }
}

function actionOf(state: Upload['state']): UploadView['action'] {
  switch (state.kind) {
    case 'waiting':
    case 'sending':
    case 'held':
      return 'pause';
    case 'paused':
    case 'failed':
      return 'resume';
    default:
      return null;
  }
}

/** A time of day with seconds, so that it stays true without ticking. */
function timeText(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}
