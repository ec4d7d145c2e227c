import type { Upload, UploadRules } from '../../../contract/host-rpc.ts';

/** When the uploads are through, as far as it can be told now. Times in local ms, sizes in bytes. */
export interface UploadForecast {
  /** Uploads with bytes to send that go on by themselves, or would without the rules. */
  count: number;
  left: number;
  /** When the last byte of each has left; empty while nothing is sent, since then no rate is known. */
  finishes: ReadonlyMap<string, number>;
  finishesAt: number | null;
}

/**
 * Files are sent one after the other in their order, so each finishes when its own bytes and those before
 * it are through. What the server does afterwards is not counted: its pace is not known. Pure.
 */
export function uploadForecast(
  uploads: readonly Upload[],
  rules: UploadRules | null,
  now: number,
): UploadForecast {
  const open = uploadsInOrder(uploads).filter((upload) => goesOn(upload) && bytesLeft(upload) > 0);
  const left = open.reduce((sum, upload) => sum + bytesLeft(upload), 0);
  const rate = rateOf(uploads, rules);
  const finishes = new Map<string, number>();
  let finishesAt: number | null = null;
  if (rate !== null) {
    let before = 0;
    for (const upload of sendingFirst(open)) {
      before += bytesLeft(upload);
      finishesAt = now + (before / rate) * 1000;
      finishes.set(upload.mediaKey, finishesAt);
    }
  }
  return { count: open.length, left, finishes, finishesAt };
}

/** In the order of sending; finished ones come last. */
export function uploadsInOrder(uploads: readonly Upload[]): Upload[] {
  const done = ({ state }: Upload): number => (state.kind === 'done' ? 1 : 0);
  return [...uploads].sort((a, b) => done(a) - done(b) || a.order - b.order);
}

/** Whether the order says anything about it: its bytes are not on the server yet. */
export function waitsInLine({ state }: Upload): boolean {
  return ['waiting', 'sending', 'held', 'paused', 'failed'].includes(state.kind);
}

function goesOn({ state }: Upload): boolean {
  return state.kind === 'waiting' || state.kind === 'sending' || state.kind === 'held';
}

function bytesLeft({ size, parts, state }: Upload): number {
  if (state.kind === 'sending') return Math.max(0, state.total - state.done);
  return parts.total === 0 ? size : size * (1 - parts.done / parts.total);
}

/** One that was just moved to the front is sent when the other has given way; until then that one is. */
function sendingFirst(uploads: readonly Upload[]): Upload[] {
  const sending = uploads.filter(({ state }) => state.kind === 'sending');
  return [...sending, ...uploads.filter((upload) => !sending.includes(upload))];
}

/** Bytes a second of what is being sent; a cap that was just set holds before the measure shows it. */
function rateOf(uploads: readonly Upload[], rules: UploadRules | null): number | null {
  if (rules?.annotationsOnly === true) return null;
  const speeds = uploads.flatMap(({ speed, state }) => (state.kind === 'sending' ? [speed ?? 0] : []));
  const rate = Math.min(
    rules?.limit ?? Infinity,
    speeds.reduce((sum, speed) => sum + speed, 0),
  );
  return rate > 0 ? rate : null;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** An estimate in words no finer than it deserves: `in about 12 min`, `about 16:40`, `about Thu 26 Nov, 16:40`. */
export function finishText(at: number, now: number): string {
  const ahead = at - now;
  if (ahead < minute) return 'in less than a minute';
  if (ahead < 60 * minute) return `in about ${Math.round(ahead / minute)} min`;
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (ahead < 12 * 60 * minute || date.toDateString() === new Date(now).toDateString())
    return `about ${time}`;
  const weekday = date.toLocaleDateString('en-GB', { weekday: 'short' });
  const dayText = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return ahead < 90 * day ? `about ${weekday} ${dayText}, ${time}` : 'in months';
}
