import Type from 'typebox';
import { family } from '../operation.ts';
import { may, mayList } from '../param.ts';
import * as shape from '../shapes/jobs.ts';
import { CreateListReply, CreateReply, MessageReply } from '../shapes/replies.ts';
import { Id, Text } from '../shapes/values.ts';

/** Jobs that were started together share a `gid`. */
const jobFilters = { gid: may(Text), media_id: mayList(Id) };

export const jobOperations = family({
  get_algorithm_list: {
    method: 'GET',
    path: '/rest/Algorithms/{project}',
    responses: { 200: Type.Array(shape.Algorithm) },
    permission: 'member',
    summary: 'Lists the algorithms of a project.',
  },
  register_algorithm: {
    method: 'POST',
    path: '/rest/Algorithms/{project}',
    body: shape.AlgorithmSpec,
    responses: { 201: CreateReply },
    permission: 'can-edit',
    summary: 'Makes a saved workflow manifest an algorithm of the project.',
  },
  get_algorithm: {
    method: 'GET',
    path: '/rest/Algorithm/{id}',
    responses: { 200: shape.Algorithm },
    permission: 'member',
    summary: 'Reads one algorithm, with the filled-in template if it has one.',
  },
  update_algorithm: {
    method: 'PATCH',
    path: '/rest/Algorithm/{id}',
    body: shape.AlgorithmSpec,
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Changes an algorithm; send `cluster` always, and template values or they are emptied.',
  },
  delete_algorithm: {
    method: 'DELETE',
    path: '/rest/Algorithm/{id}',
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Deletes an algorithm and its manifest.',
  },
  save_algorithm_manifest: {
    method: 'POST',
    path: '/rest/SaveAlgorithmManifest/{project}',
    body: shape.ManifestSpec,
    responses: { 201: shape.Manifest },
    permission: 'can-edit',
    summary: 'Copies an uploaded workflow manifest to where algorithms are registered from.',
  },

  get_job_list: {
    method: 'GET',
    path: '/rest/Jobs/{project}',
    query: jobFilters,
    responses: { 200: Type.Array(shape.Job) },
    permission: 'member',
    summary: 'Lists the jobs of a project.',
  },
  create_job_list: {
    method: 'POST',
    path: '/rest/Jobs/{project}',
    body: shape.JobSpec,
    responses: { 201: CreateListReply },
    permission: 'can-execute',
    summary: 'Runs an algorithm on media, in as many jobs as its batch size needs.',
  },
  delete_job_list: {
    method: 'DELETE',
    path: '/rest/Jobs/{project}',
    query: jobFilters,
    responses: { 200: MessageReply },
    permission: 'can-execute',
    summary: 'Cancels the jobs that were started together.',
    narrowedBy: ['gid'],
  },
  get_job: {
    method: 'GET',
    path: '/rest/Job/{uid}',
    responses: { 200: shape.Job },
    permission: 'member',
    summary: 'Reads how far one job has come.',
  },
  delete_job: {
    method: 'DELETE',
    path: '/rest/Job/{uid}',
    responses: { 200: MessageReply },
    permission: 'can-execute',
    summary: 'Cancels one job.',
  },

  get_applet_list: {
    method: 'GET',
    path: '/rest/Applets/{project}',
    responses: { 200: Type.Array(shape.Applet) },
    permission: 'member',
    summary: 'Lists the applets of a project.',
  },
  register_applet: {
    method: 'POST',
    path: '/rest/Applets/{project}',
    body: shape.AppletSpec,
    responses: { 201: CreateReply },
    permission: 'can-execute',
    summary: 'Makes a saved page an applet of the project.',
  },
  get_applet: {
    method: 'GET',
    path: '/rest/Applet/{id}',
    responses: { 200: shape.Applet },
    permission: 'member',
    summary: 'Reads one applet, with the filled-in template if it has one.',
  },
  update_applet: {
    method: 'PATCH',
    path: '/rest/Applet/{id}',
    body: shape.AppletSpec,
    responses: { 200: MessageReply },
    permission: 'can-execute',
    summary: 'Changes an applet; template values and headers left out are emptied.',
  },
  delete_applet: {
    method: 'DELETE',
    path: '/rest/Applet/{id}',
    responses: { 200: MessageReply },
    permission: 'can-execute',
    summary: 'Deletes an applet and its page.',
  },
  save_generic_file: {
    method: 'POST',
    path: '/rest/SaveGenericFile/{project}',
    body: shape.GenericFileSpec,
    responses: { 201: shape.GenericFile },
    permission: 'can-execute',
    summary: 'Copies an uploaded file to where applets are registered from.',
  },
});
