import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../base/random.ts';
import { faultOf, TidemarkError, type Fault } from '../../contract/errors.ts';
import type { Fetch, FetchState } from '../../contract/host-fetches.ts';
import type { HostParams } from '../../contract/host-rpc.ts';
import { createSpeedometer } from '../speedometer.ts';
import { diskError } from '../files.ts';
import { createAlarm, nextInLine, verdictOn } from './fetch-line.ts';
import { fetchMedia, type FetchContext } from './fetch-media.ts';
import { begunAnew, fetchOf, isFetch, isWhole, newFetch, withFetch, withStage } from './fetch-record.ts';
import { fetchFailure, mediaFault } from './media-faults.ts';
import type { Preparer } from './preparer.ts';
import { mediaFolder, sourcePath, type MediaRecord } from './record.ts';

/** Media of a server on their way into the cache, for work offline. One at a time, resumed by byte range. */
export interface Fetches {
  /** What does not fit is refused as a whole. */
  begin(params: HostParams<'fetches.begin'>): Promise<void>;
  list(account: string): Fetch[];
  pause(keys: readonly string[]): Promise<void>;
  /** Goes on after a pause or a failure. */
  resume(keys: readonly string[]): Promise<void>;
  pin(keys: readonly string[], pinned: boolean): Promise<void>;
  /** The file turned out to be short or changed: it is fetched again from its first byte on. */
  fetchAgain(key: string): Promise<void>;
  /** Goes on with what an earlier run left. */
  start(): void;
  /** Stops touching the media's files, for good. */
  drop(key: string): Promise<void>;
  /** The network or a sign-in came back: whoever waits tries at once. */
  wake(): void;
  /** "Work offline" was switched on: what is under way stops at once. */
  interrupt(): void;
  stop(): Promise<void>;
}

export interface FetchesOptions extends Omit<FetchContext, 'onBytes' | 'onChecking'> {
  preparer: Preparer;
  random: Random;
  onChange: (fetch: Fetch) => void;
  /** A rate that was measured; bytes a second. */
  onRate: (account: string, rate: number) => void;
  onError: (what: string, thrown: unknown) => void;
}

interface Entry {
  key: string;
  account: string;
  readyAt: number;
  /** Failures in a row without progress. */
  attempt: number;
  view: { state: FetchState; speed: number | null };
}

const paused = new TidemarkError('cancelled', { detail: 'paused' });
const interrupted = new TidemarkError('offline-by-choice');

export function createFetches(options: FetchesOptions): Fetches {
  return new FetchQueue(options);
}

class FetchQueue implements Fetches {
  readonly #options: FetchesOptions;
  /** In the order of fetching; the running one is among them. */
  readonly #line: Entry[] = [];
  /** Until when nothing of an account is tried; local ms. */
  readonly #holds = new Map<string, number>();
  readonly #alarm: { set(at: number): void; stop(): void };
  #running: { entry: Entry; abort: AbortController; done: Promise<void> } | null = null;
  #stopped = false;
  /** How often what is held was told to go on. */
  #wakes = 0;

  constructor(options: FetchesOptions) {
    this.#options = options;
    this.#alarm = createAlarm(options.clock, () => this.#pump());
  }

