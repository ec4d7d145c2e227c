import { sql } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import { cloneRows, clonesOf } from '../files/clones.ts';
import type { MediaRow } from '../files/media-row.ts';
import { folderByName } from '../files/section-of-media.ts';
import { selectMedia, type MediaFilters } from '../search/media-query.ts';
import { orderOf, windowOf } from '../search/sorting.ts';
import { findMedia } from './media.ts';

const MOST_AT_ONCE = 500;

interface WindowedFilters extends MediaFilters {
  start?: number | undefined;
  stop?: number | undefined;
  sort_by?: readonly string[] | undefined;
}

/** Media beside a media: its neighbours in a list, and those that share its files. */
export function mediaRelationRoutes(serve: Serve, deps: HubDeps): void {
  const { db, clock, makeId } = deps;

  serve('get_media_next', async ({ caller, params, query }) =>
    ok({ next: await neighbour(caller, params.id, query, 1) }),
  );
  serve('get_media_prev', async ({ caller, params, query }) =>
    ok({ prev: await neighbour(caller, params.id, query, -1) }),
  );

  serve('clone_media_list', async ({ caller, params, query, body }) => {
    const id = await db.transaction().execute(async (tx) => {
      await requireProject(tx, caller, params.project, level.transfer);
      await requireProject(tx, caller, body.dest_project, level.transfer);
      const selection = await ordered(params.project, query, tx);
      const { rows } = await sql<MediaRow>`${selection} FOR UPDATE OF row`.execute(tx);
      if (rows.length > MOST_AT_ONCE)
        throw badRequest(`At most ${MOST_AT_ONCE} can be cloned at once; ${rows.length} are selected.`);
      const now = clock.now();
      const options = { user: caller.id, now, identifier: makeId() };
      const section = body.dest_section
        ? await folderByName(tx, body.dest_project, body.dest_section, options)
        : undefined;
      const target = { project: body.dest_project, type: body.dest_type, section, user: caller.id, now };
      return cloneRows(tx, rows, target);
    });
    return created({ message: `Successfully cloned ${id.length} media!`, id });
  });

  serve('get_cloned_media', async ({ caller, params }) => {
    const row = await findMedia(deps, caller, params.id, level.view);
    const ids = await clonesOf(db, row, caller.id);
    return ok({ message: `${ids.length} media share files with media ${row.id}.`, ids });
  });

  /** The id `step` places on among the media that pass the filters; -1 at an end, or when it is none of them. */
  async function neighbour(
    caller: Caller,
    id: number,
    query: WindowedFilters,
    step: 1 | -1,
  ): Promise<number> {
    const { project } = await findMedia(deps, caller, id, level.view);
    const { rows } = await sql<{ id: number }>`
      WITH listed AS (SELECT id, row_number() OVER () AS place FROM (${await ordered(project, query)}) AS row)
      SELECT listed.id FROM listed
      WHERE place = (SELECT place FROM listed WHERE id = ${id}) + ${step}::int`.execute(db);
    return rows[0]?.id ?? -1;
  }

  async function ordered(
    project: number,
    query: WindowedFilters,
    on: Parameters<typeof selectMedia>[0] = db,
  ) {
    const { condition, scope } = await selectMedia(on, project, query);
    const { offset, limit } = windowOf(query.start, query.stop);
    const order = sql.join(orderOf(scope, query.sort_by ?? [], ['name', 'id']));
    return sql`SELECT row.* FROM media AS row WHERE ${condition}
      ORDER BY ${order} OFFSET ${offset} LIMIT ${limit ?? null}`;
  }
}
