import type { TSchema } from 'typebox';
import * as accounts from './shapes/accounts.ts';
import * as annotations from './shapes/annotations.ts';
import * as types from './shapes/entity-types.ts';
import * as jobs from './shapes/jobs.ts';
import * as leaves from './shapes/leaves.ts';
import * as media from './shapes/media.ts';
import * as projects from './shapes/projects.ts';
import * as replies from './shapes/replies.ts';
import { Search, VectorSearch } from './shapes/search.ts';
import { Parameter } from './shapes/values.ts';

/**
 * The schemas under their published names. Clients that are made from the document call the body of an
 * operation by the name of its schema (`media_update` for `MediaUpdate`) and the classes of what they
 * get by the names of the replies, so the names are part of the contract.
 *
 * Where two names stand for one schema, the first is the one that refers to it.
 */
export const namedSchemas: Readonly<Record<string, TSchema>> = {
  // Under the name that they have here.
  ...picked(accounts, [
    ...['Credentials', 'Token', 'UserSpec', 'UserUpdate', 'User', 'Announcement'],
    ...['OrganizationSpec', 'OrganizationUpdate', 'Organization'],
    ...['AffiliationSpec', 'AffiliationUpdate', 'Affiliation'],
    ...['InvitationSpec', 'InvitationUpdate', 'Invitation', 'GroupSpec', 'Group'],
    ...['BucketSpec', 'BucketUpdate', 'Bucket', 'RowProtectionSpec', 'RowProtection'],
  ]),
  ...picked(annotations, [
    ...['LocalizationSpec', 'LocalizationUpdate', 'LocalizationDelete', 'Localization'],
    ...['LocalizationBulkUpdate', 'LocalizationBulkDelete'],
    ...['StateSpec', 'StateUpdate', 'StateDelete', 'State', 'StateBulkUpdate', 'StateBulkDelete'],
  ]),
  ...picked(types, [
    ...['AttributeType', 'AttributeTypeSpec', 'AttributeTypeUpdate', 'AttributeTypeDelete'],
    ...['EncodeConfig', 'ArchiveConfig', 'ResolutionConfig', 'Fill'],
    ...['MediaTypeSpec', 'MediaTypeUpdate', 'MediaType'],
    ...['LocalizationTypeSpec', 'LocalizationTypeUpdate', 'LocalizationType'],
    ...['StateTypeSpec', 'StateTypeUpdate', 'StateType'],
    ...['LeafTypeSpec', 'LeafTypeUpdate', 'LeafType', 'FileTypeSpec', 'FileTypeUpdate', 'FileType'],
  ]),
  ...picked(jobs, [
    ...['EmailSpec', 'NotifySpec', 'AlgorithmParameter', 'AlgorithmSpec', 'Algorithm'],
    ...['JobNode', 'Job', 'JobSpec', 'TranscodeSpec', 'Transcode', 'JobClusterSpec', 'JobCluster'],
    ...['AppletSpec', 'Applet', 'HostedTemplateSpec', 'HostedTemplate', 'GenericFileSpec', 'GenericFile'],
    ...['FileSpec', 'FileUpdate', 'File', 'TemporaryFileSpec', 'TemporaryFile', 'VideoClip'],
  ]),
  ...picked(leaves, ['LeafSpec', 'LeafUpdate', 'LeafBulkUpdate', 'Leaf', 'LeafSuggestion']),
  ...picked(media, [
    ...['MediaFiles', 'MediaSpec', 'MediaUpdate', 'MediaBulkUpdate', 'Media'],
    ...['MediaStats', 'MediaNext', 'MediaPrev', 'UploadInfo', 'UploadPart', 'DownloadInfo'],
  ]),
  ...picked(projects, [
    ...['ProjectSpec', 'ProjectUpdate', 'Project', 'MembershipSpec', 'MembershipUpdate', 'Membership'],
    ...['VersionSpec', 'VersionUpdate', 'Version', 'BookmarkSpec', 'BookmarkUpdate', 'Bookmark'],
    ...['SectionSpec', 'SectionUpdate', 'SectionBulkUpdate', 'Section'],
    ...['FavoriteSpec', 'FavoriteUpdate', 'Favorite'],
  ]),
  Parameter,
  // Under another.
  AlgorithmManifest: jobs.Manifest,
  AlgorithmManifestSpec: jobs.ManifestSpec,
  AttributeOperationSpec: Search,
  AttributeCombinatorSpec: branch(Search, 0),
  AttributeFilterSpec: branch(Search, 1),
  AudioDefinition: media.AudioFile,
  AutocompleteService: branch(types.Autocomplete, 0),
  AuxiliaryFileDefinition: media.AuxiliaryFile,
  BadRequestResponse: replies.BadRequestReply,
  BucketAzureConfig: accounts.azure,
  BucketGCPConfig: accounts.gcp,
  BucketOCIConfig: accounts.oci,
  BucketOCINativeConfig: accounts.ociNative,
  BucketS3Config: accounts.s3,
  ChangeLog: accounts.ChangeLogEntry,
  CloneMediaSpec: media.CloneSpec,
  ColorMap: branch(types.ColorMap, 0),
  ConcatDefinition: media.ConcatClip,
  CreateListResponse: replies.CreateListReply,
  CreateResponse: replies.CreateReply,
  DownloadInfoSpec: media.DownloadKeys,
  EmailAttachmentSpec: jobs.EmailAttachment,
  FeedDefinition: media.Feed,
  FloatArrayQuery: VectorSearch,
  GetClonedMediaResponse: media.ClonesReply,
  GroupUpdateSpec: accounts.GroupUpdate,
  ImageDefinition: media.ImageFile,
  LeafIdQuery: leaves.LeafQuery,
  LiveDefinition: media.LiveStream,
  LiveUpdateDefinition: media.LiveUpdate,
  LocalizationIdQuery: annotations.LocalizationQuery,
  MediaIdQuery: media.MediaQuery,
  MessageResponse: replies.MessageReply,
  MultiDefinition: media.Multi,
  NotFoundResponse: replies.MessageReply,
  PasswordResetSpec: accounts.PasswordReset,
  RowProtectionUpdateSpec: accounts.RowProtectionUpdate,
  S3StorageConfig: types.S3Storage,
  StateIdQuery: annotations.StateQuery,
  StateMergeUpdate: annotations.StateMerge,
  StateTrimUpdate: annotations.StateTrim,
  UploadCompletionSpec: media.UploadCompletion,
  VideoDefinition: media.VideoFile,
};

function picked<Shapes extends object, const Names extends readonly (keyof Shapes & string)[]>(
  shapes: Shapes,
  names: Names,
): Record<string, TSchema> {
  return Object.fromEntries(names.map((name) => [name, shapes[name] as TSchema]));
}

/** One of the kinds that a schema allows. */
function branch(schema: TSchema, index: number): TSchema {
  return (schema as { anyOf: TSchema[] }).anyOf[index] as TSchema;
}
