import type { RemoteFiles } from '../remote/remote-files.ts';
import { AzureStore } from './azure-store.ts';
import { reach, type Reached } from './bucket-kinds.ts';
import type { DistantStoreOptions } from './distant-store.ts';
import { GoogleTokens } from './google-tokens.ts';
import type { ObjectStore } from './object-store.ts';
import type { BucketRow } from './placed-store.ts';
import { S3Store } from './s3-store.ts';

interface Open {
  settings: string;
  store: ObjectStore & { close(): void };
}

export interface BucketStoresOptions extends Omit<DistantStoreOptions, 'lookup'> {
  remote: Pick<RemoteFiles, 'check' | 'lookup'>;
  /** Where Google's storage is; absent: its public address. */
  googleEndpoint?: string | undefined;
}

/** Opens the stores of buckets, and keeps them open while their settings stay the same. */
export class BucketStores {
  readonly #remote: Pick<RemoteFiles, 'check' | 'lookup'>;
  readonly #options: DistantStoreOptions;
  readonly #googleEndpoint: string | undefined;
  readonly #open = new Map<number, Open>();

  constructor({ remote, googleEndpoint, ...options }: BucketStoresOptions) {
    this.#remote = remote;
    this.#options = { ...options, lookup: remote.lookup };
    this.#googleEndpoint = googleEndpoint;
  }

  /** @throws HubError 400 for a bucket of a place that this hub does not visit. */
  of(bucket: BucketRow): ObjectStore {
    const reached = reach(bucket, this.#googleEndpoint);
    // Google's address is the operator's choice, not that of whoever made the bucket.
    if (reached.by !== 'google') this.#remote.check(reached.endpoint);
    const settings = JSON.stringify(reached);
    const known = this.#open.get(bucket.id);
    if (known?.settings === settings) return known.store;
    known?.store.close();
    const store = this.#make(reached);
    this.#open.set(bucket.id, { settings, store });
    return store;
  }

  close(): void {
    for (const { store } of this.#open.values()) store.close();
    this.#open.clear();
  }

  #make(reached: Reached): Open['store'] {
    if (reached.by === 'azure') return new AzureStore(reached.settings, this.#options);
    if (reached.by === 's3') return new S3Store(reached.settings, this.#options);
    const tokens = new GoogleTokens(reached.account, { remote: this.#remote });
    // The operator names Google's address, which may be one of the hub's own network.
    const { lookup: _checked, ...options } = this.#options;
    return new S3Store(reached.settings, { ...options, token: () => tokens.token() });
  }
}
