import type { Selectable } from 'kysely';
import type { Media } from '../db/schema.ts';
import { presignFiles, type Presigning } from './presign.ts';

export type MediaRow = Selectable<Media>;

/** As the API returns it. */
export function mediaJson(row: MediaRow, presigning?: Presigning): Record<string, unknown> {
  const { deleted: _deleted, source_url: _source, ...visible } = row;
  return {
    ...visible,
    media_files: presigning ? presignFiles(row.media_files, presigning) : row.media_files,
    effective_permission: 0,
  };
}
