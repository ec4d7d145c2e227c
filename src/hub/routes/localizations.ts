import { requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { userByElementalId } from '../access/users.ts';
import { attributesForCreate } from '../attributes.ts';
import { created, type Call, type Loose, type Serve } from '../call.ts';
import { logChanges } from '../change-log.ts';
import type { Tx } from '../db/database.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import { appendMarks, lockChains } from '../marks/chains.ts';
import { deleteAnnotations, editAnnotations } from '../marks/bulk.ts';
import { countAnnotations, listAnnotations, readAnnotation, type Target } from '../marks/reading.ts';
import { defaultVersion, requireAll } from '../marks/references.ts';
import type { Draft, LocalizationRow } from '../marks/rows.ts';
import { checkElementalId, deleteAnnotation, editAnnotation } from '../marks/writing.ts';

const table = 'localizations';
const MOST_AT_ONCE = 500;

export function localizationRoutes(serve: Serve, deps: HubDeps): void {
  const { db, clock } = deps;

  serve('create_localization_list', (call) => createLocalizations(deps, call));
  serve('get_localization_list', ({ caller, params, query, format }) =>
    listAnnotations(db, { table, caller, project: params.project, query }, { gzip: true, format }),
  );
  serve('get_localization_list_by_id', ({ caller, params, query, body, format }) =>
    listAnnotations(db, { table, caller, project: params.project, query, body }, { gzip: false, format }),
  );
  serve('get_localization_count', ({ caller, params, query }) =>
    countAnnotations(db, { table, caller, project: params.project, query }),
  );
  serve('get_localization_count_by_id', ({ caller, params, query, body }) =>
    countAnnotations(db, { table, caller, project: params.project, query, body }),
  );
  serve('update_localization_list', ({ caller, params, query, body }) =>
    editAnnotations(db, { table, caller, project: params.project, query, body, now: clock.now() }),
  );
  serve('delete_localization_list', ({ caller, params, query, body }) =>
    deleteAnnotations(db, {
      table,
      caller,
      project: params.project,
      query,
      body: body ?? {},
      now: clock.now(),
    }),
  );
  serve('get_localization', ({ caller, params }) => readAnnotation(db, table, caller, params));
  serve('get_localization_by_elemental_id', ({ caller, params, query }) =>
    readAnnotation(db, table, caller, { ...elementOf(params), mark: query.mark }),
  );
  serve('update_localization', ({ caller, params, body }) => edit(deps, caller, params, body));
  serve('update_localization_by_elemental_id', ({ caller, params, body }) =>
    // The path names the element: neither it nor its version can be changed here.
    edit(
      deps,
      caller,
      { ...elementOf(params), mark: body.mark },
      { ...body, elemental_id: undefined, version: undefined },
    ),
  );
  serve('delete_localization', ({ caller, params, body }) =>
    deleteAnnotation(db, { table, caller, target: params, body: body ?? {}, now: clock.now() }),
  );
  serve('delete_localization_by_elemental_id', ({ caller, params, body }) =>
    deleteAnnotation(db, { table, caller, target: elementOf(params), body: body ?? {}, now: clock.now() }),
  );
}

function elementOf(params: { version: number; elemental_id: string }): {
  version: number;
  elemental_id: string;
} {
  return { version: params.version, elemental_id: checkElementalId(params.elemental_id) ?? '' };
}

type Spec = Exclude<Call<'create_localization_list'>['body'], readonly unknown[]>;

async function createLocalizations(
  { db, clock, makeId }: HubDeps,
  { caller, params, body }: Call<'create_localization_list'>,
) {
  const specs: readonly Spec[] = Array.isArray(body) ? body : [body];
  if (specs.length === 0) throw badRequest('The list is empty.');
  if (specs.length > MOST_AT_ONCE) throw badRequest(`At most ${MOST_AT_ONCE} can be created at once.`);
  const now = clock.now();
  const ids = await db.transaction().execute(async (tx) => {
    const { membership } = await requireProject(tx, caller, params.project, level.edit);
    const fallback = await defaultVersion(tx, params.project, membership);
    const types = await requireAll(
      tx,
      'localization',
      params.project,
      specs.map((spec) => spec.type),
    );
    await requireAll(
      tx,
      'media object',
      params.project,
      specs.map((spec) => spec.media_id),
    );
    await requireAll(
      tx,
      'version',
      params.project,
      specs.flatMap((spec) => spec.version ?? []),
    );
    const authors = await authorsOf(tx, caller, params.project, specs);
    const drafts = specs.map((spec, i): Draft<'localizations'> => ({
      project: params.project,
      type: spec.type,
      media: spec.media_id,
      version: spec.version ?? fallback,
      elemental_id: checkElementalId(spec.elemental_id) ?? makeId(),
      variant_deleted: false,
      parent: spec.parent ?? null,
      frame: spec.frame,
      ...geometryOf(spec),
      attributes: attributesForCreate(types.get(spec.type) ?? [], spec.attributes, { now }),
      created_by: authors[i] ?? caller.id,
      modified_by: authors[i] ?? caller.id,
      created_datetime: new Date(now),
      modified_datetime: new Date(now),
    }));
    await lockChains(tx, table, drafts);
    const made = await appendMarks(tx, table, drafts);
    await logChanges(
      tx,
      { kind: 'localization', project: params.project, user: caller.id, now },
      made.map((id, i) => ({ id, after: drafts[i] ?? {} })),
    );
    return made;
  });
  return created({ message: `Successfully created ${ids.length} localizations!`, id: ids });
}

/** The users that `user_elemental_id` names, which only Full Control may do. */
export async function authorsOf(
  tx: Tx,
  caller: Call<'whoami'>['caller'],
  project: number,
  specs: readonly { user_elemental_id?: string | null | undefined }[],
): Promise<(number | undefined)[]> {
  if (specs.every((spec) => !spec.user_elemental_id)) return [];
  await requireProject(tx, caller, project, level.full);
  const authors: (number | undefined)[] = [];
  for (const { user_elemental_id: id } of specs)
    authors.push(id ? await userByElementalId(tx, id) : undefined);
  return authors;
}

type Geometry = Pick<LocalizationRow, 'x' | 'y' | 'width' | 'height' | 'u' | 'v' | 'points'>;
type GivenGeometry = { [Key in keyof Geometry]?: Geometry[Key] | undefined };

function geometryOf({ x, y, width, height, u, v, points }: GivenGeometry): Geometry {
  return {
    x: x ?? null,
    y: y ?? null,
    width: width ?? null,
    height: height ?? null,
    u: u ?? null,
    v: v ?? null,
    points: points ?? null,
  };
}

const membersOf: Readonly<Record<string, readonly (keyof Geometry)[]>> = {
  box: ['x', 'y', 'width', 'height'],
  line: ['x', 'y', 'u', 'v'],
  dot: ['x', 'y'],
  poly: ['points'],
};

/**
 * The geometry that an edit changes: members of the type's own shape, of which null clears none. (The
 * original also skips zeros of sizes and vectors, and empty point lists; those are stored here.)
 */
export function geometryChanges(dtype: string, given: GivenGeometry): Partial<Geometry> {
  const entries = (membersOf[dtype] ?? []).map((member) => [member, given[member]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null));
}

type EditBody = Loose<Call<'update_localization'>['body']> & { version?: number | undefined };

function edit({ db, clock }: HubDeps, caller: Call<'whoami'>['caller'], target: Target, body: EditBody) {
  return editAnnotation(db, {
    table,
    caller,
    target,
    body,
    now: clock.now(),
    changes: async (tx, row) => {
      const type = await tx
        .selectFrom('entity_types')
        .select('dtype')
        .where('id', '=', row.type)
        .executeTakeFirst();
      if (body.version !== undefined) await requireAll(tx, 'version', row.project, [body.version]);
      const elemental = checkElementalId(body.elemental_id);
      return {
        ...geometryChanges(type?.dtype ?? '', body),
        ...(body.frame === undefined ? {} : { frame: body.frame }),
        ...(body.version === undefined ? {} : { version: body.version }),
        ...(elemental === undefined ? {} : { elemental_id: elemental }),
      };
    },
  });
}
