import { sql, type SqlBool } from 'kysely';
import { requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { requireAll } from '../marks/references.ts';
import { omit } from '../omit.ts';

/** Bookmarks and favorites: of one user in one project; those of others do not exist for the caller. */
export function personalRoutes(serve: Serve, { db }: HubDeps): void {
  serve('create_bookmark', async ({ caller, params, body }) => {
    await requireProject(db, caller, params.project, level.edit);
    const { name, uri } = body;
    if (name === undefined || uri === undefined) throw badRequest('A bookmark needs a name and a uri.');
    const row = await db
      .insertInto('bookmarks')
      .values({ project: params.project, user_id: caller.id, name, uri })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created({ message: 'Bookmark created successfully!', id: row.id });
  });

  serve('get_bookmark_list', async ({ caller, params, query }) => {
    await requireProject(db, caller, params.project, level.view);
    let rows = bookmarks(caller.id).where('project', '=', params.project);
    if (query.name !== undefined) rows = rows.where(sql<SqlBool>`lower(name) = lower(${query.name})`);
    return ok((await rows.orderBy('name').orderBy('id').execute()).map(personalJson));
  });

  serve('get_bookmark', async ({ caller, params }) =>
    ok(personalJson(await findBookmark(caller.id, params.id))),
  );

  serve('update_bookmark', async ({ caller, params, body }) => {
    const row = await findBookmark(caller.id, params.id);
    await requireProject(db, caller, row.project, level.edit);
    const set = { name: body.name ?? row.name, uri: body.uri ?? row.uri };
    await db.updateTable('bookmarks').set(set).where('id', '=', row.id).execute();
    return ok({ message: `Bookmark ${row.id} successfully updated!` });
  });

  serve('delete_bookmark', async ({ caller, params }) => {
    const row = await findBookmark(caller.id, params.id);
    await requireProject(db, caller, row.project, level.edit);
    await db.deleteFrom('bookmarks').where('id', '=', row.id).execute();
    return ok({ message: `Bookmark ${row.id} successfully deleted!` });
  });

  serve('create_favorite', async ({ caller, params, body }) => {
    const { entity_type_name: kind, type, name } = body;
    if (kind === undefined || type === undefined || name === undefined) {
      throw badRequest('A favorite needs a name, a type and an entity_type_name.');
    }
    const id = await db.transaction().execute(async (tx) => {
      await requireProject(tx, caller, params.project, level.edit);
      await requireAll(tx, kind === 'State' ? 'state' : 'localization', params.project, [type]);
      const row = await tx
        .insertInto('favorites')
        .values({
          project: params.project,
          user_id: caller.id,
          type,
          name,
          page: body.page ?? 1,
          values: JSON.stringify(body.values ?? {}),
          entity_type_name: kind,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return row.id;
    });
    return created({ message: 'Favorite created successfully!', id });
  });

  serve('get_favorite_list', async ({ caller, params }) => {
    await requireProject(db, caller, params.project, level.view);
    const rows = await favorites(caller.id).where('project', '=', params.project).orderBy('id').execute();
    return ok(rows.map(personalJson));
  });

  serve('get_favorite', async ({ caller, params }) =>
    ok(personalJson(await findFavorite(caller.id, params.id))),
  );

  serve('update_favorite', async ({ caller, params, body }) => {
    const row = await findFavorite(caller.id, params.id);
    await requireProject(db, caller, row.project, level.edit);
    await db
      .updateTable('favorites')
      .set({ name: body.name ?? row.name })
      .where('id', '=', row.id)
      .execute();
    return ok({ message: `Favorite ${row.id} successfully updated!` });
  });

  serve('delete_favorite', async ({ caller, params }) => {
    const row = await findFavorite(caller.id, params.id);
    await requireProject(db, caller, row.project, level.edit);
    await db.deleteFrom('favorites').where('id', '=', row.id).execute();
    return ok({ message: `Favorite ${row.id} successfully deleted!` });
  });

  function bookmarks(user: number) {
    return db.selectFrom('bookmarks').selectAll().where('user_id', '=', user);
  }

  function favorites(user: number) {
    return db.selectFrom('favorites').selectAll().where('user_id', '=', user);
  }

  async function findBookmark(user: number, id: number) {
    const row = await bookmarks(user).where('id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no bookmark ${id}.`);
    return row;
  }

  async function findFavorite(user: number, id: number) {
    const row = await favorites(user).where('id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no favorite ${id}.`);
    return row;
  }
}

function personalJson(row: { user_id: number }): Record<string, unknown> {
  return { ...omit(row, ['user_id']), user: row.user_id };
}
