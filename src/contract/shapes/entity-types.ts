import Type from 'typebox';
import {
  AnyObject,
  AttributeValue,
  Color,
  Id,
  Real,
  RowId,
  Text,
  Truth,
  Whole,
  choice,
  mapOf,
  nullable,
  optional,
  object,
} from './values.ts';

/** The types of a project's media, annotations, leaves and files, and their attribute definitions. */

export const attributeDtypes = [
  'bool',
  'int',
  'float',
  'enum',
  'string',
  'datetime',
  'geopos',
  'float_array',
  'blob',
] as const;

/** Where suggestions for a text attribute come from. */
export const Autocomplete = nullable(
  object(
    optional({
      serviceUrl: Text,
      match_any: Type.Boolean({ default: false }),
      mode: choice(['tator', 'worms'], { default: 'tator' }),
      minLevel: Whole,
      useCommon: Truth,
    }),
  ),
);

const definitionDetails = {
  default: AttributeValue,
  minimum: Real,
  maximum: Real,
  choices: Type.Array(Text),
  labels: Type.Array(Text),
  autocomplete: Autocomplete,
  use_current: Truth,
  size: Type.Integer({ minimum: 1, maximum: 2000 }),
  style: Text,
  visible: Truth,
};

/** One attribute definition. An answer always carries `name` and `dtype`; the server insists on them too. */
export const AttributeType = object(
  optional({
    name: Text,
    description: Type.String({ default: '' }),
    dtype: choice(attributeDtypes),
    required: Type.Boolean({ default: false }),
    order: Type.Integer({ default: 0 }),
    ...definitionDetails,
  }),
);

const AttributeTypes = Type.Array(AttributeType);

const AttributeHolder = choice([
  'FileType',
  'MediaType',
  'LocalizationType',
  'StateType',
  'LeafType',
  'Section',
]);

export const AttributeTypeSpec = object(optional({ entity_type: AttributeHolder, addition: AttributeType }));

export const AttributeTypeUpdate = object({
  entity_type: AttributeHolder,
  current_name: Text,
  attribute_type_update: object(
    optional({
      name: Text,
      description: Text,
      dtype: choice(attributeDtypes),
      required: Truth,
      order: Whole,
      ...definitionDetails,
    }),
  ),
});

export const AttributeTypeDelete = object(optional({ entity_type: AttributeHolder, name: Text }));

/** What every type that the server returns has. */
const typeIdentity = { id: Id, project: Id, name: Text, description: Text, attribute_types: AttributeTypes };

const elementalId = { elemental_id: nullable(Text) };
const permissionMask = { effective_permission: Whole };

// Media types

const pixelFormats = [
  'yuv420p',
  'yuvj420p',
  'yuv422p',
  'yuvj422p',
  'yuv444p',
  'yuvj444p',
  'yuv420p10le',
  'yuv422p10le',
  'yuv444p10le',
] as const;

const x264Presets = [
  'ultrafast',
  'superfast',
  'veryfast',
  'faster',
  'fast',
  'medium',
  'slow',
  'slower',
  'veryslow',
] as const;

const x264Tunes = [
  'film',
  'animation',
  'grain',
  'stillimage',
  'fastdecode',
  'zerolatency',
  'psnr',
  'ssim',
] as const;

/** How the archival copy of a video is encoded. */
export const EncodeConfig = object(
  optional({
    vcodec: choice(['copy', 'h264', 'hevc'], { default: 'hevc' }),
    crf: Type.Integer({ minimum: 0, maximum: 51, default: 23 }),
    preset: choice(x264Presets, { default: 'fast' }),
    movflags: Type.String({ default: '' }),
    tune: choice(x264Tunes, { default: 'fastdecode' }),
    pixel_format: choice(pixelFormats, { default: 'yuv420p' }),
  }),
  { additionalProperties: true },
);

export const S3Storage = object(
  optional({ aws_access_key: Text, aws_secret_access_key: Text, bucket_name: Text }),
);

export const ArchiveConfig = object({
  encode: EncodeConfig,
  ...optional({ name: Text, s3_storage: S3Storage }),
});

/** One rung of the ladder of streaming files; `resolution` is the height. */
export const ResolutionConfig = object(
  optional({
    vcodec: choice(['h264', 'av1'], { default: 'h264' }),
    crf: Type.Integer({ minimum: 0, maximum: 63, default: 23 }),
    resolution: Type.Integer({ minimum: 0, maximum: 8192 }),
    preset: Type.String({ default: '' }),
    pixel_format: choice(pixelFormats, { default: 'yuv420p' }),
  }),
  { additionalProperties: true },
);

const mediaDtype = choice(['image', 'video', 'multi', 'live']);

