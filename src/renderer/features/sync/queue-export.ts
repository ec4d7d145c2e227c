import type { Edit } from '../../../sync/ports.ts';

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

/** A time as part of a file name: `2026-03-07T14-05-09`. */
export function fileStamp(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replaceAll(':', '-');
}
