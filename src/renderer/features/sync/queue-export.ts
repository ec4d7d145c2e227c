import type { Json } from '../../../base/json.ts';
import type { Edit } from '../../../sync/ports.ts';
import type { Lookups } from './lookups.ts';
import { entityTitle } from './queue-items.ts';
import { standingOf, type QueueIndex } from './queue-reason.ts';

/**
 * The whole queue as a JSON document, for a report or for rescue by hand: every edit with its
 * base and its changes, nothing left out. `at` is local time, ms.
 */
export function queueDocument(edits: readonly Edit[], at: number): string {
  return JSON.stringify(
    { format: 'tidemark-queue', version: 1, exportedAt: new Date(at).toISOString(), edits },
    null,
    2,
  );
}

const columns = [
  'project',
  'media',
  'media_name',
  'kind',
  'type',
  'elemental_id',
  'version',
  'operation',
  'state',
  'reason',
  'waits_since',
  'changed_at',
  'base_mark',
  'changes',
] as const;

/** The queue as a table (RFC 4180): one line an edit, its changes as JSON in the last column. */
export function queueTable(edits: readonly Edit[], lookups: Lookups, index: QueueIndex): string {
  const lines = edits.map((edit) => {
    const { ref, media, projectId, op, base, changes, updatedAt } = edit;
    const { state, reason, since } = standingOf(edit, index);
    const where = [projectId, media, lookups.mediaName(media) ?? ''];
    const what = [ref.kind, entityTitle(edit, lookups), ref.elementalId, ref.version, op];
    const why = [state, reason, new Date(since).toISOString(), new Date(updatedAt).toISOString()];
    return [...where, ...what, ...why, base?.mark ?? '', changes];
  });
  return [columns, ...lines].map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}

function cell(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A time as part of a file name: `2026-03-07T14-05-09`. */
export function fileStamp(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replaceAll(':', '-');
}
