import Type from 'typebox';
import { family } from '../operation.ts';
import { may, needed } from '../param.ts';
import * as shape from '../shapes/media.ts';
import { MessageReply } from '../shapes/replies.ts';
import { Count, Id, choice } from '../shapes/values.ts';

/** The file entries of a media: lists by role, addressed by role and 0-based index. */

const videoRole = { role: needed(choice(['streaming', 'archival'])) };
const imageRole = { role: needed(choice(['image', 'thumbnail', 'thumbnail_gif'])) };
const audioRole = { role: may(choice(['audio'], { default: 'audio' })) };
const auxiliaryRole = { role: may(choice(['attachment'], { default: 'attachment' })) };

const which = { index: needed(Count) };

/** A new entry goes before `index`, else to the end; `bucket_id` says where its object lies. */
const place = { index: may(Count), bucket_id: may(Id) };

export const mediaFileOperations = family({
  get_video_file_list: {
    method: 'GET',
    path: '/rest/VideoFiles/{id}',
    query: videoRole,
    responses: { 200: Type.Array(shape.VideoFile) },
    permission: 'member',
    summary: 'Lists the video files of a media in one role.',
  },
  create_video_file: {
    method: 'POST',
    path: '/rest/VideoFiles/{id}',
    query: { ...videoRole, ...place },
    body: shape.VideoFile,
    responses: { 201: MessageReply },
    permission: 'can-transfer',
    summary: 'Adds an uploaded video file to a media.',
  },
  get_video_file: {
    method: 'GET',
    path: '/rest/VideoFile/{id}',
    query: { ...videoRole, ...which },
    responses: { 200: shape.VideoFile },
    permission: 'member',
    summary: 'Reads the entry of one video file.',
  },
  update_video_file: {
    method: 'PATCH',
    path: '/rest/VideoFile/{id}',
    query: { ...videoRole, ...which },
    body: shape.VideoFile,
    responses: { 200: MessageReply },
    permission: 'can-transfer',
    summary: 'Replaces the entry of one video file; the old object goes when no other media uses it.',
  },
  delete_video_file: {
    method: 'DELETE',
    path: '/rest/VideoFile/{id}',
    query: { ...videoRole, ...which },
    responses: { 200: MessageReply },
    permission: 'can-transfer',
    summary: 'Takes a video file off a media; the indices behind it move up.',
  },

  get_image_file_list: {
    method: 'GET',
    path: '/rest/ImageFiles/{id}',
    query: imageRole,
    responses: { 200: Type.Array(shape.ImageFile) },
    permission: 'member',
    summary: 'Lists the image files of a media in one role.',
  },
  create_image_file: {
    method: 'POST',
    path: '/rest/ImageFiles/{id}',
    query: { ...imageRole, ...place },
    body: shape.ImageFile,
    responses: { 201: MessageReply },
    permission: 'can-transfer',
    summary: 'Adds an uploaded image file to a media.',
  },
  get_image_file: {
    method: 'GET',
    path: '/rest/ImageFile/{id}',
    query: { ...imageRole, ...which },
    responses: { 200: shape.ImageFile },
    permission: 'member',
    summary: 'Reads the entry of one image file.',
  },
  update_image_file: {
    method: 'PATCH',
    path: '/rest/ImageFile/{id}',
    query: { ...imageRole, ...which },
    body: shape.ImageFile,
    responses: { 200: MessageReply },
    permission: 'can-transfer',
    summary: 'Replaces the entry of one image file; the old object goes when no other media uses it.',
  },
  delete_image_file: {
    method: 'DELETE',
    path: '/rest/ImageFile/{id}',
    query: { ...imageRole, ...which },
    responses: { 200: MessageReply },
    permission: 'can-transfer',
    summary: 'Takes an image file off a media; the indices behind it move up.',
  },

  get_audio_file_list: {
    method: 'GET',
    path: '/rest/AudioFiles/{id}',
    query: audioRole,
    responses: { 200: Type.Array(shape.AudioFile) },
    permission: 'member',
    summary: 'Lists the audio files of a media.',
  },
  create_audio_file: {
    method: 'POST',
    path: '/rest/AudioFiles/{id}',
    query: { ...audioRole, ...place },
    body: shape.AudioFile,
    responses: { 201: MessageReply },
    permission: 'can-transfer',
    summary: 'Adds an uploaded audio file to a media.',
  },
  get_audio_file: {
    method: 'GET',
    path: '/rest/AudioFile/{id}',
    query: { ...audioRole, ...which },
    responses: { 200: shape.AudioFile },
    permission: 'member',
    summary: 'Reads the entry of one audio file.',
  },
  update_audio_file: {
    method: 'PATCH',
    path: '/rest/AudioFile/{id}',
    query: { ...audioRole, ...which },
    body: shape.AudioFile,
    responses: { 200: MessageReply },
    permission: 'can-transfer',
    summary: 'Replaces the entry of one audio file; the old object goes when no other media uses it.',
  },
  delete_audio_file: {
    method: 'DELETE',
    path: '/rest/AudioFile/{id}',
    query: { ...audioRole, ...which },
    responses: { 200: MessageReply },
    permission: 'can-transfer',
    summary: 'Takes an audio file off a media; the indices behind it move up.',
  },

  get_auxiliary_file_list: {
    method: 'GET',
    path: '/rest/AuxiliaryFiles/{id}',
    query: auxiliaryRole,
    responses: { 200: Type.Array(shape.AuxiliaryFile) },
    permission: 'member',
    summary: 'Lists the attachments of a media.',
  },
  create_auxiliary_file: {
    method: 'POST',
    path: '/rest/AuxiliaryFiles/{id}',
    query: { ...auxiliaryRole, ...place },
    body: shape.AuxiliaryFile,
    responses: { 201: MessageReply },
    permission: 'can-transfer',
    summary: 'Adds an uploaded attachment to a media.',
  },
  get_auxiliary_file: {
    method: 'GET',
    path: '/rest/AuxiliaryFile/{id}',
    query: { ...auxiliaryRole, ...which },
    responses: { 200: shape.AuxiliaryFile },
    permission: 'member',
    summary: 'Reads the entry of one attachment.',
  },
  update_auxiliary_file: {
    method: 'PATCH',
    path: '/rest/AuxiliaryFile/{id}',
    query: { ...auxiliaryRole, ...which },
    body: shape.AuxiliaryFile,
    responses: { 200: MessageReply },
    permission: 'can-transfer',
    summary: 'Replaces the entry of one attachment; the old object goes when no other media uses it.',
  },
  delete_auxiliary_file: {
    method: 'DELETE',
    path: '/rest/AuxiliaryFile/{id}',
    query: { ...auxiliaryRole, ...which },
    responses: { 200: MessageReply },
    permission: 'can-transfer',
    summary: 'Takes an attachment off a media; the indices behind it move up.',
  },
});
