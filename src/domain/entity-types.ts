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

interface EntityTypeBase {
  id: number;
  project: number;
  name: string;
  description: string;
  attribute_types: AttributeDefinition[];
}

export interface MediaType extends EntityTypeBase {
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

export interface LocalizationType extends EntityTypeBase {
  dtype: LocalizationDtype;
  /** MediaType ids. */
  media: number[];
  color_map?: ColorMap | null;
  /** Pixels. */
  line_width: number;
  visible: boolean;
  drawable: boolean;
}

export interface StateType extends EntityTypeBase {
  dtype: 'state';
  association: 'Media' | 'Frame' | 'Localization';
  media: number[];
  interpolation: 'none' | 'latest' | 'attr_style_range';
  visible: boolean;
}

export interface LeafType extends EntityTypeBase {
  dtype: 'leaf';
}

/** A label of a hierarchical vocabulary (taxonomy). */
export interface Leaf {
  id: number;
  type: number;
  name: string;
  parent: number | null;
  /** Labels joined by dots, beginning with the project's name. */
  path: string;
  attributes: Record<string, Json>;
}

/** An annotation layer. */
export interface Version {
  id: number;
  project: number;
  name: string;
  description: string;
  number: number;
  bases: number[];
}

export interface Section {
  id: number;
  project: number;
  name: string;
  path: string | null;
  dtype: 'folder' | 'playlist' | 'saved_search';
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
  /** Users seen on annotations and memberships: id to display name. */
  users: Record<number, string>;
}
