import Type from 'typebox';
import { family, image } from '../operation.ts';
import { may } from '../param.ts';
import * as shape from '../shapes/annotations.ts';
import { annotationFilters, exactCount, fields } from '../shapes/filters.ts';
import { oneOrMany } from '../shapes/lists.ts';
import { CreateListReply, MessageReply, TombstoneReply } from '../shapes/replies.ts';
import { Count, choice } from '../shapes/values.ts';

/** What keeps a bulk call from meaning every state of the project. */
const narrowedBy = [
  'count',
  'media_id',
  'related_id',
  'elemental_id',
  ...shape.stateIdLists.map((name) => `body.${name}`),
];

export const stateOperations = family({
  get_state_list: {
    method: 'GET',
    path: '/rest/States/{project}',
    query: { ...annotationFilters, ...fields },
    responses: { 200: Type.Array(shape.State) },
    permission: 'member',
    summary: 'Lists the states and tracks that pass the filters, by row id.',
  },
  get_state_list_by_id: {
    method: 'PUT',
    path: '/rest/States/{project}',
    query: { ...annotationFilters, ...fields },
    body: shape.StateQuery,
    responses: { 200: Type.Array(shape.State) },
    permission: 'member',
    summary: 'Lists states by long id lists or a search object in the body; changes nothing.',
  },
  create_state_list: {
    method: 'POST',
    path: '/rest/States/{project}',
    body: oneOrMany(shape.StateSpec),
    responses: { 201: CreateListReply },
    permission: 'can-edit',
    summary: 'Adds up to 500 states, or new marks where the elemental id is there already.',
  },
  update_state_list: {
    method: 'PATCH',
    path: '/rest/States/{project}',
    query: { ...annotationFilters, ...exactCount },
    body: shape.StateBulkUpdate,
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Changes attributes or the version of all selected states of one type.',
    narrowedBy,
  },
  delete_state_list: {
    method: 'DELETE',
    path: '/rest/States/{project}',
    query: { ...annotationFilters, ...exactCount },
    optionalBody: shape.StateBulkDelete,
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Deletes all selected states, or prunes exactly the selected marks.',
    narrowedBy,
  },
  get_state_count: {
    method: 'GET',
    path: '/rest/StateCount/{project}',
    query: annotationFilters,
    responses: { 200: Count },
    permission: 'member',
    summary: 'Counts the states that pass the filters.',
  },
  get_state_count_by_id: {
    method: 'PUT',
    path: '/rest/StateCount/{project}',
    query: annotationFilters,
    body: shape.StateQuery,
    responses: { 200: Count },
    permission: 'member',
    summary: 'Counts states by id lists or a search object in the body.',
  },
  get_state: {
    method: 'GET',
    path: '/rest/State/{id}',
    responses: { 200: shape.State },
    permission: 'member',
    summary: 'Reads exactly that row, be it the current mark, an old one or a tombstone.',
  },
  update_state: {
    method: 'PATCH',
    path: '/rest/State/{id}',
    body: shape.StateUpdate,
    responses: { 200: shape.StateUpdateReply },
    permission: 'can-edit',
    summary: 'Changes a state, or the members of a track, by adding a mark to it.',
  },
  delete_state: {
    method: 'DELETE',
    path: '/rest/State/{id}',
    optionalBody: shape.StateDelete,
    responses: { 200: TombstoneReply },
    permission: 'can-edit',
    summary: 'Deletes a state by adding a tombstone with the content of that row.',
  },
  get_state_by_elemental_id: {
    method: 'GET',
    path: '/rest/State/{version}/{elemental_id}',
    query: { mark: may(Count) },
    responses: { 200: shape.State },
    permission: 'member',
    summary: 'Reads the newest mark of an element, also a tombstone, or the mark that is asked for.',
    seed: false,
  },
  update_state_by_elemental_id: {
    method: 'PATCH',
    path: '/rest/State/{version}/{elemental_id}',
    body: shape.StateUpdate,
    responses: { 200: shape.StateUpdateReply },
    permission: 'can-edit',
    summary: 'Changes an element; with mark and pedantic only if that mark is still the newest.',
    seed: false,
  },
  delete_state_by_elemental_id: {
    method: 'DELETE',
    path: '/rest/State/{version}/{elemental_id}',
    optionalBody: shape.StateDelete,
    responses: { 200: TombstoneReply },
    permission: 'can-edit',
    summary: 'Deletes an element by adding a tombstone; harmless when repeated.',
    seed: false,
  },
  get_state_graphic: {
    method: 'GET',
    path: '/rest/StateGraphic/{id}',
    query: {
      mode: may(choice(['animate', 'tile'], { default: 'animate' })),
      fps: may(Type.Number({ default: 2 })),
      force_scale: may(Type.String({ default: '224x224' })),
      length: may(Type.Integer({ default: 100, maximum: 100 })),
      offset: may(Type.Integer({ default: 0 })),
    },
    responses: { 200: image },
    permission: 'member',
    summary: 'Shows the members of a track one after the other, or side by side, as a picture.',
  },
  merge_states: {
    method: 'PATCH',
    path: '/rest/MergeStates/{id}',
    body: shape.StateMerge,
    responses: { 200: MessageReply },
    permission: 'can-edit',
    summary: 'Moves the localizations of another track into this one and removes the other for good.',
  },
  trim_state_end: {
    method: 'PATCH',
    path: '/rest/TrimStateEnd/{id}',
    body: shape.StateTrim,
    responses: { 200: TombstoneReply },
    permission: 'can-edit',
    summary: 'Cuts a track before or after a frame and removes what is cut off for good.',
  },
});
