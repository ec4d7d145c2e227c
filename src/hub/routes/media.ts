import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { publicReader, requireProject, type Caller } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { userByElementalId } from '../access/users.ts';
import { attributesForEdit, SECTION_ATTRIBUTE } from '../attributes.ts';
import { logChanges, logRemovals } from '../change-log.ts';
import { created, ok, redirectTo, type Answer, type Call, type Serve } from '../call.ts';
import type { Tx } from '../db/database.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { composeFiles } from '../files/compose-media.ts';
import { createMedia } from '../files/create-media.ts';
import { importOf, queueImport, type ImageImport } from '../files/import-image.ts';
import { mediaFields, mediaJson, type MediaRow } from '../files/media-row.ts';
import { downloadUrl, type Presigning } from '../files/presign.ts';
import { absent } from '../objects/store-failures.ts';
import { choosePermalink } from '../files/permalink.ts';
import { placeInSection } from '../files/section-of-media.ts';
import { attributeTypesOf, checkElementalId } from '../marks/writing.ts';
import { inChunks } from '../plugins/chunks.ts';
import { csvColumns, csvRow, type ListFormat } from '../plugins/list-format.ts';
import { pickFields } from '../plugins/pick-fields.ts';
import { selectMedia, type MediaBody, type MediaFilters } from '../search/media-query.ts';
import { loadScope } from '../search/scopes.ts';
import { orderOf, windowOf } from '../search/sorting.ts';

const CHUNK = 250;
const MOST_AT_ONCE = 500;
const PERMALINK_SECONDS = 86_400;

interface MediaListQuery extends MediaFilters {
  start?: number | undefined;
  stop?: number | undefined;
  sort_by?: readonly string[] | undefined;
  fields?: string | undefined;
  presigned?: number | undefined;
  presign_only?: readonly string[] | undefined;
}

interface ListRequest {
  caller: Caller;
  project: number;
  query: MediaListQuery;
  body?: MediaBody | undefined;
  origin: string;
}

