import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { created, ok, type Answer, type Serve } from '../call.ts';
import type { AttributeType, EntityTypes, TypeKind } from '../db/schema.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { requireAll } from '../marks/references.ts';
import { checkElementalId } from '../marks/writing.ts';
import { checkDefinitions } from '../attribute-types.ts';

type TypeRow = Selectable<EntityTypes>;
type Details = Record<string, unknown>;

/** Members that only one kind of type has, with what they are when nobody says otherwise. */
export const detailDefaults: Record<TypeKind, Details> = {
  media: {
    file_format: null,
    default_volume: 0,
    archive_config: null,
    streaming_config: null,
    overlay_config: null,
    visible: true,
    default_box: null,
    default_line: null,
    default_dot: null,
  },
  localization: { color_map: {}, line_width: 3, visible: true, drawable: true, grouping_default: true },
  state: {
    association: 'Frame',
    interpolation: 'latest',
    visible: true,
    grouping_default: true,
    delete_child_localizations: false,
    default_localization: null,
    extended_info: {},
  },
  leaf: { visible: true },
  file: {},
};

interface TypeSpec {
  name?: string | undefined;
  description?: string | undefined;
  dtype?: string | undefined;
  attribute_types?: readonly unknown[] | undefined;
  media_types?: readonly number[] | undefined;
  elemental_id?: string | null | undefined;
}

export function typeRoutes(serve: Serve, deps: HubDeps): void {
  const types = new TypeService(deps);

  serve('create_media_type', ({ caller, params, body }) =>
    types.create('media', caller, params.project, body),
  );
  serve('create_localization_type', ({ caller, params, body }) =>
    types.create('localization', caller, params.project, body),
  );
  serve('create_state_type', ({ caller, params, body }) =>
    types.create('state', caller, params.project, body),
  );
  serve('create_leaf_type', ({ caller, params, body }) => types.create('leaf', caller, params.project, body));
  serve('create_file_type', ({ caller, params, body }) => types.create('file', caller, params.project, body));

  serve('get_media_type_list', ({ caller, params, query }) =>
    types.list('media', caller, params.project, query),
  );
  serve('get_localization_type_list', ({ caller, params, query }) =>
    types.list('localization', caller, params.project, query),
  );
  serve('get_state_type_list', ({ caller, params, query }) =>
    types.list('state', caller, params.project, query),
  );
  serve('get_leaf_type_list', ({ caller, params, query }) =>
    types.list('leaf', caller, params.project, query),
  );
  serve('get_file_type_list', ({ caller, params, query }) =>
    types.list('file', caller, params.project, query),
  );

  serve('get_media_type', ({ caller, params }) => types.read('media', caller, params.id));
  serve('get_localization_type', ({ caller, params }) => types.read('localization', caller, params.id));
  serve('get_state_type', ({ caller, params }) => types.read('state', caller, params.id));
  serve('get_leaf_type', ({ caller, params }) => types.read('leaf', caller, params.id));
  serve('get_file_type', ({ caller, params }) => types.read('file', caller, params.id));

  serve('update_media_type', ({ caller, params, body }) => types.update('media', caller, params.id, body));
  serve('update_localization_type', ({ caller, params, body }) =>
    types.update('localization', caller, params.id, body),
  );
  serve('update_state_type', ({ caller, params, body }) => types.update('state', caller, params.id, body));
  serve('update_leaf_type', ({ caller, params, body }) => types.update('leaf', caller, params.id, body));
  serve('update_file_type', ({ caller, params, body }) => types.update('file', caller, params.id, body));

  serve('delete_media_type', ({ caller, params }) => types.delete('media', caller, params.id));
  serve('delete_localization_type', ({ caller, params }) => types.delete('localization', caller, params.id));
  serve('delete_state_type', ({ caller, params }) => types.delete('state', caller, params.id));
  serve('delete_leaf_type', ({ caller, params }) => types.delete('leaf', caller, params.id));
  serve('delete_file_type', ({ caller, params }) => types.delete('file', caller, params.id));
}

class TypeService {
  readonly #deps: HubDeps;

  constructor(deps: HubDeps) {
    this.#deps = deps;
  }

