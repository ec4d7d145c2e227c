import { backoff } from '../../base/backoff.ts';
import { sleep, type Clock } from '../../base/clock.ts';
import type { MakeId, Random } from '../../base/random.ts';
import { faultOf, TidemarkError } from '../../contract/errors.ts';
import type { HostParams, Upload, UploadRules, UploadState } from '../../contract/host-rpc.ts';
import { diskError } from '../files.ts';
import type { MediaLibrary } from '../media/library.ts';
import { throttled } from '../throttle.ts';
import { advance, type AdvanceContext } from './advance.ts';
import { openJournal, type UploadJob } from './journal.ts';
import { consequenceOf, failedUpload, heldBack } from './upload-failure.ts';
import type { UploadServer } from './server-steps.ts';
import { inOrder, reordered, type Place } from './order.ts';
import { createPace } from './pace.ts';
import { newLink } from './send-parts.ts';
import { createSlot } from './slot.ts';

/**
 * The uploads of this device. One file is sent at a time, over some lanes; what the server does afterwards
 * (joining, converting) is watched for all of them at once.
 *
 *   waiting --> sending --> completing --> transcoding --> done
 *      ^           '------------'--------------'--> held (retry, or an event) --> waiting
 *      '--- resume --- paused, failed
 */
export interface Uploader {
  enqueue(params: HostParams<'uploads.enqueue'>): Promise<void>;
  list(account: string): Upload[];
  pause(mediaKey: string): Promise<void>;
  /** Goes on after a pause or a failure. */
  resume(mediaKey: string): Promise<void>;
  /** Changes its place among those that are not done; the one that is being sent gives way between two parts. */
  move(mediaKey: string, place: Place): Promise<void>;
  /** What holds for all uploads; takes effect at once. */
  setRules(rules: UploadRules): void;
  /** Whether an unfinished upload needs the media's file. */
  needs(mediaKey: string): boolean;
  /** Whether the server has the whole file. */
  isDone(mediaKey: string): boolean;
  /** Drops the upload of a media that is removed, with its journal. */
  forget(mediaKey: string): Promise<void>;
  /** The network or a sign-in came back: whoever waits tries at once. */
  wake(): void;
  /** "Work offline" was switched on: what is under way stops at once. */
  interrupt(): void;
  begin(): void;
  stop(): Promise<void>;
}

export interface UploaderOptions {
  folder: string;
  mediaRoot: string;
  library: MediaLibrary;
  server: UploadServer;
  clock: Clock;
  random: Random;
  makeId: MakeId;
  onChange: (upload: Upload) => void;
  onError: (what: string, thrown: unknown) => void;
  rules: UploadRules;
  /** Fixed, for tests; else parts follow the link, and URLs live as long as may be. */
  partBytes?: number;
  urlSeconds?: number;
}

interface Entry {
  job: UploadJob;
  view: Pick<Upload, 'parts' | 'speed' | 'state'>;
  running: { abort: AbortController; done: Promise<void> } | null;
  /** Ends the wait of a held upload. */
  wake: () => void;
}

const retryLimits = { base: 1_000, cap: 60_000 };
const progressGap = 250;
const idle = { parts: { done: 0, total: 0 }, speed: null };

/** Why an attempt was ended from outside; told apart from failures by identity. */
const interrupted = new TidemarkError('offline-by-choice');

