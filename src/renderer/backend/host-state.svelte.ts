import { SvelteMap } from 'svelte/reactivity';
import { Stops, type Stop } from '../../base/disposable.ts';
import type { Fetch } from '../../contract/host-fetches.ts';
import type { AppInfo, Host, LocalMedia, Upload, UploadRules } from '../../contract/host-rpc.ts';
import { faultOf, type Fault } from '../../contract/errors.ts';

/** What the host told last, kept up to date by its events; read again after each reconnection. */
export class HostState {
  info = $state<AppInfo | null>(null);
  connected = $state(false);
  /** Why the host's state could not be read at all. */
  fault = $state<Fault | null>(null);
  /** Null until the host told them. */
  uploadRules = $state.raw<UploadRules | null>(null);
  readonly media = new SvelteMap<string, LocalMedia>();
  readonly uploads = new SvelteMap<string, Upload>();
  readonly fetches = new SvelteMap<string, Fetch>();
  readonly #host: Host;
  #round = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  get account(): AppInfo['accounts'][number] | null {
    return this.info?.accounts.find(({ id }) => id === this.info?.activeAccount) ?? null;
  }

  start(): Stop {
    const stops = new Stops();
    const host = this.#host;
    stops.add(host.on('hub.changed', (hub) => this.#patch({ hub })));
    stops.add(host.on('network.changed', ({ offlineByChoice }) => this.#patch({ offlineByChoice })));
    stops.add(
      host.on('accounts.changed', (value) => {
        const before = this.info?.activeAccount;
        this.#patch(value);
        if (before !== value.activeAccount) void this.refresh();
      }),
    );
    stops.add(
      host.on('media.changed', (media) => this.#ofAccount(media) && this.media.set(media.key, media)),
    );
    stops.add(
      host.on('media.removed', ({ mediaKey }) => {
        this.media.delete(mediaKey);
        this.fetches.delete(mediaKey);
      }),
    );
    stops.add(
      host.on(
        'fetches.changed',
        (fetch) => this.#ofAccount(fetch) && this.fetches.set(fetch.mediaKey, fetch),
      ),
    );
    stops.add(
      host.on(
        'uploads.changed',
        (upload) => this.#ofAccount(upload) && this.uploads.set(upload.mediaKey, upload),
      ),
    );
    stops.add(host.on('uploads.rulesChanged', (rules) => (this.uploadRules = rules)));
    stops.add(
      host.onConnection((connected) => {
        this.connected = connected;
        if (connected) void this.refresh();
      }),
    );
    return stops.stop;
  }

  async refresh(): Promise<void> {
    const round = ++this.#round;
    try {
      const [info, uploadRules] = await Promise.all([
        this.#host.call('app.info', {}),
        this.#host.call('uploads.rules', {}),
      ]);
      const account = info.activeAccount;
      const [media, uploads, fetches] =
        account === null
          ? [[], [], []]
          : await Promise.all([
              this.#host.call('media.list', { account }),
              this.#host.call('uploads.list', { account }),
              this.#host.call('fetches.list', { account }),
            ]);
      if (round !== this.#round) return;
      this.info = info;
      this.uploadRules = uploadRules;
      this.fault = null;
      replace(this.media, media, (item) => item.key);
      replace(this.uploads, uploads, (item) => item.mediaKey);
      replace(this.fetches, fetches, (item) => item.mediaKey);
    } catch (error) {
      if (round === this.#round) this.fault = faultOf(error);
    }
  }

  #patch(change: Partial<AppInfo>): void {
    if (this.info !== null) this.info = { ...this.info, ...change };
  }

  #ofAccount({ account }: { account: string }): boolean {
    return account === this.info?.activeAccount;
  }
}

function replace<T>(map: SvelteMap<string, T>, items: T[], keyOf: (item: T) => string): void {
  const keys = new Set(items.map(keyOf));
  for (const key of [...map.keys()]) if (!keys.has(key)) map.delete(key);
  for (const item of items) map.set(keyOf(item), item);
}
