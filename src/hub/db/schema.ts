import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { PeopleSchema } from './schema-people.ts';
import type { WorkSchema } from './schema-work.ts';

/** The tables as TypeScript sees them: what is read, what may be left out on insert. */

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type MaybeTimestamp = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
/** JSON is bound as text, so that an array is not taken for a PostgreSQL array. */
type Jsonb<T extends object> = JSONColumnType<T>;
type JsonbDefault<T extends object> = ColumnType<T, string | undefined, string>;
type JsonbMaybe<T extends object> = ColumnType<T | null, string | null | undefined, string | null>;
type Maybe<T> = ColumnType<T | null, T | null | undefined, T | null>;

export type Attributes = Record<string, unknown>;

/** One attribute definition, as stored and returned. */
export interface AttributeType {
  name: string;
  dtype: 'bool' | 'int' | 'float' | 'enum' | 'string' | 'datetime' | 'geopos' | 'float_array' | 'blob';
  description?: string;
  required?: boolean;
  order?: number;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  choices?: string[];
  labels?: string[];
  autocomplete?: Record<string, unknown> | null;
  use_current?: boolean;
  size?: number;
  style?: string;
  visible?: boolean;
}

export type TypeKind = 'media' | 'localization' | 'state' | 'leaf' | 'file';

export interface Users {
  id: Generated<number>;
  username: string;
  first_name: Generated<string>;
  last_name: Generated<string>;
  email: Generated<string>;
  password_hash: string;
  is_staff: Generated<boolean>;
  elemental_id: Generated<string>;
  profile: JsonbDefault<Record<string, unknown>>;
  failed_logins: Generated<number>;
  last_failed_login: MaybeTimestamp;
}

export interface Tokens {
  digest: string;
  value: string;
  user_id: number;
  created: Generated<Date>;
}

export interface Organizations {
  id: Generated<number>;
  name: string;
  thumb: Generated<string>;
  default_membership_permission: Generated<string>;
}

export interface Affiliations {
  id: Generated<number>;
  user_id: number;
  organization_id: number;
  permission: string;
}

export interface Projects {
  id: Generated<number>;
  name: string;
  summary: Generated<string>;
  organization: Maybe<number>;
  creator: number;
  enable_downloads: Generated<boolean>;
  thumb: Generated<string>;
  bucket: Maybe<number>;
  upload_bucket: Maybe<number>;
  backup_bucket: Maybe<number>;
  elemental_id: Maybe<string>;
  attribute_types: JsonbDefault<AttributeType[]>;
  extended_info: JsonbDefault<Record<string, unknown>>;
  created: Timestamp;
}

export interface EntityTypes {
  id: Generated<number>;
  project: number;
  kind: TypeKind;
  dtype: string;
  name: string;
  description: Generated<string>;
  attribute_types: JsonbDefault<AttributeType[]>;
  media: Generated<number[]>;
  elemental_id: Maybe<string>;
  details: JsonbDefault<Record<string, unknown>>;
}

export interface Versions {
  id: Generated<number>;
  project: number;
  name: string;
  description: Generated<string>;
  number: number;
  show_empty: Generated<boolean>;
  bases: Generated<number[]>;
  created_by: Maybe<number>;
  elemental_id: Maybe<string>;
}

export interface Memberships {
  id: Generated<number>;
  project: number;
  user_id: number;
  level: number;
  default_version: Maybe<number>;
}

export interface Sections {
  id: Generated<number>;
  project: number;
  name: string;
  path: Maybe<string>;
  dtype: 'folder' | 'playlist' | 'saved_search';
  tator_user_sections: Maybe<string>;
  object_search: JsonbMaybe<Record<string, unknown>>;
  related_search: JsonbMaybe<Record<string, unknown>>;
  media: Generated<number[]>;
  visible: Generated<boolean>;
  explicit_listing: Generated<boolean>;
  attributes: JsonbDefault<Attributes>;
  elemental_id: Maybe<string>;
  created_by: Maybe<number>;
  created_datetime: MaybeTimestamp;
}

export type MediaFiles = Record<string, unknown>;

