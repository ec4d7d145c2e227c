import Type from 'typebox';
import { family } from '../operation.ts';
import { may, mayList } from '../param.ts';
import * as shape from '../shapes/entity-types.ts';
import { typeFilters } from '../shapes/filters.ts';
import { CreateReply, MessageReply } from '../shapes/replies.ts';
import { Id } from '../shapes/values.ts';

/** Types of annotations can be asked for by one media that they apply to. */
const annotationTypeFilters = { media_id: mayList(Id), type: may(Id), ...typeFilters };

export const entityTypeOperations = family({
  get_media_type_list: {
    method: 'GET',
    path: '/rest/MediaTypes/{project}',
    query: typeFilters,
    responses: { 200: Type.Array(shape.MediaType) },
    permission: 'member',
    summary: 'Lists the kinds of media of a project, by name.',
  },
  create_media_type: {
    method: 'POST',
    path: '/rest/MediaTypes/{project}',
    body: shape.MediaTypeSpec,
    responses: { 201: CreateReply },
    permission: 'full-control',
    summary: 'Makes a kind of media with its attributes and the way its videos are encoded.',
  },
  get_media_type: {
    method: 'GET',
    path: '/rest/MediaType/{id}',
    responses: { 200: shape.MediaType },
    permission: 'member',
    summary: 'Reads one media type.',
  },
  update_media_type: {
    method: 'PATCH',
    path: '/rest/MediaType/{id}',
    body: shape.MediaTypeUpdate,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Changes a media type, but neither its dtype nor its attributes.',
  },
  delete_media_type: {
    method: 'DELETE',
    path: '/rest/MediaType/{id}',
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Deletes a media type with all its media.',
  },

  get_localization_type_list: {
    method: 'GET',
    path: '/rest/LocalizationTypes/{project}',
    query: annotationTypeFilters,
    responses: { 200: Type.Array(shape.LocalizationType) },
    permission: 'member',
    summary: 'Lists the kinds of boxes, lines, dots and polygons of a project, by name.',
  },
  create_localization_type: {
    method: 'POST',
    path: '/rest/LocalizationTypes/{project}',
    body: shape.LocalizationTypeSpec,
    responses: { 201: CreateReply },
    permission: 'full-control',
    summary: 'Makes a kind of box, line, dot or polygon with its attributes.',
  },
  get_localization_type: {
    method: 'GET',
    path: '/rest/LocalizationType/{id}',
    responses: { 200: shape.LocalizationType },
    permission: 'member',
    summary: 'Reads one localization type.',
  },
  update_localization_type: {
    method: 'PATCH',
    path: '/rest/LocalizationType/{id}',
    body: shape.LocalizationTypeUpdate,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Changes the name or the look of a localization type; members left out fall back to defaults.',
  },
  delete_localization_type: {
    method: 'DELETE',
    path: '/rest/LocalizationType/{id}',
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Deletes a localization type with all its localizations.',
  },

  get_state_type_list: {
    method: 'GET',
    path: '/rest/StateTypes/{project}',
    query: annotationTypeFilters,
    responses: { 200: Type.Array(shape.StateType) },
    permission: 'member',
    summary: 'Lists the kinds of states and tracks of a project, by name.',
  },
  create_state_type: {
    method: 'POST',
    path: '/rest/StateTypes/{project}',
    body: shape.StateTypeSpec,
    responses: { 201: CreateReply },
    permission: 'full-control',
    summary: 'Makes a kind of state or track with its attributes.',
  },
  get_state_type: {
    method: 'GET',
    path: '/rest/StateType/{id}',
    responses: { 200: shape.StateType },
    permission: 'member',
    summary: 'Reads one state type.',
  },
  update_state_type: {
    method: 'PATCH',
    path: '/rest/StateType/{id}',
    body: shape.StateTypeUpdate,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Changes the name or the behaviour of a state type.',
  },
  delete_state_type: {
    method: 'DELETE',
    path: '/rest/StateType/{id}',
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Deletes a state type with all its states.',
  },

  get_leaf_type_list: {
    method: 'GET',
    path: '/rest/LeafTypes/{project}',
    query: typeFilters,
    responses: { 200: Type.Array(shape.LeafType) },
    permission: 'member',
    summary: 'Lists the vocabularies of a project, by name.',
  },
  create_leaf_type: {
    method: 'POST',
    path: '/rest/LeafTypes/{project}',
    body: shape.LeafTypeSpec,
    responses: { 201: CreateReply },
    permission: 'full-control',
    summary: 'Makes a vocabulary of leaves.',
  },
  get_leaf_type: {
    method: 'GET',
    path: '/rest/LeafType/{id}',
    responses: { 200: shape.LeafType },
    permission: 'member',
    summary: 'Reads one leaf type.',
  },
  update_leaf_type: {
    method: 'PATCH',
    path: '/rest/LeafType/{id}',
    body: shape.LeafTypeUpdate,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Renames a leaf type.',
  },
  delete_leaf_type: {
    method: 'DELETE',
    path: '/rest/LeafType/{id}',
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Deletes a leaf type with all its leaves.',
  },

  get_file_type_list: {
    method: 'GET',
    path: '/rest/FileTypes/{project}',
    query: typeFilters,
    responses: { 200: Type.Array(shape.FileType) },
    permission: 'member',
    summary: 'Lists the kinds of files of a project, by name.',
  },
  create_file_type: {
    method: 'POST',
    path: '/rest/FileTypes/{project}',
    body: shape.FileTypeSpec,
    responses: { 201: CreateReply },
    permission: 'full-control',
    summary: 'Makes a kind of file with its attributes.',
  },
  get_file_type: {
    method: 'GET',
    path: '/rest/FileType/{id}',
    responses: { 200: shape.FileType },
    permission: 'member',
    summary: 'Reads one file type.',
  },
  update_file_type: {
    method: 'PATCH',
    path: '/rest/FileType/{id}',
    body: shape.FileTypeUpdate,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Renames a file type; a description left out is emptied.',
  },
  delete_file_type: {
    method: 'DELETE',
    path: '/rest/FileType/{id}',
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Deletes a file type with all its files.',
  },

  create_attribute_type: {
    method: 'POST',
    path: '/rest/AttributeType/{id}',
    body: shape.AttributeTypeSpec,
    responses: { 201: MessageReply },
    permission: 'full-control',
    summary: 'Adds an attribute to a type; with a default, every instance gets the value.',
  },

  update_attribute_type: {
    method: 'PATCH',
    path: '/rest/AttributeType/{id}',
    body: shape.AttributeTypeUpdate,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Changes some members of an attribute definition, or renames the attribute everywhere.',
  },

  replace_attribute_type: {
    method: 'PUT',
    path: '/rest/AttributeType/{id}',
    body: shape.AttributeTypeUpdate,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Replaces an attribute definition; members left out are lost.',
  },

  delete_attribute_type: {
    method: 'DELETE',
    path: '/rest/AttributeType/{id}',
    body: shape.AttributeTypeDelete,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Removes an attribute from a type and from every instance.',
  },
});
