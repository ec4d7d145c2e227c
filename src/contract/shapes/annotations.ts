import Type from 'typebox';
import { bodySearch } from './search.ts';
import {
  AttributeMap,
  DateTime,
  Flag,
  Id,
  Real,
  RowId,
  Text,
  Truth,
  Whole,
  attributeEdits,
  nullable,
  optional,
  pairOf,
  object,
  partial,
} from './values.ts';

/** What localizations and states have in common. */

/** Coordinates are relative to the frame: origin top left, x right, y down. */
const Fraction = nullable(Type.Number({ minimum: 0, maximum: 1 }));
const Shift = nullable(Type.Number({ minimum: -1, maximum: 1 }));

/**
 * box: x, y (top left), width, height; line: x, y (start), u, v (vector to the end); dot: x, y;
 * poly: points. Null or absent on create means "drawn later"; null never clears on an edit.
 */
const geometry = {
  x: Fraction,
  y: Fraction,
  width: Fraction,
  height: Fraction,
  u: Shift,
  v: Shift,
  points: nullable(Type.Array(pairOf(Type.Number({ minimum: 0, maximum: 1 })))),
};

/** `parent` is a row id, used by layered versions only. `mark` counts the revisions of an element. */
const identity = { elemental_id: nullable(Text), mark: Whole, parent: nullable(Real) };

/** Another user as the author; needs Full Control. */
const onBehalf = { user_elemental_id: Text };

/** `prune` hides rows for good; `pedantic` refuses when the row is not the current mark. */
const deleteOptions = optional({ prune: Flag, pedantic: Flag });

/** `in_place` changes the row instead of adding a mark: not for ordinary edits. */
const editOptions = optional({ in_place: Flag, pedantic: Flag });

/** What a bulk edit may move. */
const bulkMoves = optional({ new_version: Id, new_elemental_id: Text, ...onBehalf });

/** Members that every returned annotation has. */
const returned = {
  id: Id,
  type: Id,
  version: Id,
  elemental_id: nullable(Text),
  mark: Whole,
  attributes: AttributeMap,
  variant_deleted: Truth,
};

const returnedOften = optional({
  parent: nullable(Real),
  created_by: nullable(Id),
  created_datetime: DateTime,
  modified_by: nullable(Id),
  modified_datetime: DateTime,
  effective_permission: Whole,
});

/** `media_query` is accepted and ignored. An empty list is **no** filter: never send one. */
const annotationSelection = optional({
  media_query: Text,
  media_ids: Type.Array(RowId),
  ids: Type.Array(RowId),
});

// Localizations

export const LocalizationSpec = object({
  media_id: Id,
  type: Id,
  frame: Whole,
  ...optional({ version: Id, ...geometry, ...identity, attributes: AttributeMap, ...onBehalf }),
});

export const LocalizationUpdate = object({
  ...optional({ ...geometry, frame: Whole, ...identity, attributes: AttributeMap, ...onBehalf }),
  ...attributeEdits,
  ...editOptions,
});

export const LocalizationDelete = object(deleteOptions);

const localizationSelection = {
  ...annotationSelection,
  ...optional({
    elemental_ids: Type.Array(Text),
    state_ids: Type.Array(RowId),
    frame_state_ids: Type.Array(RowId),
  }),
  ...bodySearch,
};

/** Members of the selections above, of which one must be there before anything is changed. */
export const localizationIdLists = [
  'ids',
  'elemental_ids',
  'media_ids',
  'state_ids',
  'frame_state_ids',
] as const;

export const LocalizationQuery = object(localizationSelection);

export const LocalizationBulkUpdate = object({
  ...optional({ attributes: AttributeMap, in_place: Flag }),
  ...bulkMoves,
  ...attributeEdits,
  ...localizationSelection,
});

export const LocalizationBulkDelete = object({ ...deleteOptions, ...localizationSelection });

export const Localization = object({
  ...returned,
  project: Id,
  media: Id,
  frame: Whole,
  ...returnedOften,
  ...optional({ ...geometry, user: nullable(Id), thumbnail_image: nullable(Text) }),
});

export const LocalizationUpdateReply = object({ message: Text, ...optional({ object: Localization }) });

// States

export const StateSpec = object({
  type: Id,
  media_ids: Type.Array(Id),
  ...optional({
    localization_ids: Type.Array(Id),
    version: Id,
    frame: Whole,
    ...identity,
    attributes: AttributeMap,
    ...onBehalf,
  }),
});

export const StateUpdate = object({
  ...optional({
    frame: Whole,
    ...identity,
    attributes: AttributeMap,
    localization_ids_add: Type.Array(Id),
    localization_ids_remove: Type.Array(Id),
    ...onBehalf,
  }),
  ...attributeEdits,
  ...editOptions,
});

export const StateDelete = object(deleteOptions);

const stateSelection = {
  ...annotationSelection,
  ...optional({ localization_ids: Type.Array(RowId), elemental_ids: Type.Array(Text) }),
  ...bodySearch,
};

export const stateIdLists = ['ids', 'elemental_ids', 'media_ids', 'localization_ids'] as const;

export const StateQuery = object(stateSelection);

export const StateBulkUpdate = object({
  ...optional({ attributes: AttributeMap, in_place: Flag }),
  ...bulkMoves,
  ...attributeEdits,
  ...stateSelection,
});

export const StateBulkDelete = object({ ...deleteOptions, ...stateSelection });

export const State = object({
  ...returned,
  media: Type.Array(Id),
  localizations: Type.Array(Id),
  ...returnedOften,
  ...optional({
    frame: nullable(Whole),
    /** Inclusive runs of frames of the member localizations. */
    segments: nullable(Type.Array(pairOf(nullable(Whole)))),
  }),
});

/** The object lacks `media` and `localizations`. */
export const StateUpdateReply = object({
  message: Text,
  ...optional({ object: partial(State) }),
});

export const StateMerge = object({ merge_state_id: Id });

export const StateTrim = object({
  frame: Type.Integer({ minimum: 0 }),
  endpoint: Type.Unsafe<'start' | 'end'>({ type: 'string', enum: ['start', 'end'] }),
});