export interface Media {
  id: Generated<number>;
  project: number;
  type: number;
  name: string;
  md5: Generated<string>;
  gid: Maybe<string>;
  uid: Maybe<string>;
  source_url: Maybe<string>;
  attributes: JsonbDefault<Attributes>;
  elemental_id: Maybe<string>;
  primary_section: Maybe<number>;
  media_files: JsonbMaybe<MediaFiles>;
  num_frames: Maybe<number>;
  fps: Maybe<number>;
  codec: Maybe<string>;
  width: Maybe<number>;
  height: Maybe<number>;
  summary_level: Maybe<number>;
  archive_state: Generated<string>;
  archive_status_date: MaybeTimestamp;
  last_edit_start: MaybeTimestamp;
  last_edit_end: MaybeTimestamp;
  deleted: Generated<boolean>;
  created_by: number;
  created_datetime: Timestamp;
  modified_by: number;
  modified_datetime: Timestamp;
}

interface Annotations {
  id: Generated<number>;
  project: number;
  type: number;
  version: number;
  elemental_id: string;
  mark: number;
  latest_mark: number;
  variant_deleted: Generated<boolean>;
  deleted: Generated<boolean>;
  parent: Maybe<number>;
  frame: Maybe<number>;
  attributes: JsonbDefault<Attributes>;
  created_by: number;
  created_datetime: Timestamp;
  modified_by: number;
  modified_datetime: Timestamp;
}

export interface Localizations extends Annotations {
  media: number;
  x: Maybe<number>;
  y: Maybe<number>;
  width: Maybe<number>;
  height: Maybe<number>;
  u: Maybe<number>;
  v: Maybe<number>;
  points: JsonbMaybe<number[][]>;
}

export interface States extends Annotations {
  media: number[];
  localizations: Generated<number[]>;
  segments: JsonbMaybe<(number | null)[][]>;
}

export interface Leaves {
  id: Generated<number>;
  project: number;
  type: number;
  name: string;
  parent: Maybe<number>;
  path: string;
  attributes: JsonbDefault<Attributes>;
  deleted: Generated<boolean>;
}

export interface Bookmarks {
  id: Generated<number>;
  project: number;
  user_id: number;
  name: string;
  uri: string;
}

export interface Favorites {
  id: Generated<number>;
  project: number;
  user_id: number;
  type: number;
  name: string;
  page: Generated<number>;
  values: JsonbDefault<Record<string, unknown>>;
  entity_type_name: string;
}

export interface ChangeLogs {
  id: Generated<number>;
  project: number;
  user_id: number;
  entity_type: string;
  entity_ids: number[];
  modified_datetime: Timestamp;
  description_of_change: Jsonb<Record<string, unknown>>;
}

export type JobStatus = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Error';

export interface Jobs {
  uid: string;
  gid: string;
  kind: string;
  project: number;
  user_id: number;
  media: Generated<number[]>;
  spec: Jsonb<Record<string, unknown>>;
  status: Generated<JobStatus>;
  message: Generated<string>;
  progress: Generated<number>;
  attempts: Generated<number>;
  /** Attempts that ended with the death of the hub. */
  deaths: Generated<number>;
  cancel_requested: Generated<boolean>;
  lease_holder: Maybe<string>;
  lease_until: MaybeTimestamp;
  created: Generated<Date>;
  start_time: MaybeTimestamp;
  stop_time: MaybeTimestamp;
}

export interface IdempotencyKeys {
  user_id: number;
  key: string;
  request_digest: string;
  status: number;
  body: Jsonb<object>;
  created: Generated<Date>;
}

/** What all hubs on one database share. */
export interface SharedSecrets {
  name: string;
  value: Buffer;
}

export interface HubSchema extends PeopleSchema, WorkSchema {
  users: Users;
  tokens: Tokens;
  organizations: Organizations;
  affiliations: Affiliations;
  projects: Projects;
  entity_types: EntityTypes;
  versions: Versions;
  memberships: Memberships;
  sections: Sections;
  media: Media;
  localizations: Localizations;
  states: States;
  leaves: Leaves;
  bookmarks: Bookmarks;
  favorites: Favorites;
  change_logs: ChangeLogs;
  jobs: Jobs;
  idempotency_keys: IdempotencyKeys;
  shared_secrets: SharedSecrets;
}
