import { sql, type Selectable, type SqlBool } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { attributesForCreate, attributesForEdit } from '../attributes.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Sections } from '../db/schema.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { requireAll } from '../marks/references.ts';
import { checkElementalId } from '../marks/writing.ts';

export function sectionRoutes(serve: Serve, { db, clock, makeId }: HubDeps): void {
  serve('create_section', async ({ caller, params, body }) => {
    const { project } = params;
    const id = await db.transaction().execute(async (tx) => {
      const { project: row } = await requireProject(tx, caller, project, level.edit);
      await requireAll(tx, 'media object', project, body.media ?? []);
      const searches = body.object_search ?? body.related_search;
      const path = (body.path ?? body.name).replace(/[^A-Za-z0-9_.]/g, '_');
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
    await requireProject(db, caller, params.project, level.view);
    if (query.match !== undefined || query.encoded_search !== undefined) {
      throw badRequest(
        'match and encoded_search on sections are not yet part of this hub.',
        'not-implemented',
      );
    }
    let rows = db.selectFrom('sections').selectAll().where('project', '=', params.project);
    if (query.name !== undefined) rows = rows.where(sql<SqlBool>`lower(name) = lower(${query.name})`);
    const elemental = checkElementalId(query.elemental_id);
    if (elemental !== undefined) rows = rows.where('elemental_id', '=', elemental);
    if (query.ancestors !== undefined) {
      rows = rows.where(sql<SqlBool>`starts_with(${query.ancestors} || '.', path || '.')`);
    }
    if (query.descendants !== undefined) {
      rows = rows.where(sql<SqlBool>`starts_with(path || '.', ${query.descendants} || '.')`);
    }
    return ok((await rows.orderBy('name').orderBy('id').execute()).map(sectionJson));
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

function sectionJson(row: Selectable<Sections>): Record<string, unknown> {
  return { ...row, effective_permission: 0 };
}
