import { badRequest } from '../errors.ts';
import { readConnectionString, type AzureAccess } from './azure-settings.ts';
import { serviceAccountOf, type ServiceAccount } from './google-tokens.ts';
import type { BucketRow } from './placed-store.ts';
import type { S3Place, S3Settings } from './s3-store.ts';

export type BucketSettings = Pick<BucketRow, 'store_type' | 'config' | 'name'> & {
  external_host?: string | null | undefined;
};

/** By what protocol a bucket is reached, and with which settings. */
export type Reached =
  | { by: 's3'; endpoint: string; settings: S3Settings }
  /** The S3 protocol's objects and parts, with Google's tokens in place of signatures. */
  | { by: 'google'; endpoint: string; settings: S3Place; account: ServiceAccount }
  | { by: 'azure'; endpoint: string; settings: AzureSettings };

export interface AzureSettings extends AzureAccess {
  container: string;
  /** Scheme and host at which clients reach the store; absent: all bytes go through the hub. */
  externalHost?: string | undefined;
}

const GOOGLE = 'https://storage.googleapis.com';

/**
 * How the store of a bucket is reached. OCI offers the S3 protocol beside its own.
 * @param googleEndpoint where Google's storage is, for networks that reach it by a name of their own.
 * @throws HubError 400 for settings that are not those of its kind.
 */
export function reach(bucket: BucketSettings, googleEndpoint: string = GOOGLE): Reached {
  const { store_type, config, name } = bucket;
  const externalHost = bucket.external_host ?? undefined;
  if (store_type === 'AZURE') {
    const access = readConnectionString(textOf(config, 'connection_string'));
    return { by: 'azure', endpoint: access.endpoint, settings: { ...access, container: name, externalHost } };
  }
  if (store_type === 'GCP') {
    const settings = { endpoint: googleEndpoint, region: 'auto', bucket: name };
    return { by: 'google', endpoint: googleEndpoint, settings, account: serviceAccountOf(config) };
  }
  const s3 = store_type === 'OCI' ? config['boto3_config'] : config;
  const settings = {
    endpoint: textOf(s3, 'endpoint_url'),
    region: textOf(s3, 'region_name'),
    accessKeyId: textOf(s3, 'aws_access_key_id'),
    secretAccessKey: textOf(s3, 'aws_secret_access_key'),
    bucket: name,
    externalHost,
  };
  return { by: 's3', endpoint: settings.endpoint, settings };
}

function textOf(config: unknown, member: string): string {
  const value = typeof config === 'object' && config !== null && (config as Record<string, unknown>)[member];
  if (typeof value !== 'string' || value === '')
    throw badRequest(`The config of the bucket needs "${member}".`);
  return value;
}
