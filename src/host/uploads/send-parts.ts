import { sleep, type Clock } from '../../base/clock.ts';
import { errorCatalogue, faultOf, TidemarkError } from '../../contract/errors.ts';
import { checkUntouched, type FileIdentity } from './file-identity.ts';
import type { PartLog, UploadSession } from './journal.ts';
import { afterFailure, afterWindow, firstLanes, type LanePlan } from './lanes.ts';
import { judgeEtag, partRange, type PartPlan } from './parts.ts';
import { putBytes, type PutAnswer, type PutContext } from './put.ts';
import { SessionLost, type UrlBook } from './url-book.ts';

export interface SendOptions extends Omit<PutContext, 'onSent'> {
  path: string;
  identity: FileIdentity;
  session: UploadSession;
  parts: PartLog;
  urls: UrlBook;
  link: Link;
  clock: Clock;
  /** Bytes that have left, those of unfinished parts included. */
  onProgress: (done: number) => void;
  /** Asked before each part: whether the rest is to wait. What is under way is still finished. */
  yields: () => boolean;
}

/** What was learned of the link, kept over attempts and uploads. */
export interface Link {
  plan: LanePlan;
  /** Bytes a second of one lane; null until a part arrived. */
  laneSpeed: number | null;
}

export function newLink(): Link {
  return { plan: firstLanes, laneSpeed: null };
}

/** Tries of one part in its lane before all lanes are stopped: the others' parts are worth more than a wait. */
const triesInLane = 3;
/** ms */
const waitInLane = 1000;

/**
 * Sends the parts that have not arrived, some at a time. Each is journalled when its ETag vouches for it, so
 * a kill costs at most the part that each lane was sending. Resolves with whether all have arrived.
 */
export async function sendParts(options: SendOptions): Promise<boolean> {
  const { session, parts, identity, link } = options;
  const plan: PartPlan = { partBytes: session.partBytes, count: session.urls.length };
  const missing = session.urls.map((_, i) => i + 1).filter((part) => !parts.arrived.has(part));
  const meter = meterOf(options, plan);
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const running = new Set<Promise<void>>();

  const sendOne = async (part: number): Promise<void> => {
    const range = partRange(plan, identity.size, part);
    const began = options.clock.now();
    const etag = await sendPart(part, range, {
      ...options,
      signal,
      onSent: (sent) => meter.sent(part, sent),
    });
    await parts.add(part, etag);
    meter.arrived(part, range.length);
    const seconds = Math.max(1, options.clock.now() - began) / 1000;
    link.laneSpeed = range.length / seconds;
  };
  const begin = (part: number): void => {
    const one = sendOne(part)
      .catch((error: unknown) => failed.abort(error))
      .finally(() => running.delete(one));
    running.add(one);
  };

  while (missing.length > 0 && !signal.aborted && !options.yields()) {
    link.plan = meter.judge(link.plan);
    if (running.size >= link.plan.lanes) {
      await Promise.race(running);
      continue;
    }
    begin(missing.shift() ?? 0);
  }
  await Promise.all(running);
  options.signal.throwIfAborted();
  if (failed.signal.aborted) {
    link.plan = afterFailure(link.plan);
    throw failed.signal.reason;
  }
  return parts.arrived.size === plan.count;
}

interface Meter {
  sent(part: number, bytes: number): void;
  arrived(part: number, bytes: number): void;
  /** The plan after what has arrived since it was last judged. */
  judge(plan: LanePlan): LanePlan;
}

function meterOf({ parts, identity, clock, onProgress }: SendOptions, plan: PartPlan): Meter {
  const underway = new Map<number, number>();
  let settled = [...parts.arrived.keys()].reduce(
    (sum, part) => sum + partRange(plan, identity.size, part).length,
    0,
  );
  let window = { from: clock.now(), bytes: 0, parts: 0 };
  const report = (): void =>
    onProgress(settled + [...underway.values()].reduce((sum, bytes) => sum + bytes, 0));
  report();
  return {
    sent: (part, bytes) => {
      underway.set(part, bytes);
      report();
    },
    arrived: (part, bytes) => {
      underway.delete(part);
      settled += bytes;
      window.bytes += bytes;
      window.parts += 1;
      report();
    },
    judge: (lanePlan) => {
      // Two parts a lane: the first ones pay for connecting.
      if (window.parts < lanePlan.lanes * 2) return lanePlan;
      const seconds = Math.max(1, clock.now() - window.from) / 1000;
      const rate = window.bytes / seconds;
      window = { from: clock.now(), bytes: 0, parts: 0 };
      return afterWindow(lanePlan, rate);
    },
  };
}

/** One part, tried some times; gives its ETag as it came, or the part's number where the store gives none. */
async function sendPart(
  part: number,
  range: { start: number; length: number },
  options: SendOptions & PutContext,
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryPart(part, range, options);
    } catch (error) {
      const retry = !(error instanceof SessionLost) && errorCatalogue[faultOf(error).code].advice === 'retry';
      const byChoice = faultOf(error).code === 'offline-by-choice';
      if (!retry || byChoice || attempt >= triesInLane || options.signal.aborted) throw error;
      options.onSent(0);
      await sleep(options.clock, waitInLane * attempt, options.signal);
    }
  }
}

async function tryPart(
  part: number,
  { start, length }: { start: number; length: number },
  options: SendOptions & PutContext,
): Promise<string> {
  for (;;) {
    await checkUntouched(options.path, options.identity);
    const { url, edition } = await options.urls.urlOf(part);
    const answer = await putBytes({ path: options.path, start, length, url }, options);
    const verdict = judgeAnswer(answer, { part, kind: options.session.kind });
    if (verdict.kind === 'arrived') return verdict.etag;
    await options.urls.refused(edition, verdict.status);
  }
}

type Verdict = { kind: 'arrived'; etag: string } | { kind: 'refused'; status: number };

function judgeAnswer(
  { status, headers, md5 }: PutAnswer,
  { part, kind }: { part: number; kind: UploadSession['kind'] },
): Verdict {
  if (status >= 500 || status === 429 || status === 408)
    throw new TidemarkError('server-busy', { status, detail: 'part' });
  if (status >= 400) return { kind: 'refused', status };
  const etag = headers.get('etag');
  if (status !== 200 && status !== 201) throw new TidemarkError('garbled-answer', { status, detail: 'part' });
  // Joining needs every part's ETag; a single object is checked by its size afterwards.
  if (etag === null && kind === 'parts')
    throw new TidemarkError('garbled-answer', { status, detail: 'part without ETag' });
  const contentMd5 = headers.get('content-md5');
  const changed =
    (etag !== null && judgeEtag(etag, md5) === 'differs') ||
    (contentMd5 !== null && contentMd5 !== Buffer.from(md5, 'hex').toString('base64'));
  if (changed) throw new TidemarkError('garbled-answer', { detail: 'the part arrived changed' });
  return { kind: 'arrived', etag: etag ?? String(part) };
}
