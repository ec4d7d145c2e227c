import { faultOf, type Fault } from '../../../contract/errors.ts';
import type { CacheState, KeptReason } from '../../../contract/host-fetches.ts';
import type { Host } from '../../../contract/host-rpc.ts';
import type { PackItem, PackPlan } from './pack-plan.ts';

/** What the confirm panel is about. */
export interface FetchQuestion {
  items: PackItem[];
  height: number | null;
  pinned: boolean;
  /** Null until the host told it. */
  cache: CacheState | null;
  rate: { kind: 'measuring' } | { kind: 'unknown' } | { kind: 'known'; rate: number };
  fault: Fault | null;
  busy: boolean;
}

export type FetchChoice = Partial<Pick<FetchQuestion, 'height' | 'pinned'>>;

/** What is asked before files leave the device. */
export interface RemoveQuestion {
  mediaKey: string;
  name: string;
  bytes: number | null;
  /** The user's own file, of which this program has a copy. */
  own: boolean;
  busy: boolean;
}

interface PacksOptions {
  host: Pick<Host, 'call'>;
  account: () => string | null;
  projectId: number;
  onFault: (fault: Fault) => void;
  onRemoved: (name: string) => void;
  onKept: (name: string, reason: KeptReason) => void;
}

/** Taking media along and letting them go: what is asked first, and what is then ordered from the host. */
export class PacksController {
  fetching = $state.raw<FetchQuestion | null>(null);
  removing = $state.raw<RemoveQuestion | null>(null);
  /** Null until it was looked at. */
  cache = $state.raw<CacheState | null>(null);
  readonly #options: PacksOptions;
  #asked = 0;

  constructor(options: PacksOptions) {
    this.#options = options;
  }

  /** Opens the confirm panel, and finds out what it tells. */
  async ask(items: PackItem[]): Promise<void> {
    const account = this.#options.account();
    if (account === null || items.length === 0) return;
    const round = ++this.#asked;
    this.fetching = {
      items,
      ...{ height: null, pinned: false, cache: null, rate: { kind: 'measuring' }, fault: null, busy: false },
    };
    const { host } = this.#options;
    const told = (change: Partial<FetchQuestion>): void => {
      if (round === this.#asked) this.#revise(change);
    };
    const mediaId = items[0]?.mediaId ?? null;
    await Promise.all([
      host.call('cache.state', {}).then(
        (cache) => told({ cache }),
        (thrown: unknown) => told({ fault: faultOf(thrown) }),
      ),
      host.call('fetches.rate', { account, mediaId }).then(
        ({ rate }) => told({ rate: rate === null ? { kind: 'unknown' } : { kind: 'known', rate } }),
        () => told({ rate: { kind: 'unknown' } }),
      ),
    ]);
  }

  choose(change: FetchChoice): void {
    this.#revise(change);
  }

  dismiss(): void {
    this.#asked += 1;
    this.fetching = null;
  }

  /** Orders the fetch as the panel shows it; a refusal stays on the panel. */
  async fetch({ media }: PackPlan): Promise<void> {
    const question = this.fetching;
    const account = this.#options.account();
    if (question === null || question.busy || account === null) return;
    const { height, pinned } = question;
    const { projectId, host } = this.#options;
    this.#revise({ busy: true, fault: null });
    try {
      await host.call('fetches.begin', { account, projectId, media, height, pinned });
      this.dismiss();
    } catch (thrown) {
      this.#revise({ busy: false, fault: faultOf(thrown) });
    }
  }

  pause(mediaKeys: string[]): Promise<void> {
    return this.#order(() => this.#options.host.call('fetches.pause', { mediaKeys }));
  }

  resume(mediaKeys: string[]): Promise<void> {
    return this.#order(() => this.#options.host.call('fetches.resume', { mediaKeys }));
  }

  pin(mediaKey: string, pinned: boolean): Promise<void> {
    return this.#order(() =>
      this.#options.host.call('fetches.pin', { mediaKeys: [mediaKey], pinned }).then(() => this.look()),
    );
  }

  /** Gives up a fetch: what has arrived of it goes, and nothing else. */
  cancel(mediaKey: string): Promise<void> {
    return this.#order(() => this.#options.host.call('media.remove', { mediaKey }));
  }

  askToRemove(question: Omit<RemoveQuestion, 'busy'>): void {
    this.removing = { ...question, busy: false };
  }

  keep(): void {
    this.removing = null;
  }

  async remove(): Promise<void> {
    const question = this.removing;
    if (question === null || question.busy) return;
    this.removing = { ...question, busy: true };
    const { mediaKey, name } = question;
    const { host, onRemoved, onKept } = this.#options;
    await this.#order(async () => {
      const { kept } = await host.call('cache.evict', { mediaKeys: [mediaKey] });
      const [stayed] = kept;
      if (stayed === undefined) onRemoved(name);
      else onKept(name, stayed.reason);
      await this.look();
    });
    this.removing = null;
  }

  /** How full the disk is now. */
  look(): Promise<void> {
    return this.#order(async () => {
      this.cache = await this.#options.host.call('cache.state', {});
    });
  }

  #revise(change: Partial<FetchQuestion>): void {
    if (this.fetching !== null) this.fetching = { ...this.fetching, ...change };
  }

  async #order(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#options.onFault(faultOf(thrown));
    }
  }
}
