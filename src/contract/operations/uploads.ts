import Type from 'typebox';
import { family } from '../operation.ts';
import { may } from '../param.ts';
import { mediaFilters, relatedFilters } from '../shapes/filters.ts';
import { Transcode, TranscodeSpec } from '../shapes/jobs.ts';
import * as shape from '../shapes/media.ts';
import { CreateReply, MessageReply } from '../shapes/replies.ts';
import { RowId, Text } from '../shapes/values.ts';

const expiration = may(Type.Integer({ minimum: 1, maximum: 604_800, default: 86_400 }));
const parts = may(Type.Integer({ minimum: 1, maximum: 10_000, default: 1 }));

const filters = { ...mediaFilters, ...relatedFilters };

export const uploadOperations = family({
  get_upload_info: {
    method: 'GET',
    path: '/rest/UploadInfo/{project}',
    query: {
      expiration,
      num_parts: parts,
      media_id: may(RowId),
      file_id: may(RowId),
      filename: may(Text),
      bucket_id: may(RowId),
    },
    responses: { 200: shape.UploadInfo },
    permission: 'can-transfer',
    summary: 'Reserves a key and answers one URL for each part of an upload.',
  },
  complete_upload: {
    method: 'POST',
    path: '/rest/UploadCompletion/{project}',
    body: shape.UploadCompletion,
    responses: { 201: MessageReply },
    permission: 'can-transfer',
    summary: 'Joins the parts of an upload of two parts or more.',
  },
  get_download_info: {
    method: 'POST',
    path: '/rest/DownloadInfo/{project}',
    query: { expiration },
    body: shape.DownloadKeys,
    responses: { 201: Type.Array(shape.DownloadInfo) },
    permission: 'can-transfer',
    summary: 'Answers a URL for each key of an object of the project.',
  },
  get_organization_upload_info: {
    method: 'GET',
    path: '/rest/OrganizationUploadInfo/{organization}',
    query: { expiration, num_parts: parts },
    responses: { 200: shape.UploadInfo },
    permission: 'organization-admin',
    summary: "Reserves a key for an organization's picture.",
  },
  transcode: {
    method: 'POST',
    path: '/rest/Transcodes/{project}',
    body: TranscodeSpec,
    responses: { 201: CreateReply },
    permission: 'can-transfer',
    summary: 'Has the server fetch a video and make its streaming, archival, audio and thumbnail files.',
  },
  get_transcode_list: {
    method: 'GET',
    path: '/rest/Transcodes/{project}',
    query: filters,
    responses: { 200: Type.Array(Transcode) },
    permission: 'member',
    summary: 'Lists the transcodes of the media that pass the filters.',
  },
  get_transcode_list_by_id: {
    method: 'PUT',
    path: '/rest/Transcodes/{project}',
    query: filters,
    body: shape.MediaQuery,
    responses: { 200: Type.Array(Transcode) },
    permission: 'can-transfer',
    summary: 'Lists transcodes by the ids of their media in the body; changes nothing.',
  },
  delete_transcode_list: {
    method: 'DELETE',
    path: '/rest/Transcodes/{project}',
    query: filters,
    optionalBody: shape.MediaQuery,
    responses: { 200: MessageReply },
    permission: 'can-transfer',
    summary: 'Cancels the transcodes of the media that pass the filters.',
    narrowedBy: [
      'gid',
      'uid',
      'media_id',
      'elemental_id',
      ...shape.mediaIdLists.map((name) => `body.${name}`),
    ],
  },
  get_transcode: {
    method: 'GET',
    path: '/rest/Transcode/{uid}',
    responses: { 200: Transcode },
    permission: 'member',
    summary: 'Reads how far one transcode has come.',
  },
  delete_transcode: {
    method: 'DELETE',
    path: '/rest/Transcode/{uid}',
    responses: { 200: MessageReply },
    permission: 'can-transfer',
    summary: 'Cancels one transcode.',
  },
});
