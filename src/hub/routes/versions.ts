import { sql, type Selectable } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Db } from '../db/database.ts';
import type { Versions } from '../db/schema.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { requireAll } from '../marks/references.ts';
import { checkElementalId } from '../marks/writing.ts';

export function versionRoutes(serve: Serve, { db, makeId }: HubDeps): void {
  serve('create_version', async ({ caller, params, body }) => {
    const id = await db.transaction().execute(async (tx) => {
      await requireProject(tx, caller, params.project, level.edit);
      await requireAll(tx, 'version', params.project, body.bases ?? []);
      // The lock on the project makes the next number unique.
      await sql`SELECT 1 FROM projects WHERE id = ${params.project} FOR UPDATE`.execute(tx);
      const highest = await tx
        .selectFrom('versions')
        .select((eb) => eb.fn.max('number').as('number'))
        .where('project', '=', params.project)
        .executeTakeFirst();
      const row = await tx
        .insertInto('versions')
        .values({
          project: params.project,
          name: body.name,
          description: body.description ?? '',
          number: (highest?.number ?? -1) + 1,
          show_empty: body.show_empty ?? true,
          bases: body.bases ?? [],
          created_by: caller.id,
          elemental_id: checkElementalId(body.elemental_id) ?? makeId(),
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return row.id;
    });
    return created({ message: 'Created version successfully!', id });
  });

  serve('get_version_list', async ({ caller, params }) => {
    await requireProject(db, caller, params.project, level.view);
    const rows = await versions(db)
      .where('project', '=', params.project)
      .orderBy('number')
      .orderBy('id')
      .execute();
    return ok(rows.map(versionJson));
  });

  serve('get_version', async ({ caller, params }) =>
    ok(versionJson(await find(caller, params.id, level.view))),
  );

  serve('update_version', async ({ caller, params, body }) => {
    const row = await find(caller, params.id, level.edit);
    await db.transaction().execute(async (tx) => {
      if (body.bases) await requireAll(tx, 'version', row.project, body.bases);
      await tx
        .updateTable('versions')
        .set({
          name: body.name ?? row.name,
          description: body.description ?? row.description,
          show_empty: body.show_empty ?? row.show_empty,
          bases: body.bases ?? row.bases,
          elemental_id: checkElementalId(body.elemental_id) ?? row.elemental_id,
        })
        .where('id', '=', row.id)
        .execute();
    });
    return ok({ message: `Version ${row.id} successfully updated!` });
  });

  serve('delete_version', async ({ caller, params }) => {
    const row = await find(caller, params.id, level.edit);
    await db.transaction().execute(async (tx) => {
      const used = await sql<{ used: boolean }>`SELECT
        EXISTS (SELECT 1 FROM localizations WHERE version = ${row.id}
          AND NOT deleted AND NOT variant_deleted AND mark = latest_mark)
        OR EXISTS (SELECT 1 FROM states WHERE version = ${row.id}
          AND NOT deleted AND NOT variant_deleted AND mark = latest_mark) AS used`.execute(tx);
      if (used.rows[0]?.used) throw badRequest('A version that has annotations cannot be deleted.');
      await tx.deleteFrom('versions').where('id', '=', row.id).execute();
    });
    return ok({ message: `Version ${row.id} deleted successfully!` });
  });

  async function find(caller: Caller, id: number, need: Level): Promise<VersionRow> {
    const row = await versions(db).where('versions.id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no version ${id}.`);
    await requireProject(db, caller, row.project, need);
    return row;
  }
}

type VersionRow = Selectable<Versions> & { creator: string | null };

function versions(db: Db) {
  return db
    .selectFrom('versions')
    .leftJoin('users', 'users.id', 'versions.created_by')
    .selectAll('versions')
    .select('users.username as creator');
}

function versionJson({ creator, ...row }: VersionRow): Record<string, unknown> {
  return { ...row, created_by: creator, effective_permission: 0 };
}
