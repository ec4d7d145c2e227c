import type { Upload } from '../../../contract/host-rpc.ts';
import { statusStrings as t } from '../../strings/status.en.ts';

/** How many uploads stand where. Finished ones are not counted. */
export interface UploadSummary {
  /** On the way now: bytes are sent, or the server joins the parts. */
  sending: number;
  /** Waits for its turn, for the network or for the next retry. */
  waiting: number;
  paused: number;
  transcoding: number;
  failed: number;
  /** Share of the bytes that are sent, 0..1, over all that are on the way; null if none is. */
  sent: number | null;
  /** Mean share that the server has converted, 0..1; null where it does not tell for all. */
  transcoded: number | null;
}

export function summariseUploads(uploads: readonly Upload[]): UploadSummary {
  const count = (...kinds: Upload['state']['kind'][]): number =>
    uploads.filter(({ state }) => kinds.includes(state.kind)).length;
  return {
    sending: count('sending', 'completing'),
    waiting: count('waiting', 'held'),
    paused: count('paused'),
    transcoding: count('transcoding'),
    failed: count('failed'),
    sent: sentShare(uploads),
    transcoded: transcodedShare(uploads),
  };
}

function sentShare(uploads: readonly Upload[]): number | null {
  let done = 0;
  let total = 0;
  let onTheWay = 0;
  for (const { state } of uploads) {
    if (state.kind === 'sending') {
      done += state.done;
      total += state.total;
    }
    if (state.kind === 'sending' || state.kind === 'completing') onTheWay += 1;
  }
  if (onTheWay === 0) return null;
  return total === 0 ? 1 : done / total;
}

function transcodedShare(uploads: readonly Upload[]): number | null {
  const fractions = uploads.flatMap(({ state }) => (state.kind === 'transcoding' ? [state.fraction] : []));
  const known = fractions.filter((fraction) => fraction !== null);
  if (known.length === 0 || known.length < fractions.length) return null;
  return known.reduce((sum, fraction) => sum + fraction, 0) / known.length;
}

export interface UploadsView {
  tone: 'quiet' | 'busy' | 'warn' | 'danger';
  text: string;
  /** 0..1 for the bar; null hides it. */
  fraction: number | null;
}

/** One line for the status bar: what needs the user goes first, then what moves, then what rests. */
export function uploadsView(summary: UploadSummary): UploadsView {
  const { sending, sent, transcoding, transcoded } = summary;
  if (summary.failed > 0) return { tone: 'danger', text: t.uploads.failed(summary.failed), fraction: sent };
  if (sending > 0)
    return { tone: 'busy', text: t.uploads.sending(sending, percent(sent ?? 0)), fraction: sent };
  if (transcoding > 0) {
    const text =
      transcoded === null
        ? t.uploads.transcoding(transcoding)
        : t.uploads.transcodingAt(transcoding, percent(transcoded));
    return { tone: 'busy', text, fraction: transcoded };
  }
  if (summary.waiting > 0) return { tone: 'warn', text: t.uploads.waiting(summary.waiting), fraction: null };
  if (summary.paused > 0) return { tone: 'warn', text: t.uploads.paused(summary.paused), fraction: null };
  return { tone: 'quiet', text: t.uploads.none, fraction: null };
}

/** Whole percent, rounded down: 100 is only said when nothing is left. */
function percent(fraction: number): number {
  return Math.floor(Math.min(1, Math.max(0, fraction)) * 100);
}
