import type { Selectable } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Applets } from '../db/schema-work.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { servedFile, servedKey, servedName, takeFile } from '../files/served-files.ts';
import { omit } from '../omit.ts';

type Row = Selectable<Applets>;

const LONGEST_NAME = 128;

/** Pages of a project, and the files that they are registered from. */
export function appletRoutes(serve: Serve, deps: HubDeps): void {
  const { db, objects } = deps;

  serve('save_generic_file', async ({ caller, params, body }) => {
    const { project } = await requireProject(db, caller, params.project, level.execute);
    const { name, upload_url: upload } = body;
    if (name === undefined || upload === undefined) throw badRequest('name and upload_url are needed.');
    const saved = servedName(name);
    await takeFile(deps, { url: upload, project: project.id, key: servedKey(project, saved) });
    return created({ name, project: project.id, upload_url: upload, url: `${project.id}/${saved}` });
  });

  serve('register_applet', async ({ caller, params, body }) => {
    const { project } = await requireProject(db, caller, params.project, level.execute);
    refuseTemplate(body.template);
    if (body.html_file === undefined) throw badRequest('An applet needs an html_file.');
    await requirePage(project, body.html_file);
    const row = await db
      .insertInto('applets')
      .values({
        project: project.id,
        name: named(body.name),
        description: body.description ?? '',
        categories: [...(body.categories ?? [])],
        html_file: body.html_file,
        tparams: JSON.stringify(body.tparams ?? []),
        headers: JSON.stringify(body.headers ?? []),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created({ message: 'Applet registered successfully!', id: row.id });
  });

  serve('get_applet_list', async ({ caller, params }) => {
    await requireProject(db, caller, params.project, level.view);
    const rows = await db
      .selectFrom('applets')
      .selectAll()
      .where('project', '=', params.project)
      .orderBy('id')
      .execute();
    return ok(rows.map(appletJson));
  });

  serve('get_applet', async ({ caller, params }) =>
    ok(appletJson(await find(caller, params.id, level.view))),
  );

  serve('update_applet', async ({ caller, params, body }) => {
    const row = await find(caller, params.id, level.execute);
    const { project } = await requireProject(db, caller, row.project, level.execute);
    refuseTemplate(body.template);
    if (body.html_file !== undefined && body.html_file !== row.html_file)
      await requirePage(project, body.html_file);
    await db
      .updateTable('applets')
      .set({
        name: body.name === undefined ? row.name : named(body.name),
        description: body.description ?? row.description,
        categories: [...(body.categories ?? row.categories)],
        html_file: body.html_file ?? row.html_file,
        // Left out, they are emptied: so the declared defaults of the protocol have it.
        tparams: JSON.stringify(body.tparams ?? []),
        headers: JSON.stringify(body.headers ?? []),
      })
      .where('id', '=', row.id)
      .execute();
    if (body.html_file !== undefined && row.html_file !== null) await dropPage(project, row.html_file);
    return ok({ message: `Applet ${row.id} successfully updated!` });
  });

  serve('delete_applet', async ({ caller, params }) => {
    const row = await find(caller, params.id, level.execute);
    const { project } = await requireProject(db, caller, row.project, level.execute);
    await db.deleteFrom('applets').where('id', '=', row.id).execute();
    if (row.html_file !== null) await dropPage(project, row.html_file);
    return ok({ message: `Applet ${row.id} successfully deleted!` });
  });

  async function find(caller: Caller, id: number, need: Level): Promise<Row> {
    const row = await db.selectFrom('applets').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no applet ${id}.`);
    await requireProject(db, caller, row.project, need);
    return row;
  }

  /** @throws HubError 400 unless the page was saved in this project. */
  async function requirePage(
    project: { id: number; organization: number | null },
    url: string,
  ): Promise<void> {
    const key = servedFile(project, url);
    if (key === undefined || !(await objects.head(key)))
      throw badRequest('html_file must be the url that save_generic_file answered in this project.');
  }

  /** A page that another applet shows stays. */
  async function dropPage(project: { id: number; organization: number | null }, url: string): Promise<void> {
    const key = servedFile(project, url);
    const used = await db
      .selectFrom('applets')
      .select('id')
      .where('project', '=', project.id)
      .where('html_file', '=', url)
      .executeTakeFirst();
    if (key !== undefined && !used) await objects.delete(key);
  }
}

function refuseTemplate(template: number | null | undefined): void {
  if (template !== undefined && template !== null)
    throw badRequest('Templates are not yet part of this hub.', 'not-implemented');
}

function named(name: string | undefined): string {
  if (name === undefined || name.trim() === '') throw badRequest('An applet needs a name.');
  if (name.length > LONGEST_NAME) throw badRequest(`A name has at most ${LONGEST_NAME} characters.`);
  return name;
}

function appletJson(row: Row): Record<string, unknown> {
  return omit(row, ['headers']);
}
