import { level } from '../access/levels.ts';
import { requireProject } from '../access/access.ts';
import type { Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import type { MediaRow } from '../files/media-row.ts';
import { ifChanged } from '../graphics/conditional.ts';
import { cropOfShape, defaultMargins, marginsOf } from '../graphics/crops.ts';
import { parseFormat, parseGrid, parseRois, parseSize, type PictureFormat } from '../graphics/parse.ts';
import { PictureMaker, type Composition } from '../graphics/picture-maker.ts';
import { rowsByIds } from '../marks/chains.ts';
import { findRow } from '../marks/reading.ts';
import type { LocalizationRow, StateRow } from '../marks/rows.ts';
import { findMedia } from './media.ts';

const MOST_FRAMES = 32;
const MOST_MEMBERS = 100;
const FASTEST = 60;

/** Pictures of frames, of localizations and of tracks. Failures are JSON like everywhere else. */
export function graphicRoutes(serve: Serve, deps: HubDeps): void {
  const { db } = deps;
  const maker = new PictureMaker(deps);

  serve('get_frame', async ({ caller, params, query, headers, rawQuery }) => {
    const media = await findMedia(deps, caller, params.id, level.view);
    const frames = query.frames ?? [0];
    if (frames.length === 0 || frames.length > MOST_FRAMES) throw badRequest('1 to 32 frames can be shown.');
    const rois = parseRois(query.roi, frames.length);
    const moves = (query.animate ?? 0) > 0;
    if (moves && query.tile !== undefined) throw badRequest('"animate" and "tile" exclude each other.');
    const format = parseFormat(rawQuery['format'], { moves });
    const composition = compose(format, {
      framesPerSecond: moves ? query.animate : undefined,
      tile: query.tile,
      pictures: frames.length,
    });
    const request = {
      media,
      dtype: await dtypeOf(media.type),
      quality: query.quality,
      scale: parseSize('force_scale', query.force_scale),
      composition,
      cuts: () => frames.map((frame, i) => ({ frame, crop: rois[i] })),
    };
    const of = ['frame', identity(media), query, format];
    return ifChanged(headers, { of, modified: media.modified_datetime }, () => maker.make(request));
  });

  serve('get_localization_graphic', async ({ caller, params, query, headers, rawQuery }) => {
    const row = await findRow(db, 'localizations', { id: params.id });
    await requireProject(db, caller, row.project, level.view);
    const media = await findMedia(deps, caller, row.media, level.view);
    const dtype = await dtypeOf(row.type);
    const margins = marginsOf(dtype, query);
    const format = parseFormat(rawQuery['format'], { moves: false });
    const request = {
      media,
      dtype: await dtypeOf(media.type),
      scale: parseSize('force_scale', query.force_scale),
      composition: compose(format, { pictures: 1 }),
      cuts: (size: { width: number; height: number }) => [
        { frame: row.frame ?? 0, crop: cropOfShape(dtype, row, margins, size) },
      ],
    };
    const modified = latest([row.modified_datetime, media.modified_datetime]);
    const of = ['localization', row.id, row.modified_datetime, identity(media), query, format];
    return ifChanged(headers, { of, modified }, () => maker.make(request));
  });

  serve('get_state_graphic', async ({ caller, params, query, headers, rawQuery }) => {
    const state = await findRow(db, 'states', { id: params.id });
    await requireProject(db, caller, state.project, level.view);
    const [first] = state.media;
    if ((await associationOf(state.type)) !== 'Localization' || first === undefined) {
      throw badRequest('Only tracks can be shown.');
    }
    const media = await findMedia(deps, caller, first, level.view);
    const members = await shownMembers(state, first, query);
    const moves = (query.mode ?? 'animate') === 'animate';
    const framesPerSecond = query.fps ?? 2;
    if (!(framesPerSecond > 0 && framesPerSecond <= FASTEST))
      throw badRequest('"fps" must be above 0, at most 60.');
    const format = parseFormat(rawQuery['format'], { moves });
    const dtypes = await dtypesOf(members.map((member) => member.type));
    const request = {
      media,
      dtype: await dtypeOf(media.type),
      scale: parseSize('force_scale', query.force_scale ?? '224x224'),
      composition: compose(format, {
        framesPerSecond: moves ? framesPerSecond : undefined,
        // One row: Tator's own client cuts the picture into as many columns as there are members.
        tile: `${Math.max(1, members.length)}x1`,
        pictures: members.length,
      }),
      cuts: (size: { width: number; height: number }) =>
        members.map((member) => {
          const dtype = dtypes.get(member.type) ?? '';
          return { frame: member.frame ?? 0, crop: cropOfShape(dtype, member, defaultMargins(dtype), size) };
        }),
    };
    const dates = members.map((member) => member.modified_datetime);
    const modified = latest([state.modified_datetime, media.modified_datetime, ...dates]);
    const of = ['state', state.id, state.modified_datetime, dates, identity(media), query, format];
    return ifChanged(headers, { of, modified }, () => maker.make(request));
  });

  /** Members on the media, by frame, in the asked-for window. */
  async function shownMembers(
    state: StateRow,
    media: number,
    { offset = 0, length = MOST_MEMBERS }: { offset?: number | undefined; length?: number | undefined },
  ): Promise<LocalizationRow[]> {
    if (offset < 0 || length < 1) throw badRequest('"offset" begins at 0 and "length" at 1.');
    const rows = await rowsByIds(db, 'localizations', state.localizations);
    const members = rows
      .filter((row) => row.media === media && !row.deleted)
      .sort((a, b) => (a.frame ?? 0) - (b.frame ?? 0) || a.id - b.id)
      .slice(offset, offset + length);
    if (members.length === 0) throw badRequest('The track has no members to show there.');
    return members;
  }

  async function dtypesOf(types: readonly number[]): Promise<Map<number, string>> {
    const rows = await db
      .selectFrom('entity_types')
      .select(['id', 'dtype'])
      .where('id', 'in', [...new Set(types)])
      .execute();
    return new Map(rows.map((row) => [row.id, row.dtype]));
  }

  async function dtypeOf(type: number): Promise<string> {
    return (await dtypesOf([type])).get(type) ?? '';
  }

  async function associationOf(type: number): Promise<unknown> {
    const row = await db
      .selectFrom('entity_types')
      .select('details')
      .where('id', '=', type)
      .executeTakeFirst();
    return row?.details['association'];
  }
}

interface Wish {
  pictures: number;
  /** A film of so many pictures a second. */
  framesPerSecond?: number | undefined;
  tile?: string | undefined;
}

function compose(format: PictureFormat, { pictures, framesPerSecond, tile }: Wish): Composition {
  if (framesPerSecond !== undefined) {
    return { kind: 'film', framesPerSecond, format: format === 'mp4' ? 'mp4' : 'gif' };
  }
  const still = format === 'jpeg' ? 'jpeg' : 'png';
  if (pictures === 1 && tile === undefined) return { kind: 'single', format: still };
  return { kind: 'tiles', grid: parseGrid(tile, pictures), format: still };
}

/** Whatever of a media decides its pictures. */
function identity({ id, media_files, modified_datetime }: MediaRow): unknown {
  return [id, media_files, modified_datetime];
}

function latest(dates: readonly Date[]): Date {
  return new Date(Math.max(...dates.map((date) => date.getTime())));
}
