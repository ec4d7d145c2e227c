import type { Selectable } from 'kysely';
import type { Media } from '../db/schema.ts';
import { omit } from '../omit.ts';
import { presignFiles, type Presigning } from './presign.ts';

export type MediaRow = Selectable<Media>;

/** As the API returns it. */
export function mediaJson(row: MediaRow, presigning?: Presigning): Record<string, unknown> {
  return {
    ...omit(row, ['deleted', 'source_url']),
    media_files: presigning ? presignFiles(row.media_files, presigning) : row.media_files,
    effective_permission: 0,
  };
}

/** Members of a media as JSON, other than its attributes. */
export const mediaFields = [
  'id',
  'project',
  'type',
  'name',
  'md5',
  'gid',
  'uid',
  'elemental_id',
  'primary_section',
  'media_files',
  'num_frames',
  'fps',
  'codec',
  'width',
  'height',
  'summary_level',
  'archive_state',
  'archive_status_date',
  'last_edit_start',
  'last_edit_end',
  'created_by',
  'created_datetime',
  'modified_by',
  'modified_datetime',
  'effective_permission',
] as const;
