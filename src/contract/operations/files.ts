import Type from 'typebox';
import { family } from '../operation.ts';
import { may } from '../param.ts';
import { fileFilters } from '../shapes/filters.ts';
import * as shape from '../shapes/jobs.ts';
import { CreateReply, MessageReply } from '../shapes/replies.ts';

const expired = { expired: may(Type.Integer({ default: 0 })) };

export const fileOperations = family({
  get_file_list: {
    method: 'GET',
    path: '/rest/Files/{project}',
    query: fileFilters,
    responses: { 200: Type.Array(shape.File) },
    permission: 'member',
    summary: 'Lists the files of a project that pass the filters, by row id.',
  },
  create_file: {
    method: 'POST',
    path: '/rest/Files/{project}',
    body: shape.FileSpec,
    responses: { 201: CreateReply },
    permission: 'can-execute',
    summary: 'Makes a file object; its content is uploaded afterwards.',
  },
  get_file: {
    method: 'GET',
    path: '/rest/File/{id}',
    responses: { 200: shape.File },
    permission: 'member',
    summary: 'Reads one file object.',
  },
  update_file: {
    method: 'PATCH',
    path: '/rest/File/{id}',
    body: shape.FileUpdate,
    responses: { 200: MessageReply },
    permission: 'can-execute',
    summary: 'Changes a file object, or ties it to its uploaded content.',
  },
  delete_file: {
    method: 'DELETE',
    path: '/rest/File/{id}',
    responses: { 200: MessageReply },
    permission: 'can-execute',
    summary: 'Deletes a file object and its content for good.',
  },

  get_temporary_file_list: {
    method: 'GET',
    path: '/rest/TemporaryFiles/{project}',
    query: expired,
    responses: { 200: Type.Array(shape.TemporaryFile) },
    permission: 'member',
    summary: 'Lists the short-lived files of a project, or only the expired ones.',
  },
  create_temporary_file: {
    method: 'POST',
    path: '/rest/TemporaryFiles/{project}',
    body: shape.TemporaryFileSpec,
    responses: { 201: CreateReply },
    permission: 'can-edit',
    summary: 'Has the server fetch a file and keep it for some hours.',
  },
  delete_temporary_file_list: {
    method: 'DELETE',
    path: '/rest/TemporaryFiles/{project}',
    query: expired,
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Deletes the expired short-lived files of a project, or, with `expired` 0, all.',
    narrowedBy: ['expired'],
  },
  get_temporary_file: {
    method: 'GET',
    path: '/rest/TemporaryFile/{id}',
    responses: { 200: shape.TemporaryFile },
    permission: 'member',
    summary: 'Reads where a short-lived file can be fetched.',
  },
  delete_temporary_file: {
    method: 'DELETE',
    path: '/rest/TemporaryFile/{id}',
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Deletes one short-lived file.',
  },
});
