import { requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { attributesForCreate } from '../attributes.ts';
import { created, type Call, type Loose, type Serve } from '../call.ts';
import { logChanges } from '../change-log.ts';
import type { Tx } from '../db/database.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import { deleteAnnotations, editAnnotations } from '../marks/bulk.ts';
import { appendMarks, lockChains, rowsByIds } from '../marks/chains.ts';
import { childrenOfStates } from '../marks/children.ts';
import { countAnnotations, listAnnotations, readAnnotation, type Target } from '../marks/reading.ts';
import { defaultVersion, requireAll } from '../marks/references.ts';
import type { Draft, StateRow } from '../marks/rows.ts';
import { segmentsOf } from '../marks/segments.ts';
import { mergeTracks, trimTrack } from '../marks/tracks.ts';
import { checkElementalId, deleteAnnotation, editAnnotation } from '../marks/writing.ts';
import { authorsOf } from './localizations.ts';

const table = 'states';
const MOST_AT_ONCE = 500;

export function stateRoutes(serve: Serve, deps: HubDeps): void {
  const { db, clock } = deps;

  serve('create_state_list', (call) => createStates(deps, call));
  serve('get_state_list', ({ caller, params, query, format }) =>
    listAnnotations(db, { table, caller, project: params.project, query }, { gzip: true, format }),
  );
  serve('get_state_list_by_id', ({ caller, params, query, body, format }) =>
    listAnnotations(db, { table, caller, project: params.project, query, body }, { gzip: false, format }),
  );
  serve('get_state_count', ({ caller, params, query }) =>
    countAnnotations(db, { table, caller, project: params.project, query }),
  );
  serve('get_state_count_by_id', ({ caller, params, query, body }) =>
    countAnnotations(db, { table, caller, project: params.project, query, body }),
  );
  serve('update_state_list', ({ caller, params, query, body }) =>
    editAnnotations(db, { table, caller, project: params.project, query, body, now: clock.now() }),
  );
  serve('delete_state_list', ({ caller, params, query, body }) =>
    deleteAnnotations(db, {
      table,
      caller,
      project: params.project,
      query,
      body: body ?? {},
      now: clock.now(),
    }),
  );
  serve('get_state', ({ caller, params }) => readAnnotation(db, table, caller, params));
  serve('get_state_by_elemental_id', ({ caller, params, query }) =>
    readAnnotation(db, table, caller, { ...elementOf(params), mark: query.mark }),
  );
  serve('update_state', ({ caller, params, body }) => edit(deps, caller, params, body));
  serve('update_state_by_elemental_id', ({ caller, params, body }) =>
    edit(deps, caller, { ...elementOf(params), mark: body.mark }, { ...body, elemental_id: undefined }),
  );
  serve('merge_states', ({ caller, params, body }) =>
    mergeTracks(db, { caller, id: params.id, now: clock.now(), other: body.merge_state_id }),
  );
  serve('trim_state_end', ({ caller, params, body }) =>
    trimTrack(db, { caller, id: params.id, now: clock.now(), frame: body.frame, endpoint: body.endpoint }),
  );
  serve('delete_state', ({ caller, params, body }) => remove(deps, caller, params, body ?? {}));
  serve('delete_state_by_elemental_id', ({ caller, params, body }) =>
    remove(deps, caller, elementOf(params), body ?? {}),
  );
}

function elementOf(params: { version: number; elemental_id: string }): {
  version: number;
  elemental_id: string;
} {
  return { version: params.version, elemental_id: checkElementalId(params.elemental_id) ?? '' };
}

type Spec = Exclude<Call<'create_state_list'>['body'], readonly unknown[]>;

async function createStates(
  { db, clock, makeId }: HubDeps,
  { caller, params, body }: Call<'create_state_list'>,
) {
  const specs: readonly Spec[] = Array.isArray(body) ? body : [body];
  if (specs.length === 0) throw badRequest('The list is empty.');
  if (specs.length > MOST_AT_ONCE) throw badRequest(`At most ${MOST_AT_ONCE} can be created at once.`);
  const { project } = params;
  const now = clock.now();
  const ids = await db.transaction().execute(async (tx) => {
    const { membership } = await requireProject(tx, caller, project, level.edit);
    const fallback = await defaultVersion(tx, project, membership);
    const types = await requireAll(
      tx,
      'state',
      project,
      specs.map((spec) => spec.type),
    );
    await requireAll(
      tx,
      'media object',
      project,
      specs.flatMap((spec) => spec.media_ids),
    );
    await requireAll(
      tx,
      'version',
      project,
      specs.flatMap((spec) => spec.version ?? []),
    );
    const associations = await associationsOf(tx, specs);
    const frames = await framesOf(
      tx,
      project,
      specs.flatMap((spec) => spec.localization_ids ?? []),
    );
    const authors = await authorsOf(tx, caller, project, specs);
    const drafts = specs.map((spec, i): Draft<'states'> => {
      if (spec.media_ids.length === 0) throw badRequest('A state needs at least one media.');
      if (associations.get(spec.type) === 'Frame' && typeof spec.frame !== 'number') {
        throw badRequest('A frame state needs a frame.');
      }
      const members = unique(spec.localization_ids ?? []);
      return {
        project,
        type: spec.type,
        version: spec.version ?? fallback,
        elemental_id: checkElementalId(spec.elemental_id) ?? makeId(),
        variant_deleted: false,
        parent: spec.parent ?? null,
        frame: spec.frame ?? null,
        media: unique(spec.media_ids),
        localizations: members,
        segments:
          members.length === 0 ? null : segmentsOf(members.map((id) => frames.get(id)?.frame ?? null)),
        attributes: attributesForCreate(types.get(spec.type) ?? [], spec.attributes, { now }),
        created_by: authors[i] ?? caller.id,
        modified_by: authors[i] ?? caller.id,
        created_datetime: new Date(now),
        modified_datetime: new Date(now),
      };
    });
    await lockChains(tx, table, drafts);
    const made = await appendMarks(tx, table, drafts);
    await logChanges(
      tx,
      { kind: 'state', project, user: caller.id, now },
      made.map((id, i) => ({ id, after: drafts[i] ?? {} })),
    );
    return made;
  });
  return created({ message: `Successfully created ${ids.length} states!`, id: ids });
}

function unique(ids: readonly number[]): number[] {
  return [...new Set(ids)];
}

async function associationsOf(tx: Tx, specs: readonly Spec[]): Promise<Map<number, unknown>> {
  const rows = await tx
    .selectFrom('entity_types')
    .select(['id', 'details'])
    .where('id', 'in', unique(specs.map((spec) => spec.type)))
    .execute();
  return new Map(rows.map((row) => [row.id, row.details['association']]));
}

/** Frame and media of members, which must be rows of the project. */
async function framesOf(
  tx: Tx,
  project: number,
  ids: readonly number[],
): Promise<Map<number, { frame: number | null; media: number }>> {
  await requireAll(tx, 'localization object', project, ids);
  const rows = await rowsByIds(tx, 'localizations', unique(ids));
  return new Map(rows.map((row) => [row.id, { frame: row.frame, media: row.media }]));
}

type EditBody = Loose<Call<'update_state'>['body']> & {
  media_ids?: number[] | undefined;
  localization_ids?: number[] | undefined;
};

function edit({ db, clock }: HubDeps, caller: Call<'whoami'>['caller'], target: Target, body: EditBody) {
  return editAnnotation(db, {
    table,
    caller,
    target,
    body,
    now: clock.now(),
    changes: async (tx, row) => {
      const elemental = checkElementalId(body.elemental_id);
      return {
        ...(await memberChanges(tx, row, body)),
        ...(body.frame === undefined ? {} : { frame: body.frame }),
        ...(elemental === undefined ? {} : { elemental_id: elemental }),
      };
    },
  });
}

/** New members and media; the media of members join, and the segments follow. */
async function memberChanges(tx: Tx, row: StateRow, body: EditBody): Promise<Partial<StateRow>> {
  const { localization_ids: all, localization_ids_add: added, localization_ids_remove: removed } = body;
  const media = requireIntegers(body.media_ids);
  if (media) await requireAll(tx, 'media object', row.project, media);
  const base = media ? { media: unique(media) } : {};
  if (all === undefined && added === undefined && removed === undefined) return base;
  const kept = (requireIntegers(all) ?? row.localizations).filter((id) => !(removed ?? []).includes(id));
  const members = unique([...kept, ...(added ?? [])]);
  // Members that were there before may have been pruned since; only new ones must exist.
  const fresh = members.filter((id) => !row.localizations.includes(id));
  await requireAll(tx, 'localization object', row.project, fresh);
  const rows = await rowsByIds(tx, 'localizations', members);
  return {
    localizations: members,
    media: unique([...(base.media ?? row.media), ...rows.map((member) => member.media)]),
    segments: members.length === 0 ? [[null, null]] : segmentsOf(rows.map((member) => member.frame)),
  };
}

/** These two members are honoured though the contract does not declare them. */
function requireIntegers(ids: unknown): number[] | undefined {
  if (ids === undefined) return undefined;
  if (Array.isArray(ids) && ids.every((id) => Number.isInteger(id))) return ids as number[];
  throw badRequest('media_ids and localization_ids must be lists of ids.');
}

function remove(
  { db, clock }: HubDeps,
  caller: Call<'whoami'>['caller'],
  target: Target,
  body: { prune?: number | undefined; pedantic?: number | undefined },
) {
  const now = clock.now();
  return deleteAnnotation(db, {
    table,
    caller,
    target,
    body,
    now,
    also: (tx, row) => childrenOfStates(tx, [row as StateRow], { caller, now, prune: body.prune === 1 }),
  });
}
