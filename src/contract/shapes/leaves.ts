import Type from 'typebox';
import { bodySearch } from './search.ts';
import {
  AttributeMap,
  Id,
  RowId,
  Text,
  attributeEdits,
  mapOf,
  AttributeValue,
  nullable,
  optional,
  object,
} from './values.ts';

/** Leaves: labels of a hierarchical vocabulary, such as a taxonomy. */

export const LeafSpec = object({
  name: Text,
  type: Id,
  ...optional({ parent: nullable(Id), attributes: AttributeMap }),
});

export const LeafUpdate = object({
  ...optional({ name: Text, attributes: AttributeMap }),
  ...attributeEdits,
});

/** Unlike elsewhere, an empty `ids` selects nothing. */
const leafSelection = { ...optional({ ids: Type.Array(RowId) }), ...bodySearch };

export const LeafQuery = object(leafSelection);

export const LeafBulkUpdate = object({
  ...optional({ attributes: AttributeMap }),
  ...attributeEdits,
  ...leafSelection,
});

/** `path` is computed by the server: labels joined by dots, the project's name first. */
export const Leaf = object({
  id: Id,
  type: Id,
  project: Id,
  name: Text,
  path: Text,
  parent: nullable(Id),
  attributes: AttributeMap,
});

/** `group` is the parent's name, with its alias if it has one. */
export const LeafSuggestion = object({
  value: Text,
  ...optional({ group: Text, data: mapOf(AttributeValue) }),
});