const mediaTypeChoices = {
  file_format: Type.String({ maxLength: 4 }),
  default_volume: Type.Integer({ minimum: 0, maximum: 100 }),
  archive_config: Type.Array(ArchiveConfig),
  streaming_config: Type.Array(ResolutionConfig),
  visible: Truth,
  default_box: Id,
  default_line: Id,
  default_dot: Id,
  ...elementalId,
};

export const MediaTypeSpec = object({
  name: Text,
  dtype: mediaDtype,
  ...optional({
    description: Type.String({ default: '' }),
    attribute_types: AttributeTypes,
    overlay_config: AnyObject,
    ...mediaTypeChoices,
    ...permissionMask,
  }),
});

export const MediaTypeUpdate = object(optional({ name: Text, description: Text, ...mediaTypeChoices }));

export const MediaType = object({
  ...typeIdentity,
  dtype: mediaDtype,
  ...optional({
    ...mediaTypeChoices,
    file_format: nullable(Text),
    default_box: nullable(Id),
    default_line: nullable(Id),
    default_dot: nullable(Id),
    archive_config: nullable(Type.Array(ArchiveConfig)),
    streaming_config: nullable(Type.Array(ResolutionConfig)),
    overlay_config: nullable(AnyObject),
    ...permissionMask,
  }),
});

// Localization types

export const Fill = object(optional({ color: Color, style: choice(['fill', 'blur', 'gray']) }));

/** Colours by attribute value or by version; `alpha_ranges` are [from, to, alpha]. */
export const ColorMap = nullable(
  object(
    optional({
      default: Color,
      default_fill: Fill,
      key: Text,
      map: mapOf(Color),
      fill_map: mapOf(Fill),
      alpha_ranges: mapOf(Type.Array(Real, { minItems: 3, maxItems: 3 })),
      version: mapOf(Color),
    }),
  ),
);

const localizationDtype = choice(['box', 'line', 'dot', 'poly']);

const localizationTypeLook = {
  color_map: ColorMap,
  line_width: Type.Integer({ minimum: 1 }),
  visible: Type.Boolean({ default: true }),
  drawable: Type.Boolean({ default: true }),
  grouping_default: Type.Boolean({ default: true }),
  ...elementalId,
};

/** Ids of the media types that a type applies to. */
const MediaTypeIds = Type.Array(RowId, { minItems: 1 });

export const LocalizationTypeSpec = object({
  name: Text,
  dtype: localizationDtype,
  media_types: MediaTypeIds,
  ...optional({
    description: Text,
    attribute_types: AttributeTypes,
    ...localizationTypeLook,
    ...permissionMask,
  }),
});

export const LocalizationTypeUpdate = object(
  optional({ name: Text, description: Text, ...localizationTypeLook }),
);

export const LocalizationType = object({
  ...typeIdentity,
  dtype: localizationDtype,
  media: Type.Array(RowId),
  ...optional({ ...localizationTypeLook, ...permissionMask }),
});

// State types

/** What a state is about: media as a whole, one frame, or the localizations of a track. */
const association = choice(['Media', 'Frame', 'Localization']);
const interpolation = choice(['none', 'latest', 'attr_style_range'], { default: 'latest' });

export const StateTypeSpec = object({
  name: Text,
  association,
  media_types: MediaTypeIds,
  ...optional({
    description: Text,
    interpolation,
    visible: Truth,
    grouping_default: Type.Boolean({ default: true }),
    attribute_types: AttributeTypes,
    delete_child_localizations: Type.Boolean({ default: false }),
    default_localization: Id,
    extended_info: AnyObject,
    ...elementalId,
    ...permissionMask,
  }),
});

export const StateTypeUpdate = object(
  optional({
    name: Text,
    description: Text,
    visible: Truth,
    grouping_default: Truth,
    delete_child_localizations: Truth,
    extended_info: AnyObject,
    ...elementalId,
  }),
);

export const StateType = object({
  ...typeIdentity,
  dtype: Text,
  association,
  media: Type.Array(RowId),
  ...optional({
    interpolation,
    visible: Truth,
    grouping_default: Type.Boolean({ default: true }),
    delete_child_localizations: Type.Boolean({ default: false }),
    default_localization: nullable(Id),
    extended_info: nullable(AnyObject),
    ...elementalId,
    ...permissionMask,
  }),
});

// Leaf and file types

const plainTypeMembers = { name: Text, description: Type.String({ default: '' }), ...elementalId };

export const LeafTypeSpec = object(optional({ ...plainTypeMembers, attribute_types: AttributeTypes }));

export const LeafTypeUpdate = object(optional({ name: Text, description: Text, ...elementalId }));

export const LeafType = object({ ...typeIdentity, dtype: Text, ...optional(elementalId) });

export const FileTypeSpec = object(optional({ ...plainTypeMembers, attribute_types: AttributeTypes }));

export const FileTypeUpdate = object(optional(plainTypeMembers));

export const FileType = object({ ...typeIdentity, ...optional(elementalId) });