export function mediaRoutes(serve: Serve, deps: HubDeps): void {
  const { db, clock, signer } = deps;

  serve('create_media_list', async ({ caller, params, body }) => {
    const specs = Array.isArray(body) ? body : [body];
    if (specs.length === 0) throw badRequest('The list is empty.');
    if (specs.length > MOST_AT_ONCE) throw badRequest(`At most ${MOST_AT_ONCE} can be created at once.`);
    const made = await db.transaction().execute(async (tx) => {
      await requireProject(tx, caller, params.project, level.transfer);
      const all: { row: MediaRow; wanted: ImageImport | undefined }[] = [];
      for (const spec of specs) {
        const row = await createMedia(tx, deps, { caller, project: params.project, spec });
        all.push({ row, wanted: importOf(deps, row, spec) });
      }
      await logChanges(
        tx,
        { kind: 'media', project: params.project, user: caller.id, now: clock.now() },
        all.map(({ row }) => ({ id: row.id, after: { ...row } })),
      );
      return all;
    });
    for (const { row, wanted } of made) if (wanted) await queueImport(deps, row, wanted);
    const rows = made.map(({ row }) => row);
    const objects = rows.map((row) => mediaJson(row));
    if (Array.isArray(body)) {
      const id = rows.map((row) => row.id);
      return created({ message: `Successfully created ${id.length} media!`, id, object: objects });
    }
    return created({ message: 'Media object created successfully!', id: rows[0]?.id, object: objects[0] });
  });

  serve('get_media_list', ({ caller, params, query, origin, format }) =>
    list({ caller, project: params.project, query, origin }, { gzip: true, format }),
  );
  serve('get_media_list_by_id', ({ caller, params, query, body, origin, format }) =>
    list({ caller, project: params.project, query, body, origin }, { gzip: false, format }),
  );
  serve('get_media_count', ({ caller, params, query, origin }) =>
    count({ caller, project: params.project, query, origin }),
  );
  serve('get_media_count_by_id', ({ caller, params, query, body, origin }) =>
    count({ caller, project: params.project, query, body, origin }),
  );

  serve('get_media', async ({ caller, params, query, origin }) => {
    const row = await findMedia(deps, caller, params.id, level.view);
    return ok(mediaJson(row, presigning(query.presigned, origin)));
  });

  serve('update_media', async ({ caller, params, body }) => {
    const { project } = await findMedia(deps, caller, params.id, level.edit);
    await db.transaction().execute(async (tx) => {
      const row = await lockMedia(tx, params.id);
      if (body.user_elemental_id !== undefined) await requireProject(tx, caller, project, level.full);
      await updateRow(tx, row, { caller, now: clock.now(), body, files: await composeFiles(tx, row, body) });
      await carryParts(tx, row, { caller, now: clock.now(), body });
    });
    if (body.archive_state !== undefined) deps.wakeArchive();
    const row = await findMedia(deps, caller, params.id, level.view);
    return ok({ message: `Media ${params.id} successfully updated!`, object: mediaJson(row) });
  });

  serve('update_media_list', async ({ caller, params, query, body }) => {
    const { attributes, null_attributes, reset_attributes, archive_state } = body;
    if (
      !attributes &&
      !null_attributes &&
      !reset_attributes &&
      archive_state === undefined &&
      primarySection(body) === undefined
    ) {
      throw badRequest('Nothing to change was given.');
    }
    const changed = await db.transaction().execute(async (tx) => {
      await requireProject(tx, caller, params.project, level.edit);
      const rows = await chosenRows(tx, params.project, query, body);
      if (new Set(rows.map((row) => row.type)).size > 1)
        throw badRequest('All selected media must have the same type.');
      for (const row of rows) {
        await updateRow(tx, row, { caller, now: clock.now(), body });
        await carryParts(tx, row, { caller, now: clock.now(), body });
      }
      return rows.length;
    });
    if (archive_state !== undefined) deps.wakeArchive();
    return ok({ message: `Successfully updated ${changed} media!` });
  });

  serve('delete_media', async ({ caller, params }) => {
    const { project } = await findMedia(deps, caller, params.id, level.edit);
    const now = clock.now();
    await db.transaction().execute(async (tx) => {
      await deleteRows(tx, [params.id], now);
      await logRemovals(tx, { kind: 'media', project, user: caller.id, now }, [params.id]);
    });
    return ok({ message: `Media ${params.id} successfully deleted!` });
  });

  serve('delete_media_list', async ({ caller, params, query, body }) => {
    const deleted = await db.transaction().execute(async (tx) => {
      await requireProject(tx, caller, params.project, level.edit);
      const rows = await chosenRows(tx, params.project, query, body);
      const ids = rows.map((row) => row.id);
      const now = clock.now();
      await deleteRows(tx, ids, now);
      await logRemovals(tx, { kind: 'media', project: params.project, user: caller.id, now }, ids);
      return rows.length;
    });
    return ok({ message: `Successfully deleted ${deleted} media!` });
  });

  serve('get_media_stats', async ({ caller, params, query }) => {
    await requireProject(db, caller, params.project, level.view);
    const { condition } = await selectMedia(db, params.project, query);
    const { rows } = await sql<{ count: number; duration: number; size: number }>`
      SELECT count(*)::int AS count, coalesce(sum(num_frames / nullif(fps, 0)), 0)::float8 AS duration,
        coalesce(sum((SELECT sum((file ->> 'size')::float8)
          FROM jsonb_path_query(row.media_files, '$.*[*]') AS file WHERE file ? 'size')), 0)::float8 AS size
      FROM media AS row WHERE ${condition}`.execute(db);
    const { count: number = 0, duration = 0, size = 0 } = rows[0] ?? {};
    return ok({ count: number, duration, total_size: size, download_size: size });
  });

  serve('get_permalink', async ({ caller, params, query, origin }) => {
    const reader = caller.id === 0 ? await publicReader(db, caller) : caller;
    const row = await findMedia(deps, reader, params.id, level.view);
    const key = choosePermalink(row.media_files ?? {}, query.element ?? 'auto', query.quality ?? 720);
    if (key === undefined) throw notFound(`Media ${params.id} has no such file.`);
    const signed = presigning(PERMALINK_SECONDS, origin);
    return redirectTo(/^https?:/i.test(key) || !signed ? key : downloadUrl(signed, key));
  });

  function presigning(
    seconds: number | undefined,
    origin: string,
    only?: readonly string[],
  ): Presigning | undefined {
    if (seconds === undefined) return undefined;
    return { signer, origin, expires: Math.floor(clock.now() / 1000) + seconds, only };
  }

  async function rowsOf({ caller, project, query, body }: ListRequest) {
    await requireProject(db, caller, project, level.view);
    const { condition, scope, nearest } = await selectMedia(db, project, query, body);
    const { offset, limit } = windowOf(query.start, query.stop);
    let rows = db.selectFrom('media as row').selectAll('row').where(condition);
    for (const key of nearest ?? orderOf(scope, query.sort_by ?? [], ['name', 'id'])) {
      rows = rows.orderBy(key as RawBuilder<SqlBool>);
    }
    if (offset > 0) rows = rows.offset(offset);
    return limit === undefined ? rows : rows.limit(limit);
  }

  async function list(
    request: ListRequest,
    { gzip, format }: { gzip: boolean; format: ListFormat },
  ): Promise<Answer> {
    const { query, origin } = request;
    const rows = await rowsOf(request);
    const signed = presigning(query.presigned, origin, query.presign_only);
    if (format === 'csv') {
      const { types } = await loadScope(db, request.project, 'media', { alias: 'row', type: query.type });
      const attributes = types.flatMap((type) => type.attribute_types.map(({ name }) => name));
      const columns = csvColumns({ fields: query.fields, members: mediaFields, attributes });
      const line = (row: MediaRow): unknown => csvRow(columns, mediaJson(row, signed));
      const form = { name: format, columns: columns.map(({ name }) => name) };
      return { kind: 'rows', rows: inChunks(rows.stream(CHUNK), CHUNK, line), gzip, form };
    }
    const pick = pickFields(query.fields, []);
    const shape = (row: MediaRow): unknown => pick(mediaJson(row, signed));
    return { kind: 'rows', rows: inChunks(rows.stream(CHUNK), CHUNK, shape), gzip, form: { name: format } };
  }

  async function count(request: ListRequest): Promise<Answer> {
    const chosen = (await rowsOf(request)).as('chosen');
    const total = await db
      .selectFrom(chosen)
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .executeTakeFirstOrThrow();
    return ok(Number(total.count));
  }
}

