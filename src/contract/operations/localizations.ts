import Type from 'typebox';
import { family, image } from '../operation.ts';
import { may } from '../param.ts';
import * as shape from '../shapes/annotations.ts';
import { exactCount, fields, localizationFilters } from '../shapes/filters.ts';
import { CreateListReply, MessageReply, TombstoneReply } from '../shapes/replies.ts';
import { Count, Text, Whole } from '../shapes/values.ts';
import { oneOrMany } from '../shapes/lists.ts';

/** What keeps a bulk call from meaning every localization of the project. */
const narrowedBy = [
  'count',
  'media_id',
  'related_id',
  'elemental_id',
  ...shape.localizationIdLists.map((name) => `body.${name}`),
];

export const localizationOperations = family({
  get_localization_list: {
    method: 'GET',
    path: '/rest/Localizations/{project}',
    query: { ...localizationFilters, ...fields },
    responses: { 200: Type.Array(shape.Localization) },
    permission: 'member',
    summary: 'Lists the localizations that pass the filters, by row id.',
  },
  get_localization_list_by_id: {
    method: 'PUT',
    path: '/rest/Localizations/{project}',
    query: { ...localizationFilters, ...fields },
    body: shape.LocalizationQuery,
    responses: { 200: Type.Array(shape.Localization) },
    permission: 'member',
    summary: 'Lists localizations by long id lists or a search object in the body; changes nothing.',
  },
  create_localization_list: {
    method: 'POST',
    path: '/rest/Localizations/{project}',
    body: oneOrMany(shape.LocalizationSpec),
    responses: { 201: CreateListReply },
    permission: 'can-edit',
    summary: 'Adds up to 500 localizations, or new marks where the elemental id is there already.',
  },
  update_localization_list: {
    method: 'PATCH',
    path: '/rest/Localizations/{project}',
    query: { ...localizationFilters, ...exactCount },
    body: shape.LocalizationBulkUpdate,
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Changes attributes or the version of all selected localizations of one type.',
    narrowedBy,
  },
  delete_localization_list: {
    method: 'DELETE',
    path: '/rest/Localizations/{project}',
    query: { ...localizationFilters, ...exactCount },
    optionalBody: shape.LocalizationBulkDelete,
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Deletes all selected localizations, or prunes exactly the selected marks.',
    narrowedBy,
  },
  get_localization_count: {
    method: 'GET',
    path: '/rest/LocalizationCount/{project}',
    query: localizationFilters,
    responses: { 200: Count },
    permission: 'member',
    summary: 'Counts the localizations that pass the filters.',
  },
  get_localization_count_by_id: {
    method: 'PUT',
    path: '/rest/LocalizationCount/{project}',
    query: localizationFilters,
    body: shape.LocalizationQuery,
    responses: { 200: Count },
    permission: 'member',
    summary: 'Counts localizations by id lists or a search object in the body.',
  },
  get_localization: {
    method: 'GET',
    path: '/rest/Localization/{id}',
    responses: { 200: shape.Localization },
    permission: 'member',
    summary: 'Reads exactly that row, be it the current mark, an old one or a tombstone.',
  },
  update_localization: {
    method: 'PATCH',
    path: '/rest/Localization/{id}',
    body: shape.LocalizationUpdate,
    responses: { 200: shape.LocalizationUpdateReply },
    permission: 'can-edit',
    summary: 'Changes a localization by adding a mark to it.',
  },
  delete_localization: {
    method: 'DELETE',
    path: '/rest/Localization/{id}',
    optionalBody: shape.LocalizationDelete,
    responses: { 200: TombstoneReply },
    permission: 'can-edit',
    summary: 'Deletes a localization by adding a tombstone with the content of that row.',
  },
  get_localization_by_elemental_id: {
    method: 'GET',
    path: '/rest/Localization/{version}/{elemental_id}',
    query: { mark: may(Count) },
    responses: { 200: shape.Localization },
    permission: 'member',
    summary: 'Reads the newest mark of an element, also a tombstone, or the mark that is asked for.',
    seed: false,
  },
  update_localization_by_elemental_id: {
    method: 'PATCH',
    path: '/rest/Localization/{version}/{elemental_id}',
    body: shape.LocalizationUpdate,
    responses: { 200: shape.LocalizationUpdateReply },
    permission: 'can-edit',
    summary: 'Changes an element; with mark and pedantic only if that mark is still the newest.',
    seed: false,
  },
  delete_localization_by_elemental_id: {
    method: 'DELETE',
    path: '/rest/Localization/{version}/{elemental_id}',
    optionalBody: shape.LocalizationDelete,
    responses: { 200: TombstoneReply },
    permission: 'can-edit',
    summary: 'Deletes an element by adding a tombstone; harmless when repeated.',
    seed: false,
  },
  get_localization_graphic: {
    method: 'GET',
    path: '/rest/LocalizationGraphic/{id}',
    query: {
      force_scale: may(Text),
      use_default_margins: may(Type.Boolean({ default: true })),
      margin_x: may(Whole),
      margin_y: may(Whole),
    },
    responses: { 200: image },
    permission: 'member',
    summary: 'Cuts the localization out of its frame as a picture.',
  },
});
