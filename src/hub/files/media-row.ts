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
