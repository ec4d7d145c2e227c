import type { ColumnType, Generated } from 'kysely';
import type { Attributes } from './schema.ts';

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type Maybe<T> = ColumnType<T | null, T | null | undefined, T | null>;
/** JSON is bound as text, so that an array is not taken for a PostgreSQL array. */
type JsonDefault<T> = ColumnType<T, string | undefined, string>;

/** A named value: of a template, of an algorithm, of a request's headers. */
export interface NamedValue {
  name: string;
  value: string | number;
}

export interface Files {
  id: Generated<number>;
  project: number;
  type: number;
  name: string;
  description: string;
  /** Key of the content; null until it was uploaded. */
  path: Maybe<string>;
  attributes: JsonDefault<Attributes>;
  elemental_id: string;
  created_by: number;
  created_datetime: Timestamp;
  modified_by: number;
  modified_datetime: Timestamp;
}

export interface TemporaryFiles {
  id: Generated<number>;
  project: number;
  user_id: number;
  name: string;
  lookup: string;
  /** Name of the object below the project's served folder. */
  object_name: string;
  created_datetime: Timestamp;
  eol_datetime: Timestamp;
}

export interface Applets {
  id: Generated<number>;
  project: number;
  name: string;
  description: string;
  categories: Generated<string[]>;
  html_file: Maybe<string>;
  template: Maybe<number>;
  tparams: JsonDefault<NamedValue[]>;
  headers: JsonDefault<NamedValue[]>;
}

export interface HostedTemplates {
  id: Generated<number>;
  organization: number;
  name: string;
  url: string;
  tparams: JsonDefault<NamedValue[]>;
  headers: JsonDefault<NamedValue[]>;
}

export interface JobClusters {
  id: Generated<number>;
  organization: number;
  name: string;
  host: string;
  port: number;
  token: string;
  /** PEM of the authority that signed the cluster's certificate. */
  cert: string;
}

export interface Algorithms {
  id: Generated<number>;
  project: number;
  name: string;
  user_id: number;
  description: string;
  manifest: Maybe<string>;
  cluster: Maybe<number>;
  files_per_job: number;
  categories: Generated<string[]>;
  parameters: JsonDefault<NamedValue[]>;
  template: Maybe<number>;
  tparams: JsonDefault<NamedValue[]>;
  headers: JsonDefault<NamedValue[]>;
}

/** One step of a workflow, as clients see it. */
export interface JobNode {
  id: string;
  children: string[];
  task: string;
  status: string;
  start_time: string | null;
  stop_time: string | null;
}

/** What is known of the run of an algorithm beyond its row in the queue. */
export interface AlgorithmRuns {
  uid: string;
  algorithm: Maybe<number>;
  /** The cluster that it was sent to; null: run by the hub itself. */
  cluster: Maybe<number>;
  /** Name of the workflow. */
  workflow: string;
  nodes: JsonDefault<JobNode[]>;
  log: Generated<string>;
}

export type StoreType = 'AWS' | 'MINIO' | 'GCP' | 'OCI' | 'VAST' | 'AZURE';

export interface Buckets {
  id: Generated<number>;
  organization: number;
  name: string;
  store_type: StoreType;
  /** Credentials; never returned. */
  config: ColumnType<Record<string, unknown>, string, string>;
  archive_sc: string;
  live_sc: string;
  external_host: Maybe<string>;
}

/** Where an object is that is not in the hub's own store. */
export interface ObjectHomes {
  key: string;
  bucket: number;
}

export interface WorkSchema {
  files: Files;
  temporary_files: TemporaryFiles;
  applets: Applets;
  hosted_templates: HostedTemplates;
  job_clusters: JobClusters;
  algorithms: Algorithms;
  algorithm_runs: AlgorithmRuns;
  buckets: Buckets;
  object_homes: ObjectHomes;
}
