import Type from 'typebox';
import {
  AnyObject,
  AttributeValue,
  DateTime,
  Id,
  RowId,
  Text,
  Truth,
  Whole,
  choice,
  nullable,
  optional,
  anyOf,
  object,
} from './values.ts';

/** Sign-in, users, and the organizations they belong to. */

/** `refresh` replaces the token and so ends every other session of the user. */
export const Credentials = object({ username: Text, password: Text, ...optional({ refresh: Truth }) });

export const Token = object({ token: Text });

/** With a `registration_token` the e-mail must be the invitation's. `new_avatar` is base64. */
export const UserSpec = object({
  username: Text,
  first_name: Text,
  last_name: Text,
  email: Text,
  password: Text,
  ...optional({ elemental_id: Text, profile: AnyObject, registration_token: Text, new_avatar: Text }),
});

/** `password` goes with `reset_token` and with nothing else. */
export const UserUpdate = object(
  optional({
    first_name: Text,
    last_name: Text,
    email: Text,
    elemental_id: Text,
    password: Text,
    reset_token: Text,
    new_avatar: Text,
    clear_avatar: Type.Integer({ default: 0 }),
    set_profile_keys: AnyObject,
    clear_profile_keys: Type.Array(Text),
  }),
);

export const User = object({
  id: Id,
  username: Text,
  ...optional({
    first_name: Text,
    last_name: Text,
    email: Text,
    is_staff: Truth,
    elemental_id: nullable(Text),
    profile: nullable(AnyObject),
  }),
});

export const PasswordReset = object({ email: Text });

/** `markdown` is text for people. */
export const Announcement = object({
  id: Id,
  markdown: Text,
  ...optional({ created_datetime: Text, eol_datetime: Text }),
});

const named = object(optional({ name: Text, value: AttributeValue }));

/** Built-in fields have a leading `_`, attributes have not. */
export const ChangeLogEntry = object({
  id: Id,
  ...optional({
    project: Id,
    user: nullable(Id),
    modified_datetime: DateTime,
    description_of_change: object(optional({ old: Type.Array(named), new: Type.Array(named) })),
  }),
});

// Organizations

const levelOfNewMembers = choice([
  'No Access',
  'View Only',
  'Can Edit',
  'Can Transfer',
  'Can Execute',
  'Full Control',
]);

const organizationMembers = {
  default_membership_permission: levelOfNewMembers,
  thumb: Text,
  effective_permission: Whole,
};

export const OrganizationSpec = object({ name: Text, ...optional(organizationMembers) });
export const OrganizationUpdate = object(optional({ name: Text, ...organizationMembers }));

export const Organization = object({
  id: Id,
  name: Text,
  permission: Text,
  ...optional({ ...organizationMembers, thumb: nullable(Text) }),
});

const organizationLevel = choice(['Member', 'Admin']);

/** The request says `user`, the answer `user_id`. */
export const AffiliationSpec = object(optional({ user: RowId, permission: organizationLevel }));
export const AffiliationUpdate = object(optional({ permission: organizationLevel }));

export const Affiliation = object({
  id: Id,
  user_id: RowId,
  organization_id: RowId,
  permission: organizationLevel,
  ...optional({ username: Text, first_name: Text, last_name: Text, email: Text }),
});

export const InvitationSpec = object({ email: Text, permission: organizationLevel });

export const InvitationUpdate = object(
  optional({ status: choice(['Accepted']), permission: organizationLevel }),
);

export const Invitation = object({
  id: Id,
  email: Text,
  permission: organizationLevel,
  status: choice(['Pending', 'Expired', 'Accepted']),
  ...optional({
    organization: RowId,
    created_by: Id,
    created_username: Text,
    created_datetime: DateTime,
    registration_token: Text,
  }),
});

export const GroupSpec = object({ name: Text, ...optional({ initial_members: Type.Array(Id) }) });

export const GroupUpdate = object(
  optional({ name: Text, add_members: Type.Array(Id), remove_members: Type.Array(Id) }),
);

export const Group = object({
  id: Id,
  name: Text,
  members: Type.Array(Id),
  ...optional({ organization: Id }),
});

// Object stores

export const s3 = object({
  endpoint_url: Text,
  region_name: Text,
  aws_access_key_id: Text,
  aws_secret_access_key: Text,
});

export const gcp = object({
  type: Text,
  project_id: Text,
  private_key_id: Text,
  private_key: Text,
  client_email: Text,
  client_id: Text,
  auth_uri: Text,
  token_uri: Text,
  auth_provider_x509_cert_url: Text,
  client_x509_cert_url: Text,
});

export const ociNative = object({
  user: Text,
  key_content: Text,
  fingerprint: Text,
  tenancy: Text,
  region: Text,
});

export const oci = object({
  boto3_config: s3,
  native_config: ociNative,
});

export const azure = object({ connection_string: Text });

/** Credentials of the store; never returned. */
const config = anyOf(gcp, oci, s3, azure);
const storeType = choice(['AWS', 'MINIO', 'GCP', 'OCI', 'VAST', 'AZURE']);

const bucketMembers = {
  archive_sc: choice(['STANDARD', 'DEEP_ARCHIVE', 'COLDLINE']),
  live_sc: choice(['STANDARD']),
  external_host: Text,
  effective_permission: Whole,
};

export const BucketSpec = object({
  name: Text,
  config,
  store_type: storeType,
  ...optional(bucketMembers),
});

export const BucketUpdate = object(optional({ name: Text, config, store_type: storeType, ...bucketMembers }));

export const Bucket = object({
  id: Id,
  organization: Id,
  name: Text,
  store_type: storeType,
  ...optional({ ...bucketMembers, endpoint_url: nullable(Text), external_host: nullable(Text) }),
});

// Fine-grained permissions

/** What a protection can be about; exactly one of them. */
const targets = {
  project: Id,
  media: Id,
  localization: Id,
  state: Id,
  file: Id,
  section: Id,
  algorithm: Id,
  version: Id,
  target_organization: Id,
  target_group: Id,
  job_cluster: Id,
  bucket: Id,
  hosted_template: Id,
};

/** Whom it is about; exactly one of them. */
const subjects = { user: Id, organization: Id, group: Id };

/** `permission` is a bit mask: exist 1, read 2, create 4, modify 8, delete 16, execute 32, upload 64, ACL 128. */
export const RowProtectionSpec = object({ permission: Whole, ...optional({ ...targets, ...subjects }) });

export const RowProtectionUpdate = object(optional({ permission: Whole }));

export const RowProtection = object({
  id: Id,
  permission: Whole,
  ...optional({
    created_datetime: DateTime,
    created_by: Id,
    project: nullable(Id),
    media: nullable(Id),
    localization: nullable(Id),
    state: nullable(Id),
    file: nullable(Id),
    section: nullable(Id),
    algorithm: nullable(Id),
    version: nullable(Id),
    target_organization: nullable(Id),
    target_group: nullable(Id),
    job_cluster: nullable(Id),
    bucket: nullable(Id),
    hosted_template: nullable(Id),
    user: nullable(Id),
    organization: nullable(Id),
    group: nullable(Id),
  }),
});
