import { sql } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { createMedia } from '../files/create-media.ts';
import { isRemote, uploadedSource } from '../files/open-source.ts';
import { letterOf } from '../mail/letters.ts';
import { findMedia } from './media.ts';
import type { JobRow } from '../jobs/queue.ts';
import { transcodeKind } from '../jobs/kinds.ts';
import { selectMedia, type MediaBody, type MediaFilters } from '../search/media-query.ts';

export function transcodeRoutes(serve: Serve, deps: HubDeps): void {
  const { db, queue, objects, makeId } = deps;
  const tells = deps.settings.extensions.has('transcode-progress');
  const shown = (row: JobRow) => transcodeJson(row, tells);

  serve('transcode', async ({ caller, params, body }) => {
    await requireProject(db, caller, params.project, level.transfer);
    const source = await uploadedSource(deps, params.project, body.url);
    const letter = await letterOf(deps, params.project, body.email_spec);
    const info = isRemote(source) ? undefined : await objects.head(source);
    const media = await mediaFor(caller, params.project, body);
    const uid = makeId();
    const spec = { ...body, url: source, media_id: media, size: info?.size ?? body.size ?? 0, letter };
    await queue.add({
      uid,
      gid: body.gid,
      kind: transcodeKind,
      project: params.project,
      user: caller.id,
      media: [media],
      spec,
    });
    const row = await findJob(uid);
    return created({ message: 'Transcode job submitted successfully!', id: uid, object: shown(row) });
  });

  serve('get_transcode', async ({ caller, params }) => {
    const row = await findJob(params.uid);
    await requireProject(db, caller, row.project, level.view);
    return ok(shown(row));
  });

  serve('get_transcode_list', async ({ caller, params, query }) =>
    ok((await list(caller, params.project, query)).map(shown)),
  );
  serve('get_transcode_list_by_id', async ({ caller, params, query, body }) => {
    await requireProject(db, caller, params.project, level.transfer);
    return ok((await list(caller, params.project, query, body)).map(shown));
  });

  serve('delete_transcode', async ({ caller, params }) => {
    const row = await findJob(params.uid);
    await requireProject(db, caller, row.project, level.transfer);
    await queue.cancel(row.uid);
    return ok({ message: `Transcode job ${row.uid} deleted successfully!` });
  });

  serve('delete_transcode_list', async ({ caller, params, query }) => {
    await requireProject(db, caller, params.project, level.transfer);
    const rows = await list(caller, params.project, query);
    for (const row of rows) await queue.cancel(row.uid);
    return ok({ message: `Deleted ${rows.length} transcode jobs successfully!` });
  });

  /** The media to fill: the given one, or a new one. Nothing is made when the request is not complete. */
  async function mediaFor(caller: Caller, project: number, body: TranscodeBody): Promise<number> {
    if (body.media_id !== undefined && body.media_id !== null) {
      const media = await findMedia(deps, caller, body.media_id, level.transfer);
      if (media.project !== project) throw badRequest(`Media ${media.id} belongs to another project.`);
      return media.id;
    }
    if (body.section === undefined && body.section_id === undefined)
      throw badRequest('A section is needed for a new media.');
    const spec = { ...body, md5: body.md5 ?? '', url: undefined };
    const row = await db.transaction().execute((tx) => createMedia(tx, deps, { caller, project, spec }));
    return row.id;
  }

  async function findJob(uid: string): Promise<JobRow> {
    const { rows } =
      await sql<JobRow>`SELECT * FROM jobs WHERE uid::text = ${uid} AND kind = ${transcodeKind}`.execute(db);
    if (!rows[0]) throw notFound(`There is no transcode ${uid}.`);
    return rows[0];
  }

  /** By `gid`, and by whatever selects the media that they fill. */
  async function list(
    caller: Caller,
    project: number,
    query: MediaFilters,
    body?: MediaBody,
  ): Promise<JobRow[]> {
    await requireProject(db, caller, project, level.view);
    const { gid, ...filters } = query;
    const filtering = Object.values({ ...filters, ...body }).some((value) => value !== undefined);
    const { condition } = await selectMedia(db, project, filters, body);
    const { rows } = await sql<JobRow>`
      SELECT * FROM jobs WHERE project = ${project} AND kind = ${transcodeKind}
        AND (${gid ?? null}::text IS NULL OR gid = ${gid ?? null}::text)
        AND (NOT ${filtering}::boolean OR media && ARRAY(SELECT row.id FROM media AS row WHERE ${condition}))
      ORDER BY created DESC, uid`.execute(db);
    return rows;
  }
}

interface TranscodeBody {
  type: number;
  gid: string;
  uid: string;
  url: string;
  name: string;
  size?: number | undefined;
  md5?: string | undefined;
  section?: string | undefined;
  section_id?: number | undefined;
  attributes?: Record<string, unknown> | null | undefined;
  media_id?: number | null | undefined;
}

/** `tells`: with `progress` (0 to 1) and `message`, which the original does not have. */
function transcodeJson(row: JobRow, tells: boolean): Record<string, unknown> {
  const { letter: _sentLater, ...spec } = row.spec;
  return {
    spec,
    job: {
      id: row.uid,
      uid: row.uid,
      gid: row.gid,
      user: row.user_id,
      project: row.project,
      media_ids: row.media,
      nodes: [],
      status: row.status,
      start_time: row.start_time,
      stop_time: row.stop_time,
      ...(tells ? { progress: row.progress, message: row.message } : {}),
    },
  };
}
