import { faultOf, type Fault } from '../../../contract/errors.ts';
import type { CacheState } from '../../../contract/host-fetches.ts';
import type { Host } from '../../../contract/host-rpc.ts';

/** What would be removed from the device, before it is. */
export interface EvictionQuestion {
  /** A new limit, or all that may go once. */
  kind: 'limit' | 'all';
  /** Bytes. */
  limit: number;
  count: number;
  bytes: number;
  /** Bytes that would still be too much. */
  over: number;
}

/** The disk that media take: what is there, and how much of it may be. */
export class CacheController {
  /** Null until the host told it. */
  state = $state.raw<CacheState | null>(null);
  question = $state.raw<EvictionQuestion | null>(null);
  busy = $state(false);
  fault = $state.raw<Fault | null>(null);
  readonly #host: Pick<Host, 'call'>;

  constructor(host: Pick<Host, 'call'>) {
    this.#host = host;
  }

  look(): Promise<void> {
    return this.#do(async () => {
      this.state = await this.#host.call('cache.state', {});
    });
  }

  /** Sets the limit; where files would have to go for it, that is asked first. */
  chooseLimit(limit: number | null): Promise<void> {
    return this.#do(async () => {
      const forecast = await this.#host.call('cache.forecast', { limit });
      if (limit !== null && forecast.count > 0) this.question = { kind: 'limit', limit, ...forecast };
      else this.state = await this.#host.call('cache.setLimit', { limit });
    });
  }

  /** Asks before all that may go is removed. */
  askToEvict(): Promise<void> {
    return this.#do(async () => {
      const forecast = await this.#host.call('cache.forecast', { limit: 0 });
      this.question = { kind: 'all', limit: 0, ...forecast };
    });
  }

  dismiss(): void {
    this.question = null;
  }

  confirm(): Promise<void> {
    const question = this.question;
    if (question === null || this.busy) return Promise.resolve();
    const { kind, limit } = question;
    return this.#do(async () => {
      if (kind === 'limit') await this.#host.call('cache.setLimit', { limit });
      else await this.#host.call('cache.evictTo', { limit });
      this.state = await this.#host.call('cache.state', {});
      this.question = null;
    });
  }

  async #do(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.fault = null;
    try {
      await work();
    } catch (thrown) {
      this.fault = faultOf(thrown);
    } finally {
      this.busy = false;
    }
  }
}
