import { badRequest } from '../errors.ts';
import type { RemoteFiles } from '../remote/remote-files.ts';
import type { BucketRow } from './placed-store.ts';
import { S3Store, type S3Settings, type S3StoreOptions } from './s3-store.ts';

type StoreKind = Pick<BucketRow, 'store_type' | 'config' | 'name'> & {
  external_host?: string | null | undefined;
};

/** Opens the stores of buckets, and keeps them open while their settings stay the same. */
export class BucketStores {
  readonly #remote: Pick<RemoteFiles, 'check'>;
  readonly #options: S3StoreOptions;
  readonly #open = new Map<number, { settings: string; store: S3Store }>();

  constructor({
    remote,
    ...options
  }: Omit<S3StoreOptions, 'lookup'> & { remote: Pick<RemoteFiles, 'check' | 'lookup'> }) {
    this.#remote = remote;
    this.#options = { ...options, lookup: remote.lookup };
  }

  /** @throws HubError 400 for a bucket of a kind or place that this hub does not visit. */
  of(bucket: BucketRow): S3Store {
    const settings = s3SettingsOf(bucket);
    this.#remote.check(settings.endpoint);
    const text = JSON.stringify(settings);
    const known = this.#open.get(bucket.id);
    if (known?.settings === text) return known.store;
    known?.store.close();
    const store = new S3Store(settings, this.#options);
    this.#open.set(bucket.id, { settings: text, store });
    return store;
  }

  close(): void {
    for (const { store } of this.#open.values()) store.close();
    this.#open.clear();
  }
}

/**
 * How the store of a bucket is reached by the S3 protocol. OCI offers it beside its own.
 * @throws HubError 400 for a store that speaks another protocol, or without its settings.
 */
export function s3SettingsOf({ store_type, config, name, external_host }: StoreKind): S3Settings {
  if (store_type === 'GCP' || store_type === 'AZURE') {
    throw badRequest(`This hub has no adapter for stores of the kind ${store_type}.`, 'not-implemented');
  }
  const s3 = store_type === 'OCI' ? config['boto3_config'] : config;
  return {
    endpoint: textOf(s3, 'endpoint_url'),
    region: textOf(s3, 'region_name'),
    accessKeyId: textOf(s3, 'aws_access_key_id'),
    secretAccessKey: textOf(s3, 'aws_secret_access_key'),
    bucket: name,
    externalHost: external_host ?? undefined,
  };
}

function textOf(config: unknown, member: string): string {
  const value = typeof config === 'object' && config !== null && (config as Record<string, unknown>)[member];
  if (typeof value !== 'string' || value === '')
    throw badRequest(`The config of the bucket needs "${member}".`);
  return value;
}
