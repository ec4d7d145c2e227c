import type { Clock } from '../../base/clock.ts';
import { TidemarkError } from '../../contract/errors.ts';
import type { LocalMediaStage } from '../../contract/host-rpc.ts';
import type { MediaTools } from '../../media/tools.ts';
import { throttled } from '../throttle.ts';
import type { MediaLibrary } from './library.ts';
import { failedStage, mediaFault } from './media-faults.ts';
import { preparePlayable, prepareThumbnail, probeSource, type PrepareContext } from './prepare.ts';
import type { MediaRecord } from './record.ts';

/**
 * Takes media from `queued` to `ready`, one at a time: the converter uses all cores by itself.
 *
 *   copying --> queued --> probing --> preparing --> ready
 *                             '-----------'--> failed --retry--> queued
 *
 * The stage on disk says what remains to be done, so a kill costs the step that was running.
 */
export interface Preparer {
  /** Queues the media; it must be in a stage that has all its bytes. */
  enqueue(key: string): void;
  /** Interrupts the work on one media, and resolves when nothing touches its files any more. */
  drop(key: string): Promise<void>;
  stop(): Promise<void>;
}

export interface PreparerOptions {
  root: string;
  library: MediaLibrary;
  tools: () => Promise<MediaTools>;
  clock: Clock;
  onError: (what: string, thrown: unknown) => void;
}

/** ms between two events of progress. */
const progressGap = 250;

export function createPreparer({ root, library, tools, clock, onError }: PreparerOptions): Preparer {
  const queue: string[] = [];
  let running: { key: string; abort: AbortController; done: Promise<void> } | null = null;
  let stopped = false;

  const pump = (): void => {
    if (running !== null || stopped) return;
    const key = queue.shift();
    if (key === undefined) return;
    const abort = new AbortController();
    const done = prepare(key, abort.signal)
      .catch((thrown: unknown) => onError('preparing a media', thrown))
      .finally(() => {
        running = null;
        pump();
      });
    running = { key, abort, done };
  };

  const setStage = (key: string, stage: LocalMediaStage): Promise<MediaRecord> =>
    library.update(key, (record) => ({ ...record, media: { ...record.media, stage } }));

  const prepare = async (key: string, signal: AbortSignal): Promise<void> => {
    if (library.find(key) === undefined) return;
    try {
      await run(await setStage(key, { kind: 'probing' }), signal);
    } catch (thrown) {
      if (signal.aborted || library.find(key) === undefined) return;
      const fault = mediaFault(thrown);
      if (fault.code === 'internal') onError('preparing a media', thrown);
      const { source } = library.get(key);
      await setStage(key, failedStage(fault, { copied: source.kind === 'copy' }));
    }
  };

  const run = async (record: MediaRecord, signal: AbortSignal): Promise<void> => {
    const { key } = record.media;
    const onFraction = throttled(clock, progressGap, (fraction: number) => {
      if (library.find(key)?.media.stage.kind === 'preparing') {
        library.showProgress(key, { kind: 'preparing', fraction: Math.min(1, Math.max(0, fraction)) });
      }
    });
    const context: PrepareContext = { root, tools: await tools(), signal, onFraction };
    const { probe, told } = await probeSource(record, context);
    const probed = await library.update(key, (before) => ({
      ...before,
      media: { ...before.media, probe: told, stage: { kind: 'preparing', fraction: 0 } },
    }));
    const hasThumbnail = await prepareThumbnail(probed, probe, context);
    await library.update(key, (before) => ({ ...before, media: { ...before.media, hasThumbnail } }));
    const plays = probe.kind === 'image' ? 'source' : await preparePlayable(probed, probe, context);
    await library.update(key, (before) => ({
      ...before,
      media: { ...before.media, plays, stage: { kind: 'ready' } },
    }));
  };

  return {
    enqueue: (key) => {
      if (running?.key !== key && !queue.includes(key)) queue.push(key);
      pump();
    },
    drop: async (key) => {
      const at = queue.indexOf(key);
      if (at >= 0) queue.splice(at, 1);
      if (running?.key !== key) return;
      running.abort.abort(new TidemarkError('cancelled'));
      await running.done;
    },
    stop: async () => {
      stopped = true;
      running?.abort.abort(new TidemarkError('cancelled'));
      await running?.done;
    },
  };
}
