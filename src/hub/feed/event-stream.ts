import { sql } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/database.ts';
import { transcodeKind } from '../jobs/kinds.ts';
import { readFeed } from './change-feed.ts';

/** ms between two looks. */
const LOOK_EVERY = 1000;
/** Looks after which a silent stream says that it is there, and the reader's rights are checked again. */
const LOOKS_A_BEAT = 15;

interface Progress {
  uid: string;
  gid: string;
  media_ids: number[];
  status: string;
  progress: number;
  message: string;
}

export interface EventStreamOptions {
  project: number;
  signal: AbortSignal;
  /** Throws once the reader may not read any more. */
  stillAllowed: () => Promise<void>;
}

/**
 * Server-sent events of a project, as text, until `signal`: `changes` with a cursor of the change feed
 * whenever something changed, `transcode` with how each running transcode stands whenever that changed.
 */
export async function* eventStream(
  db: Db,
  { project, signal, stillAllowed }: EventStreamOptions,
): AsyncGenerator<string> {
  let { cursor } = await readFeed(db, { project, cursor: undefined, limit: 1 });
  const told = new Map<string, string>();
  const begun = new Date();
  yield event('changes', { cursor, reset: false });
  for (let looks = 0; !signal.aborted; looks += 1) {
    if (looks % LOOKS_A_BEAT === LOOKS_A_BEAT - 1) {
      await stillAllowed();
      yield ': still here\n\n';
    }
    const before = cursor;
    const page = await readFeed(db, { project, cursor, limit: 5000 });
    // The cursor before the changes: whoever reads the feed from there learns all of them.
    if (page.reset || page.changes.length > 0)
      yield event('changes', { cursor: page.reset ? page.cursor : before, reset: page.reset });
    cursor = page.cursor;
    for (const job of await openJobs(db, project, begun)) {
      const text = JSON.stringify(job);
      if (told.get(job.uid) === text) continue;
      told.set(job.uid, text);
      yield event('transcode', job);
    }
    await sleep(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
  }
}

/** Transcodes that are under way or ended after the stream began. */
async function openJobs(db: Db, project: number, begun: Date): Promise<Progress[]> {
  const { rows } = await sql<Progress>`
    SELECT uid, gid, media AS media_ids, status, progress, message FROM jobs
    WHERE project = ${project} AND kind = ${transcodeKind} AND (stop_time IS NULL OR stop_time >= ${begun})
    ORDER BY created LIMIT 500`.execute(db);
  return rows;
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
