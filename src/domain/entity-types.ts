import type { Json } from '../base/json.ts';
import type { LocalizationDtype } from './geometry.ts';

export type AttributeDtype =
  'bool' | 'int' | 'float' | 'enum' | 'string' | 'datetime' | 'geopos' | 'float_array' | 'blob';

/** Definition of one attribute of an entity type; the meaning of each member is Tator's. */
export interface AttributeDefinition {
  name: string;
  dtype: AttributeDtype;
  description?: string;
  required?: boolean;
  /** Display order; negative = hidden. */
  order?: number;
  default?: Json;
  minimum?: number;
  maximum?: number;
  choices?: string[];
  labels?: string[];
  autocomplete?: { serviceUrl: string; match_any?: boolean; mode?: string; minLevel?: number };
  use_current?: boolean;
  size?: number;
  style?: string;
  visible?: boolean;
}

/** What the types of medias, localizations, states and leaves have in common. */
export interface EntityType {
  id: number;
  project: number;
  name: string;
  description: string;
  attribute_types: AttributeDefinition[];
}

export interface MediaType extends EntityType {
  dtype: 'image' | 'video' | 'multi' | 'live';
  default_box?: number | null;
  default_line?: number | null;
  default_dot?: number | null;
}

export interface ColorMap {
  default?: string | number[];
  key?: string;
  map?: Record<string, string | number[]>;
  version?: Record<string, string | number[]>;
}

export interface LocalizationType extends EntityType {
  dtype: LocalizationDtype;
  /** MediaType ids. */
  media: number[];
  color_map?: ColorMap | null;
  /** Pixels. */
  line_width: number;
  visible: boolean;
  drawable: boolean;
}

export interface StateType extends EntityType {
  dtype: 'state';
  association: 'Media' | 'Frame' | 'Localization';
  media: number[];
  interpolation: 'none' | 'latest' | 'attr_style_range';
  visible: boolean;
  /** The server deletes the localizations of a state together with it. Absent in older stored catalogs. */
  delete_child_localizations?: boolean;
}

/** What all that people change in a catalog has. */
export interface CatalogEntry {
  /** Row id; 0 while no server has it. */
  id: number;
  /** Its identity on this device. */
  key: string;
  name: string;
}

export interface LeafType extends EntityType {
  dtype: 'leaf';
}

/** A label of a hierarchical vocabulary (taxonomy). */
export interface Leaf extends CatalogEntry {
  type: number;
  /** Key of the leaf above; null at a root. */
  parent: string | null;
  /** Labels joined by dots, beginning with the project's name. */
  path: string;
  attributes: Record<string, Json>;
}

/** An annotation layer. */
export interface Version extends CatalogEntry {
  project: number;
  description: string;
  /** Order in lists; -1 while no server has given it one. */
  number: number;
  bases: number[];
  showEmpty: boolean;
}

export interface Section extends CatalogEntry {
  project: number;
  /** Labels joined by dots; null for one that a server made on its own. */
  path: string | null;
  dtype: 'folder' | 'playlist' | 'saved_search';
  visible: boolean;
}

/** A place that a user comes back to. */
export interface Bookmark extends CatalogEntry {
  uri: string;
}

/** Values of a type's attributes that a user sets at once. */
export interface Favorite extends CatalogEntry {
  /** LocalizationType or StateType id. */
  type: number;
  entityTypeName: 'Localization' | 'State';
  /** 1 to 10. */
  page: number;
  values: Record<string, Json>;
}

export interface Project {
  id: number;
  name: string;
  summary: string;
  /** Label of the caller's membership level. */
  permission: string;
}

/** Everything about a project that an annotator needs, without its media and annotations. */
export interface ProjectCatalog {
  project: Project;
  mediaTypes: MediaType[];
  localizationTypes: LocalizationType[];
  stateTypes: StateType[];
  leafTypes: LeafType[];
  versions: Version[];
  sections: Section[];
  leaves: Leaf[];
  /** Of the user of this account alone. */
  bookmarks: Bookmark[];
  favorites: Favorite[];
  /** Users seen on annotations and memberships: id to display name. */
  users: Record<number, string>;
}