/** @throws HubError 404, 403 */
export async function findMedia(
  { db }: Pick<HubDeps, 'db'>,
  caller: Caller,
  id: number,
  need: Level,
): Promise<MediaRow> {
  const row = await db
    .selectFrom('media')
    .selectAll()
    .where('id', '=', id)
    .where('deleted', '=', false)
    .executeTakeFirst();
  if (!row) throw notFound(`There is no media ${id}.`);
  await requireProject(db, caller, row.project, need);
  return row;
}

/** The row, locked until the end of the transaction. */
export async function lockMedia(tx: Tx, id: number): Promise<MediaRow> {
  const row = await tx
    .selectFrom('media')
    .selectAll()
    .where('id', '=', id)
    .where('deleted', '=', false)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw notFound(`There is no media ${id}.`);
  return row;
}

interface BulkQuery extends MediaListQuery {
  count?: number | undefined;
}

/** The selected rows, locked. Unlike the original's, `start` and `stop` are refused rather than ignored. */
async function chosenRows(
  tx: Tx,
  project: number,
  query: BulkQuery,
  body: MediaBody | undefined,
): Promise<MediaRow[]> {
  if (query.start !== undefined || query.stop !== undefined) {
    throw badRequest('start and stop cannot be combined with an edit or a delete.');
  }
  const { condition } = await selectMedia(tx, project, query, body);
  const { rows } = await sql<MediaRow>`
    SELECT row.* FROM media AS row WHERE ${condition} ORDER BY row.id FOR UPDATE`.execute(tx);
  if (query.count !== undefined && query.count !== rows.length) {
    throw badRequest(`Safety check failed: ${rows.length} media match, ${query.count} were expected.`);
  }
  return rows;
}

type Changes = Partial<Call<'update_media'>['body']> & { primary_section?: number | undefined };

