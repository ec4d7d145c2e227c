import Type from 'typebox';
import { family, image, redirect } from '../operation.ts';
import { may, mayList, neededList } from '../param.ts';
import {
  exactCount,
  fields,
  mediaFilters,
  presignOnly,
  presigning,
  relatedFilters,
} from '../shapes/filters.ts';
import { VideoClip } from '../shapes/jobs.ts';
import { oneOrMany } from '../shapes/lists.ts';
import * as shape from '../shapes/media.ts';
import { CreateListReply, CreateReply, MessageReply } from '../shapes/replies.ts';
import { Count, Text, choice, anyOf } from '../shapes/values.ts';

const filters = { ...mediaFilters, ...relatedFilters };
const listing = { ...filters, ...fields, ...presigning, ...presignOnly };

/** What keeps a bulk call from meaning every media of the project; `start` and `stop` do not. */
const narrowedBy = ['count', 'media_id', 'elemental_id', ...shape.mediaIdLists.map((name) => `body.${name}`)];

export const mediaOperations = family({
  get_media_list: {
    method: 'GET',
    path: '/rest/Medias/{project}',
    query: listing,
    responses: { 200: Type.Array(shape.Media) },
    permission: 'member',
    summary: 'Lists the media that pass the filters, by name.',
  },
  get_media_list_by_id: {
    method: 'PUT',
    path: '/rest/Medias/{project}',
    query: listing,
    body: shape.MediaQuery,
    responses: { 200: Type.Array(shape.Media) },
    permission: 'member',
    summary: 'Lists media by long id lists or a search object in the body; changes nothing.',
  },
  create_media_list: {
    method: 'POST',
    path: '/rest/Medias/{project}',
    body: oneOrMany(shape.MediaSpec),
    responses: { 201: anyOf(CreateListReply, CreateReply) },
    permission: 'can-transfer',
    summary: 'Adds one media, or several images; files come afterwards.',
  },
  update_media_list: {
    method: 'PATCH',
    path: '/rest/Medias/{project}',
    query: { ...filters, ...exactCount },
    body: shape.MediaBulkUpdate,
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Changes attributes or the archive state of all selected media of one type.',
    narrowedBy,
  },
  delete_media_list: {
    method: 'DELETE',
    path: '/rest/Medias/{project}',
    query: { ...filters, ...exactCount },
    optionalBody: shape.MediaQuery,
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Deletes all selected media with their annotations.',
    narrowedBy,
  },
  get_media_count: {
    method: 'GET',
    path: '/rest/MediaCount/{project}',
    query: filters,
    responses: { 200: Count },
    permission: 'member',
    summary: 'Counts the media that pass the filters.',
  },
  get_media_count_by_id: {
    method: 'PUT',
    path: '/rest/MediaCount/{project}',
    query: filters,
    body: shape.MediaQuery,
    responses: { 200: Count },
    permission: 'member',
    summary: 'Counts media by id lists or a search object in the body.',
  },
  get_media_stats: {
    method: 'GET',
    path: '/rest/MediaStats/{project}',
    query: filters,
    responses: { 200: shape.MediaStats },
    permission: 'member',
    summary: 'Totals the number, the duration and the bytes of the media that pass the filters.',
  },
  get_media: {
    method: 'GET',
    path: '/rest/Media/{id}',
    query: presigning,
    responses: { 200: shape.Media },
    permission: 'member',
    summary: 'Reads one media, with the keys or, presigned, the URLs of its files.',
  },
  update_media: {
    method: 'PATCH',
    path: '/rest/Media/{id}',
    body: shape.MediaUpdate,
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: "Changes a media's name, attributes, section, measures or composition.",
  },
  delete_media: {
    method: 'DELETE',
    path: '/rest/Media/{id}',
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Deletes a media with its annotations.',
  },
  get_media_next: {
    method: 'GET',
    path: '/rest/MediaNext/{id}',
    query: filters,
    responses: { 200: shape.MediaNext },
    permission: 'member',
    summary: 'Finds the media after this one among those that pass the filters; -1 at the end.',
  },
  get_media_prev: {
    method: 'GET',
    path: '/rest/MediaPrev/{id}',
    query: filters,
    responses: { 200: shape.MediaPrev },
    permission: 'member',
    summary: 'Finds the media before this one among those that pass the filters; -1 at the beginning.',
  },
  clone_media_list: {
    method: 'POST',
    path: '/rest/CloneMedia/{project}',
    query: mediaFilters,
    body: shape.CloneSpec,
    responses: { 201: CreateListReply },
    permission: 'can-transfer',
    summary: 'Makes up to 500 media in another project that share the files of the selected ones.',
    narrowedBy: ['media_id', 'elemental_id', 'section', 'multi_section', 'name', 'gid', 'uid', 'md5', 'stop'],
  },
  get_cloned_media: {
    method: 'GET',
    path: '/rest/GetClonedMedia/{id}',
    responses: { 200: shape.ClonesReply },
    permission: 'member',
    summary: 'Lists the media that share files with this one.',
  },
  get_frame: {
    method: 'GET',
    path: '/rest/GetFrame/{id}',
    query: {
      frames: mayList(Count, { default: [0] }),
      tile: may(Text),
      roi: may(Text),
      force_scale: may(Text),
      animate: may(Type.Integer({ minimum: 0, maximum: 15 })),
      quality: may(Count),
    },
    responses: { 200: image },
    permission: 'member',
    summary: 'Makes a picture of one frame, a tiling of several, or a short animation.',
  },
  get_clip: {
    method: 'GET',
    path: '/rest/GetClip/{id}',
    query: { frame_ranges: neededList(Text), quality: may(Count), reencode: may(Count) },
    responses: { 200: VideoClip },
    permission: 'member',
    summary: 'Cuts ranges of frames, each `first:last` inclusive, into a temporary video file.',
  },
  get_permalink: {
    method: 'GET',
    path: '/rest/Permalink/{id}',
    query: {
      element: may(
        choice(['auto', 'streaming', 'archival', 'audio', 'image', 'thumbnail', 'thumbnail_gif'], {
          default: 'auto',
        }),
      ),
      quality: may(Type.Integer({ minimum: 0, default: 720 })),
    },
    responses: { 301: redirect },
    permission: 'anyone',
    summary: 'Points to a file of a media by a URL that lives a day; without a token for public projects.',
  },
});
