import { faultOf, type Fault } from '../../../contract/errors.ts';
import type { Host } from '../../../contract/host-rpc.ts';

/** Pause and resume of uploads. Their states come as events and are handed to the panel as data. */
export class UploadsController {
  readonly #host: Pick<Host, 'call'>;
  #fault = $state.raw<Fault | null>(null);

  constructor(host: Pick<Host, 'call'>) {
    this.#host = host;
  }

  /** Why the last order was not carried out. */
  get fault(): Fault | null {
    return this.#fault;
  }

  pause(mediaKey: string): Promise<void> {
    return this.#order('uploads.pause', mediaKey);
  }

  resume(mediaKey: string): Promise<void> {
    return this.#order('uploads.resume', mediaKey);
  }

  async #order(method: 'uploads.pause' | 'uploads.resume', mediaKey: string): Promise<void> {
    this.#fault = null;
    try {
      await this.#host.call(method, { mediaKey });
    } catch (thrown) {
      this.#fault = faultOf(thrown);
    }
  }
}
