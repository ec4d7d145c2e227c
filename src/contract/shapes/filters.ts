import { may, mayList, mayRepeat, maySearch } from '../param.ts';
import { Count, Id, RowId, Text, Whole, choice, PresignSeconds, Truth } from './values.ts';
import Type from 'typebox';

/** Filters of list, count and bulk calls, each written down once. All conditions are AND-ed. */

/**
 * Conditions on attributes: `name::value`, several separated by commas. A misspelt name is **no**
 * filter on a Tator server; `encoded_search` is the safe form.
 */
export const attributeFilters = {
  attribute: mayList(Text),
  attribute_lt: mayList(Text),
  attribute_lte: mayList(Text),
  attribute_gt: mayList(Text),
  attribute_gte: mayList(Text),
  attribute_contains: mayList(Text),
  attribute_distance: mayList(Text),
  attribute_null: mayList(Text),
  encoded_search: maySearch(),
};

/** The same on what is related: the annotations of a media, the media of an annotation. */
export const relatedFilters = {
  related_attribute: mayList(Text),
  related_attribute_lt: mayList(Text),
  related_attribute_lte: mayList(Text),
  related_attribute_gt: mayList(Text),
  related_attribute_gte: mayList(Text),
  related_attribute_contains: mayList(Text),
  related_attribute_distance: mayList(Text),
  related_attribute_null: mayList(Text),
  encoded_related_search: maySearch(),
};

/** A window of the ordered result: `start` inclusive, `stop` exclusive; `-` before a key sorts down. */
export const window = {
  start: may(Whole),
  stop: may(Whole),
  sort_by: mayRepeat(Text),
};

/** Aborts a bulk edit or delete unless exactly so many rows are selected. */
export const exactCount = { count: may(Count) };

/** Comma list of columns to return; `attributes.Name` picks single members. */
export const fields = { fields: may(Text) };

/** Filters of a type list. */
export const typeFilters = { elemental_id: may(Text) };

export const mediaFilters = {
  media_id: mayList(RowId),
  type: may(Id),
  name: may(Text),
  section: may(Id),
  multi_section: mayList(RowId),
  dtype: may(choice(['image', 'video', 'multi'])),
  md5: may(Text),
  gid: may(Text),
  uid: may(Text),
  after: may(Whole),
  after_name: may(Text),
  archive_lifecycle: may(choice(['live', 'archived', 'all'])),
  elemental_id: may(Text),
  ...attributeFilters,
  ...window,
};

/** How the files of a media come back: as keys, or as URLs that live so many seconds. */
export const presigning = {
  presigned: may(PresignSeconds),
  no_cache: may(Truth),
};

/** Roles of the files of a media. */
export const presignOnly = {
  presign_only: mayList(
    choice(['thumbnail', 'thumbnail_gif', 'streaming', 'archival', 'audio', 'image', 'attachment']),
  ),
};

const OnByDefault = Type.Integer({ minimum: 0, maximum: 1, default: 1 });
const OffByDefault = Type.Integer({ minimum: 0, maximum: 1, default: 0 });

/** Filters that localizations and states share. */
export const annotationFilters = {
  media_id: mayList(Id),
  related_id: mayList(Id),
  section: may(Id),
  multi_section: mayList(RowId),
  type: may(Id),
  version: mayList(Id),
  after: may(Whole),
  elemental_id: may(Text),
  merge: may(OnByDefault),
  show_deleted: may(OffByDefault),
  show_all_marks: may(OffByDefault),
  ...attributeFilters,
  ...window,
  ...relatedFilters,
};

export const localizationFilters = { ...annotationFilters, frame: may(Count) };

export const leafFilters = {
  type: may(Id),
  name: may(Text),
  depth: may(Whole),
  leaf_id: mayList(Id),
  ...attributeFilters,
  ...window,
};

export const fileFilters = {
  type: may(Id),
  name: may(Text),
  after: may(Whole),
  elemental_id: may(Text),
  ...attributeFilters,
  ...window,
};
