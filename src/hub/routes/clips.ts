import { requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { ok, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { temporaryFileJson } from '../files/temporary-files.ts';
import { ClipMaker } from '../graphics/clip-maker.ts';
import { parseFrameRanges } from '../graphics/parse.ts';
import { findMedia } from './media.ts';

/**
 * Clips of videos. The ranges are cut exactly (the original copies whole fragments around them), so
 * that a clip begins with the frame that was asked for; for that its frames are always encoded anew.
 */
export function clipRoutes(serve: Serve, deps: HubDeps): void {
  const { db } = deps;
  const maker = new ClipMaker(deps);

  serve('get_clip', async ({ caller, params, query, origin }) => {
    const media = await findMedia(deps, caller, params.id, level.view);
    const ranges = parseFrameRanges(query.frame_ranges);
    const { project } = await requireProject(db, caller, media.project, level.view);
    const type = await db
      .selectFrom('entity_types')
      .select('dtype')
      .where('id', '=', media.type)
      .executeTakeFirst();
    const file = await maker.make({
      media,
      organization: project.organization,
      user: caller.id,
      dtype: type?.dtype ?? '',
      ranges,
      quality: query.quality,
    });
    return ok({
      segment_start_frames: ranges.map(({ first }) => first),
      segment_end_frames: ranges.map(({ last }) => last),
      file: temporaryFileJson(file, origin),
    });
  });
}
