import { sql, type Selectable } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { attributesForCreate, attributesForEdit } from '../attributes.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Tx } from '../db/database.ts';
import type { Sections } from '../db/schema.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { requireAll } from '../marks/references.ts';
import { checkElementalId } from '../marks/writing.ts';
import { withBeginning } from '../search/label-paths.ts';
import { selectSections } from '../search/section-query.ts';

export function sectionRoutes(serve: Serve, { db, clock, makeId }: HubDeps): void {
  serve('create_section', async ({ caller, params, body }) => {
    const { project } = params;
    const id = await db.transaction().execute(async (tx) => {
      const { project: row } = await requireProject(tx, caller, project, level.edit);
      await requireAll(tx, 'media object', project, body.media ?? []);
      const searches = body.object_search ?? body.related_search;
      const path = cleanPath(body.path ?? body.name);
      await refuseDuplicate(tx, project, path);
      const section = await tx
        .insertInto('sections')
        .values({
          project,
          name: body.name,
          path,
          dtype: body.dtype ?? (searches === undefined ? 'folder' : 'saved_search'),
          // The original makes none, and old clients then cannot find the folder's media.
          tator_user_sections: body.tator_user_sections ?? makeId(),
          object_search: body.object_search === undefined ? null : JSON.stringify(body.object_search),
          related_search: body.related_search === undefined ? null : JSON.stringify(body.related_search),
          media: body.media ?? [],
          visible: body.visible ?? true,
          explicit_listing: body.explicit_listing ?? false,
          attributes: JSON.stringify(
            attributesForCreate(row.attribute_types, body.attributes, { now: clock.now() }),
          ),
          elemental_id: checkElementalId(body.elemental_id) ?? makeId(),
          created_by: caller.id,
          created_datetime: new Date(clock.now()),
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return section.id;
    });
    return created({ message: `Section ${body.name} created successfully!`, id });
  });

  serve('get_section_list', async ({ caller, params, query }) => {
    const { project } = await requireProject(db, caller, params.project, level.view);
    return ok((await selectSections(db, project, query)).map(sectionJson));
  });

  serve('update_section_list', async ({ caller, params, query, body }) => {
    const { old, new: next } = body.path_substitution ?? {};
    if (!old || !next) throw badRequest('path_substitution needs "old" and "new".');
    const changed = await db.transaction().execute(async (tx) => {
      const { project } = await requireProject(tx, caller, params.project, level.edit);
      // Others that move sections of the project wait, so that no two get one path.
      await sql`SELECT 1 FROM projects WHERE id = ${project.id} FOR UPDATE`.execute(tx);
      const moves = (await selectSections(tx, project, query)).flatMap(({ id, path }) => {
        const moved = withBeginning(path ?? '', old, cleanPath(next));
        return moved === undefined ? [] : [{ id, path: moved }];
      });
      await movePaths(tx, project.id, moves);
      return moves.length;
    });
    return ok({ message: `Successfully updated ${changed} sections!` });
  });

  serve('get_section', async ({ caller, params }) =>
    ok(sectionJson(await find(caller, params.id, level.view))),
  );

  serve('update_section', async ({ caller, params, body }) => {
    const row = await find(caller, params.id, level.edit);
    await db.transaction().execute(async (tx) => {
      const { project } = await requireProject(tx, caller, row.project, level.edit);
      if (body.path !== undefined && body.path !== null) await refuseDuplicate(tx, row.project, body.path);
      await requireAll(tx, 'media object', row.project, body.media_add ?? []);
      const kept = row.media.filter((id) => !(body.media_del ?? []).includes(id));
      const attributes = attributesForEdit(project.attribute_types, body);
      await tx
        .updateTable('sections')
        .set({
          name: body.name ?? row.name,
          path: body.path ?? row.path,
          object_search: JSON.stringify(body.object_search ?? row.object_search),
          tator_user_sections: body.tator_user_sections ?? row.tator_user_sections,
          visible: body.visible ?? row.visible,
          explicit_listing: body.explicit_listing ?? row.explicit_listing,
          elemental_id: checkElementalId(body.elemental_id) ?? row.elemental_id,
          media: [...new Set([...kept, ...(body.media_add ?? [])])],
          attributes: JSON.stringify({ ...row.attributes, ...attributes }),
        })
        .where('id', '=', row.id)
        .execute();
    });
    return ok({ message: `Section ${row.id} updated successfully!` });
  });

  serve('delete_section', async ({ caller, params }) => {
    const row = await find(caller, params.id, level.edit);
    await db.deleteFrom('sections').where('id', '=', row.id).execute();
    return ok({ message: `Section ${row.id} deleted successfully!` });
  });

  async function find(caller: Caller, id: number, need: Level): Promise<Selectable<Sections>> {
    const row = await db.selectFrom('sections').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no section ${id}.`);
    await requireProject(db, caller, row.project, need);
    return row;
  }

  async function refuseDuplicate(
    tx: Pick<typeof db, 'selectFrom'>,
    project: number,
    path: string,
  ): Promise<void> {
    const taken = await tx
      .selectFrom('sections')
      .select('id')
      .where('project', '=', project)
      .where('path', '=', path)
      .executeTakeFirst();
    if (taken) throw badRequest(`There is already a section with the path ${path}.`);
  }
}

/** As ltree would have it. */
function cleanPath(path: string): string {
  return path.replace(/[^A-Za-z0-9_.]/g, '_');
}

/** @throws HubError 400 when two sections of the project would have the same path. */
async function movePaths(
  tx: Tx,
  project: number,
  moves: readonly { id: number; path: string }[],
): Promise<void> {
  if (moves.length === 0) return;
  const taken = await tx
    .selectFrom('sections')
    .select('path')
    .where('project', '=', project)
    .where(
      'path',
      'in',
      moves.map(({ path }) => path),
    )
    .where(
      'id',
      'not in',
      moves.map(({ id }) => id),
    )
    .executeTakeFirst();
  if (taken) throw badRequest(`There is already a section with the path ${taken.path ?? ''}.`);
  await sql`UPDATE sections SET path = moved.path
    FROM unnest(${moves.map(({ id }) => id)}::int[], ${moves.map(({ path }) => path)}::text[]) AS moved (id, path)
    WHERE sections.id = moved.id`.execute(tx);
}

function sectionJson(row: Selectable<Sections>): Record<string, unknown> {
  return { ...row, effective_permission: 0 };
}