  async create(kind: TypeKind, caller: Caller, project: number, spec: TypeSpec): Promise<Answer> {
    if (spec.name === undefined || spec.name === '') throw badRequest('A type needs a name.');
    const name = spec.name;
    const id = await this.#deps.db.transaction().execute(async (tx) => {
      await requireProject(tx, caller, project, level.full);
      const media = [...new Set(spec.media_types ?? [])];
      if (needsMedia(kind) && media.length === 0)
        throw badRequest('media_types must name at least one media type.');
      await requireAll(tx, 'media', project, media);
      const row = await tx
        .insertInto('entity_types')
        .values({
          project,
          kind,
          name,
          description: spec.description ?? '',
          dtype: fixedDtype(kind) ?? spec.dtype ?? '',
          attribute_types: JSON.stringify(checkDefinitions(spec.attribute_types ?? [])),
          media,
          elemental_id: checkElementalId(spec.elemental_id) ?? this.#deps.makeId(),
          details: JSON.stringify({ ...detailDefaults[kind], ...detailsOf(kind, spec) }),
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return row.id;
    });
    return created({ message: `${title(kind)} type created successfully!`, id });
  }

  async list(
    kind: TypeKind,
    caller: Caller,
    project: number,
    query: { elemental_id?: string | undefined; media_id?: readonly number[] | undefined },
  ): Promise<Answer> {
    const { db } = this.#deps;
    await requireProject(db, caller, project, level.view);
    let rows = db
      .selectFrom('entity_types')
      .selectAll()
      .where('project', '=', project)
      .where('kind', '=', kind);
    const elemental = checkElementalId(query.elemental_id);
    if (elemental !== undefined) rows = rows.where('elemental_id', '=', elemental);
    if (query.media_id) {
      if (query.media_id.length !== 1) throw badRequest('media_id must be exactly one id.');
      const media = await db
        .selectFrom('media')
        .select('type')
        .where('id', '=', query.media_id[0] ?? 0)
        .executeTakeFirst();
      if (!media) throw notFound(`There is no media ${query.media_id[0]}.`);
      rows = rows.where(sql<boolean>`${media.type} = ANY(media)`);
    }
    return ok((await rows.orderBy('name').orderBy('id').execute()).map(typeJson));
  }

  async read(kind: TypeKind, caller: Caller, id: number): Promise<Answer> {
    return ok(typeJson(await this.#find(kind, caller, id, level.view)));
  }

  async update(kind: TypeKind, caller: Caller, id: number, spec: TypeSpec): Promise<Answer> {
    const row = await this.#find(kind, caller, id, level.full);
    await this.#deps.db.transaction().execute(async (tx) => {
      await requireAll(tx, 'media', row.project, spec.media_types ?? []);
      await tx
        .updateTable('entity_types')
        .set({
          name: spec.name ?? row.name,
          description: spec.description ?? row.description,
          // Links to media types can be added, never taken away.
          media: [...new Set([...row.media, ...(spec.media_types ?? [])])],
          elemental_id: checkElementalId(spec.elemental_id) ?? row.elemental_id,
          details: JSON.stringify({ ...row.details, ...detailsOf(kind, spec) }),
        })
        .where('id', '=', id)
        .execute();
    });
    return ok({ message: `${title(kind)} type ${id} updated successfully!` });
  }

  /** Removes the type with everything of it. */
  async delete(kind: TypeKind, caller: Caller, id: number): Promise<Answer> {
    const row = await this.#find(kind, caller, id, level.full);
    await this.#deps.db.deleteFrom('entity_types').where('id', '=', row.id).execute();
    return ok({ message: `${title(kind)} type ${id} deleted successfully!` });
  }

  async #find(kind: TypeKind, caller: Caller, id: number, need: Level): Promise<TypeRow> {
    const { db } = this.#deps;
    const row = await db
      .selectFrom('entity_types')
      .selectAll()
      .where('id', '=', id)
      .where('kind', '=', kind)
      .executeTakeFirst();
    if (!row) throw notFound(`There is no ${kind} type ${id}.`);
    await requireProject(db, caller, row.project, need);
    return row;
  }
}

function needsMedia(kind: TypeKind): boolean {
  return kind === 'localization' || kind === 'state';
}

function fixedDtype(kind: TypeKind): string | undefined {
  return kind === 'state' || kind === 'leaf' || kind === 'file' ? kind : undefined;
}

function title(kind: TypeKind): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}

/** The members of a body that this kind of type has of its own. */
function detailsOf(kind: TypeKind, spec: object): Details {
  const known = Object.keys(detailDefaults[kind]);
  return Object.fromEntries(
    Object.entries(spec).filter(([name, value]) => known.includes(name) && value !== undefined),
  );
}

function typeJson({
  kind,
  media,
  details,
  dtype,
  attribute_types,
  ...row
}: TypeRow): Record<string, unknown> {
  return {
    ...row,
    ...(kind === 'file' ? {} : { dtype }),
    ...(needsMedia(kind) ? { media } : {}),
    ...details,
    attribute_types: attribute_types satisfies AttributeType[],
    effective_permission: 0,
  };
}