/** Bulk edits honour `primary_section` though the contract does not declare it. */
function primarySection(body: object): number | undefined {
  const value: unknown = 'primary_section' in body ? body.primary_section : undefined;
  return typeof value === 'number' ? value : undefined;
}

const plainColumns = [
  'name',
  'num_frames',
  'fps',
  'codec',
  'width',
  'height',
  'summary_level',
  'last_edit_start',
  'last_edit_end',
] as const;

interface MediaEdit {
  caller: Caller;
  /** ms */
  now: number;
  body: Changes;
  /** In place of those that the row has. */
  files?: Record<string, unknown> | undefined;
}

/** Unlike the original's, an edit moves `modified_datetime`, so that clients can see it. */
async function updateRow(tx: Tx, row: MediaRow, { caller, now, body, files }: MediaEdit): Promise<void> {
  const types = await attributeTypesOf(tx, row.type);
  const given = attributesForEdit(types, body, [SECTION_ATTRIBUTE]);
  const place = await placeInSection(tx, row.project, {
    primary: primarySection(body),
    attribute: given[SECTION_ATTRIBUTE],
  });
  const attributes = { ...row.attributes, ...given, ...place.attributes };
  const author = body.user_elemental_id;
  const user = author === undefined ? undefined : await userByElementalId(tx, author);
  const elemental = checkElementalId(body.elemental_id);
  const columns = Object.fromEntries(
    plainColumns.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
  );
  const changed = await tx
    .updateTable('media')
    .set({
      ...columns,
      ...archiving(row, body.archive_state, new Date(now)),
      ...(files === undefined ? {} : { media_files: JSON.stringify(files) }),
      ...(elemental === undefined ? {} : { elemental_id: elemental }),
      ...(place.section === undefined ? {} : { primary_section: place.section }),
      ...(user === undefined ? {} : { created_by: user }),
      attributes: JSON.stringify(attributes),
      modified_by: user ?? caller.id,
      modified_datetime: sql<Date>`now()`,
    })
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const context = { kind: 'media', project: row.project, user: caller.id, now } as const;
  await logChanges(tx, context, [{ id: row.id, before: { ...row }, after: { ...changed } }]);
}

/** The media that a multi is made of are archived and brought back with it. */
async function carryParts(tx: Tx, multi: MediaRow, { body, ...edit }: MediaEdit): Promise<void> {
  const ids = multi.media_files?.['ids'];
  const { archive_state } = body;
  if (archive_state === undefined || !Array.isArray(ids)) return;
  for (const id of new Set((ids as number[]).toSorted((a, b) => a - b))) {
    const part = await lockMedia(tx, id).catch(absent); // a part may have been deleted
    if (part) await updateRow(tx, part, { ...edit, body: { archive_state } });
  }
}

/** Clients may only ask for `to_archive` (of live media) and `to_live`; anything else changes nothing. */
function archiving(
  row: MediaRow,
  wanted: string | undefined,
  now: Date,
): { archive_state?: string; archive_status_date?: Date } {
  const next: Readonly<Record<string, string>> = {
    'live>to_archive': 'to_archive',
    'to_archive>to_live': 'live',
    'archived>to_live': 'to_live',
  };
  const state = next[`${row.archive_state}>${wanted ?? ''}`];
  return state === undefined ? {} : { archive_state: state, archive_status_date: now };
}

/** Hides media with their localizations, and the states that are left with deleted media only. */
async function deleteRows(tx: Tx, ids: readonly number[], now: number): Promise<void> {
  const at = new Date(now);
  await sql`UPDATE media SET deleted = true, modified_datetime = ${at} WHERE id = ANY(${[...ids]}::int[])`.execute(
    tx,
  );
  await sql`UPDATE localizations SET deleted = true, latest_mark = 0, modified_datetime = ${at}
    WHERE media = ANY(${[...ids]}::int[]) AND NOT deleted`.execute(tx);
  await sql`UPDATE states AS state SET deleted = true, latest_mark = 0, modified_datetime = ${at}
    WHERE state.media && ${[...ids]}::int[] AND NOT state.deleted
      AND NOT EXISTS (SELECT 1 FROM media WHERE media.id = ANY(state.media) AND NOT media.deleted)`.execute(
    tx,
  );
}