export async function openUploader(options: UploaderOptions): Promise<Uploader> {
  const { library, clock, random, makeId, onChange, onError } = options;
  const journal = openJournal(options.folder);
  const slot = createSlot();
  const link = newLink();
  const pace = createPace(clock, options.rules.limit);
  const entries = new Map<string, Entry>();
  let { annotationsOnly } = options.rules;
  let started = false;
  /** How often what is held was told to go on. */
  let wakes = 0;

  for (const job of inOrder(await journal.load())) entries.set(job.mediaKey, newEntry(job));

  function newEntry(job: UploadJob): Entry {
    return { job, view: { ...idle, state: restingState(job) }, running: null, wake: () => {} };
  }

  const viewOf = ({ job, view }: Entry): Upload => {
    const { mediaKey, account, projectId, mediaId, name, size = 0, order = 0 } = job;
    return { mediaKey, account, projectId, mediaId, name, size, order, ...view };
  };
  const show = (entry: Entry, view: Partial<Entry['view']>): void => {
    entry.view = { ...entry.view, ...view };
    if (view.state !== undefined && view.state.kind !== 'sending') entry.view.speed = null;
    onChange(viewOf(entry));
  };
  const save = async (entry: Entry, change: Partial<UploadJob>): Promise<void> => {
    const next = { ...entry.job, ...change };
    await journal.save(next);
    entry.job = next;
  };

  const start = (entry: Entry): void => {
    const { job } = entry;
    if (!started || entry.running !== null || job.paused || job.failure !== null || job.step.kind === 'done')
      return;
    const abort = new AbortController();
    const done = run(entry, abort.signal)
      .catch((thrown: unknown) => {
        if (!abort.signal.aborted) onError('uploading', thrown);
      })
      .finally(() => (entry.running = null));
    entry.running = { abort, done };
  };

  /** Attempts until it is done, failed, or stopped from outside. */
  const run = async (entry: Entry, stop: AbortSignal): Promise<void> => {
    show(entry, { state: { kind: 'waiting' } });
    for (let attempt = 0; ;) {
      const stepBefore = entry.job.step;
      const arrivedBefore = entry.view.parts.done;
      const wakesBefore = wakes;
      const attemptAbort = new AbortController();
      const untie = (entry.wake = () => attemptAbort.abort(annotationsOnly ? heldBack() : interrupted));
      try {
        await advance(contextOf(entry, AbortSignal.any([stop, attemptAbort.signal])));
        await journal.dropSessions(entry.job.mediaKey);
        return;
      } catch (thrown) {
        if (stop.aborted) return;
        // A request that was broken off says only that it was: the reason is with who broke it off.
        const { aborted, reason } = attemptAbort.signal as { aborted: boolean; reason: unknown };
        const fault = faultOf(aborted ? reason : diskError(thrown));
        if (fault.code === 'internal') onError('uploading', thrown);
        const consequence = consequenceOf(fault);
        if (consequence.kind === 'fail') {
          await save(entry, { failure: fault });
          show(entry, { state: failedUpload(fault) });
          return;
        }
        const moved = entry.job.step !== stepBefore || entry.view.parts.done > arrivedBefore;
        // Told to go on while it was still stopping, it would wait for ever.
        const isWoken = wakes !== wakesBefore;
        attempt = moved || isWoken ? 0 : attempt + 1;
        const isTimed = consequence.kind === 'retry' || isWoken;
        const wait = isTimed ? 200 + backoff(attempt, random, retryLimits) : null;
        show(entry, { state: { kind: 'held', fault, retryAt: wait === null ? null : clock.now() + wait } });
        await waitFor(entry, wait, stop);
        show(entry, { state: { kind: 'waiting' } });
      } finally {
        if (entry.wake === untie) entry.wake = () => {};
      }
    }
  };

  /** Until the time is over (never, for null) or `wake` is called. */
  const waitFor = (entry: Entry, ms: number | null, stop: AbortSignal): Promise<void> => {
    const woken = new AbortController();
    entry.wake = () => woken.abort(interrupted);
    const forever = 2 ** 31 - 1;
    return sleep(clock, ms ?? forever, AbortSignal.any([stop, woken.signal])).catch((reason: unknown) => {
      if (reason !== interrupted) throw reason;
    });
  };

  const contextOf = (entry: Entry, signal: AbortSignal): AdvanceContext => {
    const showSending = throttled(
      clock,
      progressGap,
      (progress: Pick<Entry['view'], 'parts' | 'speed' | 'state'>) => {
        if (entry.job.step.kind === 'sending' && !signal.aborted) show(entry, progress);
      },
    );
    return {
      ...{ journal, slot, library, signal, makeId, clock },
      server: options.server,
      mediaRoot: options.mediaRoot,
      ...(options.partBytes === undefined ? {} : { partBytes: options.partBytes }),
      ...(options.urlSeconds === undefined ? {} : { urlSeconds: options.urlSeconds }),
      ...{ pace, link },
      annotationsOnly: () => annotationsOnly,
      job: () => entry.job,
      rank: () => entry.job.order ?? 0,
      save: (change) => save(entry, change),
      showSending,
      showState: (state) => show(entry, { state }),
      showParts: (parts) => (entry.view = { ...entry.view, parts }),
    };
  };

  const stopRun = async (entry: Entry): Promise<void> => {
    entry.running?.abort.abort(new TidemarkError('cancelled'));
    await entry.running?.done;
  };
  const entryOf = (mediaKey: string): Entry => {
    const entry = entries.get(mediaKey);
    if (entry === undefined)
      throw new TidemarkError('not-found', { message: 'There is no upload of this media.' });
    return entry;
  };
  const resume = async (mediaKey: string): Promise<void> => {
    const entry = entryOf(mediaKey);
    const { failure } = entry.job;
    // After a failed conversion the server is asked anew, under a new id: the old one stays failed.
    const again =
      failure?.code === 'transcode-failed' && entry.job.step.kind === 'registering'
        ? {
            step: { kind: 'stored' as const, key: entry.job.step.key },
            transcode: { gid: makeId(), uid: makeId() },
          }
        : {};
    await save(entry, { paused: false, failure: null, ...again });
    if (entry.running === null) start(entry);
    else entry.wake();
  };

  return {
    enqueue: async (params) => {
      const { mediaKey, account, projectId, mediaId, typeId, sectionId } = params;
      const known = entries.get(mediaKey);
      if (known !== undefined) {
        if (known.job.failure !== null) await resume(mediaKey);
        return;
      }
      const { media } = library.get(mediaKey);
      const job: UploadJob = {
        ...{ mediaKey, account, projectId, mediaId, typeId, sectionId, name: media.name },
        identity: null,
        transcode: { gid: makeId(), uid: makeId() },
        paused: false,
        size: media.size,
        order: 1 + Math.max(-1, ...[...entries.values()].map(({ job: { order = 0 } }) => order)),
        failure: null,
        fruitless: 0,
        step: { kind: 'new' },
      };
      const entry = newEntry(job);
      // Taken before the first await: a second call for the same media finds it.
      entries.set(mediaKey, entry);
      try {
        await journal.save(job);
      } catch (error) {
        entries.delete(mediaKey);
        throw diskError(error);
      }
      onChange(viewOf(entry));
      start(entry);
    },
    list: (account) => [...entries.values()].filter(({ job }) => job.account === account).map(viewOf),
    move: async (mediaKey, place) => {
      entryOf(mediaKey);
      const open = inOrder([...entries.values()].map(({ job }) => job)).filter(
        ({ step }) => step.kind !== 'done',
      );
      for (const [key, order] of reordered(open, mediaKey, place)) {
        const entry = entryOf(key);
        await save(entry, { order });
        onChange(viewOf(entry));
      }
    },
    setRules: (rules) => {
      pace.setLimit(rules.limit);
      if (rules.annotationsOnly === annotationsOnly) return;
      annotationsOnly = rules.annotationsOnly;
      wakes += 1;
      for (const entry of entries.values()) {
        const { kind } = entry.view.state;
        if (annotationsOnly ? kind === 'sending' || kind === 'waiting' : kind === 'held') entry.wake();
      }
    },
    pause: async (mediaKey) => {
      const entry = entryOf(mediaKey);
      if (entry.job.step.kind === 'done') return;
      await save(entry, { paused: true });
      await stopRun(entry);
      show(entry, { state: { kind: 'paused' } });
    },
    resume,
    needs: (mediaKey) => {
      const entry = entries.get(mediaKey);
      return entry !== undefined && entry.job.step.kind !== 'done' && entry.job.failure === null;
    },
    isDone: (mediaKey) => entries.get(mediaKey)?.job.step.kind === 'done',
    forget: async (mediaKey) => {
      const entry = entries.get(mediaKey);
      if (entry === undefined) return;
      entries.delete(mediaKey);
      await stopRun(entry);
      await journal.remove(mediaKey);
    },
    wake: () => {
      wakes += 1;
      for (const entry of entries.values()) if (entry.view.state.kind === 'held') entry.wake();
    },
    interrupt: () => {
      for (const entry of entries.values()) if (entry.view.state.kind !== 'held') entry.wake();
    },
    begin: () => {
      started = true;
      for (const entry of entries.values()) start(entry);
    },
    stop: async () => {
      started = false;
      await Promise.all([...entries.values()].map(stopRun));
    },
  };
}

/** What an upload shows before its first attempt of this run. */
function restingState(job: UploadJob): UploadState {
  if (job.failure !== null) return failedUpload(job.failure);
  if (job.step.kind === 'done') return { kind: 'done' };
  return job.paused ? { kind: 'paused' } : { kind: 'waiting' };
}
