import Type from 'typebox';
import {
  AnyObject,
  AttributeMap,
  Count,
  DateTime,
  Id,
  Parameter,
  RowId,
  Text,
  Whole,
  attributeEdits,
  nullable,
  optional,
  anyOf,
  object,
  partial,
} from './values.ts';

/** Work that runs on the server, what it is made of, and files that are no media. */

export const EmailAttachment = object({ key: Text, name: Text });

export const EmailSpec = object({
  recipients: Type.Array(Text),
  subject: Text,
  text: Text,
  ...optional({ attachments: Type.Array(EmailAttachment) }),
});

/** `send_as_file` 1 sends the message as an attachment. */
export const NotifySpec = object({ message: Text, ...optional({ send_as_file: Whole }) });

// Algorithms

export const AlgorithmParameter = object({ name: Text, value: anyOf(Type.Number(), Text) });

/** Values of a hosted template. An update that leaves them out empties them. */
const Parameters = Type.Array(Parameter, { default: [] });

const algorithmMembers = {
  description: Text,
  manifest: Text,
  cluster: nullable(Id),
  categories: Type.Array(Text),
  parameters: Type.Array(AlgorithmParameter),
  template: nullable(Id),
  tparams: Parameters,
};

/** `manifest` is the URL that `save_algorithm_manifest` answered. */
export const AlgorithmSpec = object({
  name: Text,
  user: Id,
  files_per_job: Whole,
  ...optional({ ...algorithmMembers, headers: Parameters }),
});

export const Algorithm = object({
  id: Id,
  project: Id,
  name: Text,
  ...optional({
    ...algorithmMembers,
    user: Id,
    description: nullable(Text),
    manifest: nullable(Text),
    files_per_job: Whole,
    rendered: Text,
  }),
});

/** `upload_url` is the download URL of an upload. */
export const ManifestSpec = object(optional({ name: Text, upload_url: Text }));
export const Manifest = object(optional({ url: Text }));

// Jobs and transcodes

export const JobNode = object(
  optional({
    id: Text,
    children: Type.Array(Text),
    task: Text,
    status: Text,
    start_time: nullable(DateTime),
    stop_time: nullable(DateTime),
  }),
);

/** `status` is Pending, Running, Succeeded, Failed or Error, or a word of the transcode service. */
export const Job = object({
  uid: Text,
  status: Text,
  ...optional({
    id: Text,
    gid: nullable(Text),
    user: anyOf(Id, Text),
    project: anyOf(Id, Text),
    nodes: Type.Array(JobNode),
    start_time: nullable(DateTime),
    stop_time: nullable(DateTime),
    media_ids: Type.Array(Id),
  }),
});

export const JobSpec = object({
  algorithm_name: Text,
  media_ids: Type.Array(Id),
  ...optional({
    extra_params: Type.Array(AlgorithmParameter),
    success_email_spec: nullable(EmailSpec),
    failure_email_spec: nullable(EmailSpec),
  }),
});

/** `url` is where the server fetches the video. Without `media_id` a media is made. */
export const TranscodeSpec = object({
  type: Id,
  gid: Type.String({ format: 'uuid' }),
  uid: Text,
  url: Text,
  name: Text,
  ...optional({
    size: Count,
    section: Text,
    section_id: Id,
    md5: Text,
    attributes: nullable(AnyObject),
    email_spec: nullable(EmailSpec),
    media_id: nullable(Id),
  }),
});

/** The server repeats what it was given, with its own additions. */
export const Transcode = object(optional({ spec: partial(TranscodeSpec), job: Job }));

export const JobClusterSpec = object({ name: Text, host: Text, port: Whole, token: Text, cert: Text });

/** Token and certificate come back in clear. */
export const JobCluster = object({
  id: Id,
  organization: Id,
  name: Text,
  host: Text,
  port: Whole,
  ...optional({ token: Text, cert: Text, effective_permission: Whole }),
});

// Applets and templates

const appletMembers = {
  description: Text,
  categories: Type.Array(Text),
  html_file: Text,
  template: nullable(Id),
  tparams: Parameters,
};

export const AppletSpec = object(optional({ name: Text, ...appletMembers, headers: Parameters }));

export const Applet = object({
  id: Id,
  project: Id,
  name: Text,
  ...optional({
    ...appletMembers,
    description: nullable(Text),
    html_file: nullable(Text),
    rendered: Text,
  }),
});

/** Text fetched from `url` with `headers`, filled with the values of `tparams`. */
export const HostedTemplateSpec = object({
  name: Text,
  url: Text,
  ...optional({ tparams: Parameters, headers: Parameters }),
});

export const HostedTemplate = object({
  id: Id,
  name: Text,
  url: Text,
  ...optional({ organization: Id, tparams: Parameters, effective_permission: Whole }),
});

// Files

export const GenericFileSpec = object(optional({ name: Text, upload_url: Text }));
export const GenericFile = object(optional({ name: Text, upload_url: Text, project: Id, url: Text }));

const fileMembers = {
  name: Text,
  description: Text,
  attributes: AttributeMap,
  elemental_id: nullable(Text),
  type: Id,
};

export const FileSpec = object(optional({ ...fileMembers, user_elemental_id: nullable(Text) }));

/** `path` is the key of the file's own upload. */
export const FileUpdate = object({ ...optional({ ...fileMembers, path: Text }), ...attributeEdits });

export const File = object({
  id: Id,
  name: Text,
  ...optional({
    project: Id,
    type: Id,
    path: nullable(Text),
    description: nullable(Text),
    attributes: AttributeMap,
    elemental_id: nullable(Text),
    created_datetime: DateTime,
    created_by: nullable(Id),
    modified_datetime: DateTime,
    modified_by: nullable(Id),
  }),
});

/** The server fetches `url`; `lookup` is free text to find the file by; `hours` is how long it lives. */
export const TemporaryFileSpec = object({
  name: Text,
  url: Text,
  lookup: Text,
  ...optional({ hours: Type.Integer({ minimum: 1, maximum: 24, default: 24 }) }),
});

export const TemporaryFile = object({
  id: Id,
  name: Text,
  path: Text,
  ...optional({ project: RowId, user: Id, lookup: Text, created_datetime: Text, eol_datetime: Text }),
});

/** Frame ranges that the clip really holds: it is cut on whole fragments. */
export const VideoClip = object(
  optional({
    segment_start_frames: Type.Array(Whole),
    segment_end_frames: Type.Array(Whole),
    file: TemporaryFile,
  }),
);
