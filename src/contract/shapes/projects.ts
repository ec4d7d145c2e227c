import Type from 'typebox';
import { AttributeType } from './entity-types.ts';
import { Search } from './search.ts';
import {
  AnyObject,
  AttributeMap,
  DateTime,
  Id,
  RowId,
  Text,
  Truth,
  Whole,
  choice,
  nullable,
  optional,
  anyOf,
  object,
} from './values.ts';

/** Projects, who works in them, and how their content is ordered. */

const buckets = { bucket: RowId, upload_bucket: RowId, backup_bucket: RowId };

export const ProjectSpec = object({
  name: Text,
  organization: RowId,
  ...optional({
    summary: Type.String({ default: '' }),
    enable_downloads: Type.Boolean({ default: true }),
    ...buckets,
    elemental_id: nullable(Text),
    effective_permission: Whole,
  }),
});

/** `thumb` is the key of an upload of the caller's. */
export const ProjectUpdate = object(
  optional({
    name: Text,
    summary: Text,
    thumb: Text,
    enable_downloads: Truth,
    ...buckets,
    elemental_id: nullable(Text),
  }),
);

/** Totals are counted hourly; `permission` is the label of the caller's level. */
export const Project = object({
  id: Id,
  name: Text,
  summary: Text,
  permission: Text,
  ...optional({
    organization: nullable(RowId),
    enable_downloads: Truth,
    bucket: nullable(RowId),
    upload_bucket: nullable(RowId),
    backup_bucket: nullable(RowId),
    elemental_id: nullable(Text),
    effective_permission: Whole,
    thumb: nullable(Text),
    created: Text,
    num_files: nullable(Whole),
    size: nullable(Whole),
    duration: nullable(Whole),
    usernames: Type.Array(Text),
    attribute_types: Type.Array(AttributeType),
    extended_info: nullable(AnyObject),
  }),
});

// Memberships

const projectLevel = choice(['View Only', 'Can Edit', 'Can Transfer', 'Can Execute', 'Full Control']);

export const MembershipSpec = object({
  user: RowId,
  permission: projectLevel,
  ...optional({ default_version: RowId }),
});

export const MembershipUpdate = object(optional({ permission: projectLevel, default_version: RowId }));

export const Membership = object({
  id: Id,
  project: Id,
  user: RowId,
  permission: projectLevel,
  ...optional({
    username: Text,
    first_name: Text,
    last_name: Text,
    email: Text,
    default_version: nullable(RowId),
  }),
});

// Versions: layers of annotations

/** An update that leaves out `description` or `show_empty` resets them: always send both. */
const versionLook = optional({
  description: Type.String({ default: '' }),
  show_empty: Type.Boolean({ default: true }),
  bases: Type.Array(Id),
  elemental_id: Text,
});

export const VersionSpec = object({ name: Text, ...versionLook });
export const VersionUpdate = object({ ...optional({ name: Text }), ...versionLook });

export const Version = object({
  id: Id,
  project: Id,
  name: Text,
  description: Text,
  number: Whole,
  bases: Type.Array(Id),
  ...optional({
    show_empty: Truth,
    elemental_id: nullable(Text),
    created_by: nullable(anyOf(Text, Id)),
    effective_permission: Whole,
  }),
});

// Sections: folders, playlists, saved searches

const sectionDtype = choice(['folder', 'playlist', 'saved_search']);
const searches = { object_search: Search, related_search: Search };
/** Kept for old clients: membership by an attribute of the media. */
const oldStyle = { tator_user_sections: Text, explicit_listing: Truth };

const sectionMembers = {
  path: nullable(Text),
  dtype: sectionDtype,
  ...searches,
  visible: Truth,
  elemental_id: nullable(Text),
  attributes: AttributeMap,
  ...oldStyle,
};

export const SectionSpec = object({
  name: Text,
  ...optional({ ...sectionMembers, media: Type.Array(Id) }),
});

export const SectionUpdate = object(
  optional({ name: Text, ...sectionMembers, media_add: Type.Array(Id), media_del: Type.Array(Id) }),
);

/** Replaces a prefix of the paths, as text. */
export const SectionBulkUpdate = object(
  optional({ path_substitution: object(optional({ old: Text, new: Text })) }),
);

export const Section = object({
  id: Id,
  project: Id,
  name: Text,
  ...optional({
    path: nullable(Text),
    dtype: sectionDtype,
    object_search: nullable(Search),
    related_search: nullable(Search),
    visible: Truth,
    elemental_id: nullable(Text),
    attributes: nullable(AttributeMap),
    tator_user_sections: nullable(Text),
    explicit_listing: nullable(Truth),
    created_datetime: nullable(DateTime),
    created_by: nullable(Id),
    media: Type.Array(Id),
  }),
});

// What a user keeps for herself in a project

export const BookmarkSpec = object(optional({ name: Text, uri: Text }));
export const BookmarkUpdate = object(optional({ name: Text, uri: Text }));

export const Bookmark = object({
  id: Id,
  project: Id,
  name: Text,
  uri: Text,
  ...optional({ user: RowId }),
});

const favoriteKind = choice(['Localization', 'State']);

/** Attribute values to be applied again; `page` 1 to 10. */
export const FavoriteSpec = object(
  optional({
    type: RowId,
    name: Text,
    values: AnyObject,
    page: Type.Integer({ default: 1, minimum: 1, maximum: 10 }),
    entity_type_name: favoriteKind,
  }),
);

export const FavoriteUpdate = object(optional({ name: Text, entity_type_name: favoriteKind }));

export const Favorite = object({
  id: Id,
  type: Id,
  name: Text,
  values: AnyObject,
  page: Whole,
  ...optional({ user: RowId, entity_type_name: favoriteKind }),
});