  async begin({ media, ...order }: HostParams<'fetches.begin'>): Promise<void> {
    const { library, clock, room } = this.#options;
    const isNew = ({ mediaKey }: { mediaKey: string }): boolean => library.find(mediaKey) === undefined;
    const wanted = media.filter(isNew);
    await room.judge(wanted.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0));
    const known = media.filter((one) => !isNew(one)).map(({ mediaKey }) => mediaKey);
    for (const one of wanted) {
      await library.add(newFetch(order, one, clock.now()));
      this.#enqueue(one.mediaKey);
    }
    await this.resume(known);
  }

  list(account: string): Fetch[] {
    return this.#options.library
      .records()
      .filter(isFetch)
      .filter(({ media }) => media.account === account)
      .map((record) => fetchOf(record, this.#entry(record.media.key)?.view ?? null));
  }

  async pause(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const record = this.#options.library.find(key);
      if (!isFetch(record) || isWhole(record)) continue;
      await this.#update(key, (before) => withFetch(before, { paused: true }));
    }
    for (const key of keys) this.#take(key);
    if (this.#running !== null && keys.includes(this.#running.entry.key)) await this.#end(paused);
    for (const key of keys) this.#tell(key);
    this.#pump();
  }

  async resume(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const record = this.#options.library.find(key);
      if (!isFetch(record) || isWhole(record)) continue;
      await this.#update(key, (before) => {
        const stage = { kind: 'copying' as const, done: before.synced, total: before.media.size };
        return withStage(withFetch(before, { paused: false, spoilt: 0 }), stage);
      });
      this.#enqueue(key);
    }
  }

  async pin(keys: readonly string[], pinned: boolean): Promise<void> {
    for (const key of keys) {
      if (!isFetch(this.#options.library.find(key))) continue;
      await this.#update(key, (before) => withFetch(before, { pinned }));
      this.#tell(key);
    }
  }

  async fetchAgain(key: string): Promise<void> {
    const { root, library, preparer } = this.#options;
    const record = library.get(key);
    if (!isFetch(record)) return;
    await preparer.drop(key);
    await this.#update(key, (before) => begunAnew(before, { spoilt: 0 }));
    await rm(sourcePath(root, record), { force: true });
    await rm(join(mediaFolder(root, key), 'source.part'), { force: true });
    this.#enqueue(key);
  }

  start(): void {
    for (const record of this.#options.library.records()) {
      if (!isFetch(record) || isWhole(record)) continue;
      if (record.media.stage.kind === 'copying' && record.fetchedFrom.paused !== true)
        this.#enqueue(record.media.key);
    }
  }

  async drop(key: string): Promise<void> {
    this.#take(key);
    if (this.#running?.entry.key === key) await this.#end(paused);
  }

  wake(): void {
    this.#wakes += 1;
    this.#holds.clear();
    for (const entry of this.#line) {
      if (entry.view.state.kind !== 'held') continue;
      Object.assign(entry, { readyAt: 0, attempt: 0 });
      this.#show(entry, { state: { kind: 'waiting' } });
    }
    this.#pump();
  }

  interrupt(): void {
    this.#running?.abort.abort(interrupted);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#alarm.stop();
    await this.#end(new TidemarkError('cancelled'));
  }

  #entry(key: string): Entry | undefined {
    return this.#line.find((entry) => entry.key === key);
  }

  #enqueue(key: string): void {
    const record = this.#options.library.find(key);
    if (!isFetch(record) || isWhole(record)) return;
    const { account } = record.media;
    if (this.#entry(key) === undefined) {
      const view: Entry['view'] = { state: { kind: 'waiting' }, speed: null };
      this.#line.push({ key, account, readyAt: 0, attempt: 0, view });
    }
    this.#tell(key);
    this.#pump();
  }

  #take(key: string): void {
    const at = this.#line.findIndex((entry) => entry.key === key);
    if (at >= 0) this.#line.splice(at, 1);
  }

  async #end(reason: TidemarkError): Promise<void> {
    this.#running?.abort.abort(reason);
    await this.#running?.done;
  }

  #pump(): void {
    if (this.#stopped || this.#running !== null) return;
    const next = nextInLine(this.#line, this.#holds, this.#options.clock.now());
    if (next === null) return;
    if ('at' in next) {
      this.#alarm.set(next.at);
      return;
    }
    const entry = this.#entry(next.key);
    if (entry === undefined) return;
    const abort = new AbortController();
    const done = this.#run(entry, abort.signal)
      .catch((thrown: unknown) => this.#options.onError('fetching a media', thrown))
      .finally(() => {
        this.#running = null;
        this.#pump();
      });
    this.#running = { entry, abort, done };
  }

  async #run(entry: Entry, signal: AbortSignal): Promise<void> {
    const { library, preparer } = this.#options;
    const { key } = entry;
    const before = { synced: library.find(key)?.synced ?? 0, wakes: this.#wakes };
    this.#show(entry, { state: { kind: 'receiving' } });
    try {
      await fetchMedia(this.#contextOf(entry), key, signal);
      this.#take(key);
      preparer.enqueue(key);
      this.#tell(key);
    } catch (thrown) {
      if (library.find(key) === undefined) this.#take(key);
      else if (signal.aborted && signal.reason !== interrupted) this.#show(entry, { speed: null });
      else await this.#onFailure(entry, mediaFault(diskError(signal.aborted ? interrupted : thrown)), before);
    }
  }

  async #onFailure(entry: Entry, fault: Fault, before: { synced: number; wakes: number }): Promise<void> {
    const { library, clock, random, onError } = this.#options;
    const { key, account } = entry;
    if (fault.code === 'internal') onError('fetching a media', new TidemarkError('internal', fault));
    entry.attempt = library.get(key).synced > before.synced ? 0 : entry.attempt + 1;
    const verdict = verdictOn(fault, { attempt: entry.attempt, random });
    if (verdict.kind === 'fail') {
      this.#take(key);
      const stage = fetchFailure(fault);
      await this.#update(key, (record) => withStage(record, stage));
      this.#tell(key);
      return;
    }
    // Told to go on while it was still stopping, it would wait for ever.
    const wait = verdict.wait ?? (this.#wakes === before.wakes ? null : 0);
    const retryAt = wait === null ? null : clock.now() + wait;
    if (verdict.whom === 'account') this.#holds.set(account, retryAt ?? Infinity);
    else {
      entry.readyAt = retryAt ?? Infinity;
      this.#take(key);
      this.#line.push(entry);
    }
    this.#show(entry, { state: { kind: 'held', fault, retryAt }, speed: null });
  }

  #contextOf(entry: Entry): FetchContext {
    const { library, clock, onRate } = this.#options;
    const measure = createSpeedometer(clock);
    return {
      ...this.#options,
      onBytes: (key, there) => {
        const media = library.find(key)?.media;
        if (media?.stage.kind !== 'copying') return;
        const speed = measure(there);
        if (speed !== null && speed > 0) onRate(entry.account, speed);
        library.showProgress(key, { ...media.stage, done: there });
        this.#show(entry, { speed });
      },
      onChecking: () => this.#show(entry, { state: { kind: 'checking' }, speed: null }),
    };
  }

  /** On a full disk the record cannot be written either; then the page still hears of it. */
  async #update(key: string, change: (record: MediaRecord) => MediaRecord): Promise<void> {
    const { library } = this.#options;
    try {
      await library.update(key, change);
    } catch (error) {
      if (faultOf(error).code !== 'disk-full') throw error;
      const { media } = change(library.get(key));
      library.showProgress(key, media.stage);
    }
  }

  #show(entry: Entry, view: Partial<Entry['view']>): void {
    entry.view = { ...entry.view, ...view };
    this.#tell(entry.key);
  }

  #tell(key: string): void {
    const record = this.#options.library.find(key);
    if (isFetch(record)) this.#options.onChange(fetchOf(record, this.#entry(key)?.view ?? null));
  }
}
