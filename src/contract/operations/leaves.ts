import Type from 'typebox';
import { family } from '../operation.ts';
import { may, needed } from '../param.ts';
import { exactCount, leafFilters } from '../shapes/filters.ts';
import * as shape from '../shapes/leaves.ts';
import { oneOrMany } from '../shapes/lists.ts';
import { CreateListReply, MessageReply } from '../shapes/replies.ts';
import { Count, Text, Whole } from '../shapes/values.ts';

/** What keeps a bulk call from meaning every leaf of the project. */
const narrowedBy = ['count', 'leaf_id', 'body.ids'];

export const leafOperations = family({
  get_leaf_list: {
    method: 'GET',
    path: '/rest/Leaves/{project}',
    query: leafFilters,
    responses: { 200: Type.Array(shape.Leaf) },
    permission: 'member',
    summary: 'Lists the leaves that pass the filters, by row id.',
  },
  get_leaf_list_by_id: {
    method: 'PUT',
    path: '/rest/Leaves/{project}',
    query: leafFilters,
    body: shape.LeafQuery,
    responses: { 200: Type.Array(shape.Leaf) },
    permission: 'member',
    summary: 'Lists leaves by a list of ids or a search object in the body; changes nothing.',
  },
  create_leaf_list: {
    method: 'POST',
    path: '/rest/Leaves/{project}',
    body: oneOrMany(shape.LeafSpec),
    responses: { 201: CreateListReply },
    permission: 'full-control',
    summary: 'Adds up to 500 leaves under parents that are there already.',
  },
  update_leaf_list: {
    method: 'PATCH',
    path: '/rest/Leaves/{project}',
    query: { ...leafFilters, ...exactCount },
    body: shape.LeafBulkUpdate,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Changes attributes of all selected leaves of one type.',
    narrowedBy,
  },
  delete_leaf_list: {
    method: 'DELETE',
    path: '/rest/Leaves/{project}',
    query: { ...leafFilters, ...exactCount },
    optionalBody: shape.LeafQuery,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Deletes all selected leaves and leaves their children behind.',
    narrowedBy,
  },
  get_leaf_count: {
    method: 'GET',
    path: '/rest/LeafCount/{project}',
    query: leafFilters,
    responses: { 200: Count },
    permission: 'member',
    summary: 'Counts the leaves that pass the filters.',
  },
  get_leaf_count_by_id: {
    method: 'PUT',
    path: '/rest/LeafCount/{project}',
    query: leafFilters,
    body: shape.LeafQuery,
    responses: { 200: Count },
    permission: 'member',
    summary: 'Counts leaves by a list of ids or a search object in the body.',
  },
  get_leaf: {
    method: 'GET',
    path: '/rest/Leaf/{id}',
    responses: { 200: shape.Leaf },
    permission: 'member',
    summary: 'Reads one leaf.',
  },
  update_leaf: {
    method: 'PATCH',
    path: '/rest/Leaf/{id}',
    body: shape.LeafUpdate,
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Changes the name or the attributes of a leaf.',
  },
  delete_leaf: {
    method: 'DELETE',
    path: '/rest/Leaf/{id}',
    responses: { 200: MessageReply },
    permission: 'full-control',
    summary: 'Deletes a leaf with all that is below it.',
  },
  leaf_suggestion: {
    method: 'GET',
    path: '/rest/Leaves/Suggestion/{ancestor}/{project}',
    query: { min_level: may(Whole), query: needed(Text) },
    responses: { 200: Type.Array(shape.LeafSuggestion) },
    permission: 'member',
    summary: 'Finds leaves below a path whose name begins with, or by stars resembles, a text.',
  },
});
