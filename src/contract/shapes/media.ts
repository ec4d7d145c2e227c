import Type from 'typebox';
import { bodySearch } from './search.ts';
import {
  AttributeMap,
  DateTime,
  Id,
  Real,
  RowId,
  Text,
  Whole,
  Count,
  attributeEdits,
  choice,
  nullable,
  optional,
  pairOf,
  object,
} from './values.ts';

/** Media, their files, and how files travel. Every `resolution` is [height, width]. */

const Resolution = pairOf(RowId);

/** A file elsewhere: `path` is a key of the object store or a URL. */
const elsewhere = optional({ size: Whole, host: Text, http_auth: Text });
const codecDetails = optional({ bit_rate: Whole, codec_mime: Text, codec_description: Text });

/** 1 = the URL is only referred to, never copied. */
const ReferenceOnly = Type.Integer({ maximum: 1, default: 0 });

/** A streaming file needs `segment_info`: the key of its index of boxes. */
export const VideoFile = object({
  path: Text,
  codec: Text,
  resolution: Resolution,
  ...optional({ segment_info: Text, reference_only: ReferenceOnly }),
  ...elsewhere,
  ...codecDetails,
});

export const AudioFile = object({ path: Text, codec: Text, ...elsewhere, ...codecDetails });

export const ImageFile = object({
  path: Text,
  resolution: Resolution,
  ...optional({ mime: Text }),
  ...elsewhere,
});

export const AuxiliaryFile = object({
  path: Text,
  ...optional({ name: Text, mime: Text }),
  ...elsewhere,
});

export const Feed = object({ name: Text, resolution: Resolution });
export const LiveStream = object({ url: Text, feeds: Type.Array(Feed) });

/** `timestampOffset` is the clip's start in the whole, s. */
export const ConcatClip = object(optional({ id: Id, timestampOffset: Real }));

const multiMembers = {
  ids: Type.Array(Id),
  frameOffset: Type.Array(Whole),
  layout: Type.Array(Whole),
  quality: Whole,
};

/** Media shown side by side; `layout` is [rows, columns], `frameOffset` in frames. */
export const Multi = object(optional(multiMembers));

export const LiveUpdate = object({ streams: Type.Array(LiveStream), layout: Type.Array(Whole) });

export const MediaFiles = object(
  optional({
    archival: Type.Array(VideoFile),
    streaming: Type.Array(VideoFile),
    audio: Type.Array(AudioFile),
    image: Type.Array(ImageFile),
    thumbnail: Type.Array(ImageFile),
    thumbnail_gif: Type.Array(ImageFile),
    attachment: Type.Array(AuxiliaryFile),
    concat: Type.Array(ConcatClip),
    live: Type.Array(LiveStream),
    ...multiMembers,
  }),
);

/** `type` -1 chooses by the file's name. `md5` is Tator's own digest, not the file's. */
export const MediaSpec = object({
  type: Type.Integer({ minimum: -1 }),
  name: Text,
  md5: Text,
  ...optional({
    gid: Text,
    uid: Text,
    url: Text,
    thumbnail_url: Text,
    thumbnail_gif_url: Text,
    section: Text,
    section_id: Id,
    num_frames: nullable(Whole),
    fps: nullable(Real),
    codec: nullable(Text),
    width: nullable(Whole),
    height: nullable(Whole),
    summary_level: Whole,
    attributes: nullable(AttributeMap),
    elemental_id: Text,
    user_elemental_id: Text,
    reference_only: ReferenceOnly,
  }),
});

const lastEdit = { last_edit_start: DateTime, last_edit_end: DateTime };

/** A client can only ask for a change; jobs of the server carry it out. */
const ArchiveWish = choice(['to_archive', 'to_live']);

/** `media_files` is accepted and ignored; `primary_section` -1 takes the media out of its section. */
export const MediaUpdate = object({
  ...optional({
    name: Text,
    media_files: MediaFiles,
    ...lastEdit,
    attributes: AttributeMap,
    elemental_id: Text,
    primary_section: Id,
    num_frames: Count,
    fps: Real,
    codec: Text,
    width: Whole,
    height: Whole,
    summary_level: Whole,
    multi: Multi,
    live: LiveUpdate,
    concat: Type.Array(ConcatClip),
    archive_state: ArchiveWish,
    user_elemental_id: Text,
  }),
  ...attributeEdits,
});

/** `ids`, `media_id` and `state_ids` are united, unlike everything else. */
const mediaSelection = {
  ...optional({ ids: Type.Array(RowId), localization_ids: Type.Array(RowId), state_ids: Type.Array(RowId) }),
  ...bodySearch,
};

export const mediaIdLists = ['ids', 'localization_ids', 'state_ids'] as const;

export const MediaQuery = object(mediaSelection);

export const MediaBulkUpdate = object({
  ...optional({ attributes: AttributeMap, archive_state: ArchiveWish, user_elemental_id: Text }),
  ...attributeEdits,
  ...mediaSelection,
});

export const Media = object({
  id: Id,
  project: Id,
  type: Id,
  name: Text,
  attributes: AttributeMap,
  ...optional({
    media_files: nullable(MediaFiles),
    last_edit_start: nullable(DateTime),
    last_edit_end: nullable(DateTime),
    elemental_id: nullable(Text),
    primary_section: nullable(Id),
    created_datetime: Text,
    created_by: nullable(Id),
    modified_datetime: Text,
    modified_by: nullable(Id),
    md5: nullable(Text),
    num_frames: nullable(Whole),
    fps: nullable(Real),
    codec: nullable(Text),
    width: nullable(Whole),
    height: nullable(Whole),
    summary_level: nullable(Whole),
    gid: nullable(Text),
    uid: nullable(Text),
    archive_state: choice(['archived', 'to_archive', 'live', 'to_live']),
    archive_status_date: nullable(DateTime),
    incident: nullable(Whole),
    effective_permission: nullable(Whole),
  }),
});

/** `duration` in seconds, sizes in bytes. */
export const MediaStats = object(
  optional({
    count: Count,
    download_size: nullable(Count),
    total_size: nullable(Count),
    duration: nullable(Type.Number({ minimum: 0 })),
  }),
);

export const MediaNext = object(optional({ next: Whole }));
export const MediaPrev = object(optional({ prev: Whole }));

export const CloneSpec = object({
  dest_project: Id,
  dest_type: Type.Integer({ minimum: -1 }),
  ...optional({ dest_section: nullable(Text) }),
});

export const ClonesReply = object({ message: Text, ids: Type.Array(Id) });

// Uploads and downloads

/** One URL a part; `upload_id` is empty when there is one part. */
export const UploadInfo = object({
  urls: Type.Array(Text, { minItems: 1 }),
  key: Text,
  upload_id: Text,
});

/** `ETag` exactly as the store answered it, quotes included. */
export const UploadPart = object(optional({ ETag: Text, PartNumber: Whole }));

export const UploadCompletion = object(
  optional({
    key: Text,
    upload_id: Text,
    parts: Type.Array(UploadPart, { minItems: 2, maxItems: 10_000 }),
    bucket_id: nullable(RowId),
  }),
);

export const DownloadKeys = object({ keys: Type.Array(Text) });
export const DownloadInfo = object({ key: Text, url: Text });
