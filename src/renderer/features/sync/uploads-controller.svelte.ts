import { faultOf, type Fault } from '../../../contract/errors.ts';
import type { Host, HostMethodName, HostParams, UploadRules } from '../../../contract/host-rpc.ts';

/** Where an upload is moved to, among those that are not done. */
export type Place = HostParams<'uploads.move'>['place'];
type Order = Extract<HostMethodName, `uploads.${'pause' | 'resume' | 'move' | 'setRules'}`>;

/** Orders to the uploader. States and rules come back as events and are handed to the panel as data. */
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

  pause(mediaKeys: readonly string[]): Promise<void> {
    return this.#each(mediaKeys, 'uploads.pause');
  }

  resume(mediaKeys: readonly string[]): Promise<void> {
    return this.#each(mediaKeys, 'uploads.resume');
  }

  move(mediaKey: string, place: Place): Promise<void> {
    return this.#order('uploads.move', { mediaKey, place });
  }

  setRules(rules: UploadRules): Promise<void> {
    return this.#order('uploads.setRules', rules);
  }

  /** Together, so that no upload takes the turn of one that is about to be paused. */
  async #each(mediaKeys: readonly string[], method: 'uploads.pause' | 'uploads.resume'): Promise<void> {
    await Promise.all(mediaKeys.map((mediaKey) => this.#order(method, { mediaKey })));
  }

  async #order<M extends Order>(method: M, params: HostParams<M>): Promise<void> {
    this.#fault = null;
    try {
      await this.#host.call(method, params);
    } catch (thrown) {
      this.#fault = faultOf(thrown);
    }
  }
}
