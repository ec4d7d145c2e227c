import type { Selectable } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Applets, NamedValue } from '../db/schema-work.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { servedFile, servedKey, servedName, takeFile } from '../files/served-files.ts';
import { renderedOf, renderTemplate, requireTemplate } from '../jobs/templates.ts';
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
    const page = await checkSource(caller, project, body);
    const row = await db
      .insertInto('applets')
      .values({
        project: project.id,
        name: named(body.name),
        description: body.description ?? '',
        categories: [...(body.categories ?? [])],
        ...page,
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

  serve('get_applet', async ({ caller, params }) => {
    const row = await find(caller, params.id, level.view);
    return ok({ ...appletJson(row), ...(await renderedOf(deps, row)) });
  });

  serve('update_applet', async ({ caller, params, body }) => {
    const row = await find(caller, params.id, level.execute);
    const { project } = await requireProject(db, caller, row.project, level.execute);
    const source = { ...body, html_file: body.html_file ?? row.html_file ?? undefined };
    const page = await checkSource(caller, project, { ...source, template: body.template ?? row.template });
    await db
      .updateTable('applets')
      .set({
        name: body.name === undefined ? row.name : named(body.name),
        description: body.description ?? row.description,
        categories: [...(body.categories ?? row.categories)],
        ...page,
        // Left out, they are emptied: so the declared defaults of the protocol have it.
        tparams: JSON.stringify(body.tparams ?? []),
        headers: JSON.stringify(body.headers ?? []),
      })
      .where('id', '=', row.id)
      .execute();
    if (page.html_file !== row.html_file && row.html_file !== null) await dropPage(project, row.html_file);
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

  /**
   * What an applet shows: a page that was saved in the project, or what a template renders to.
   * @throws HubError 400, 403
   */
  async function checkSource(
    caller: Caller,
    project: { id: number; organization: number | null },
    given: {
      html_file?: string | undefined;
      template?: number | null | undefined;
      tparams?: readonly NamedValue[] | undefined;
      headers?: readonly NamedValue[] | undefined;
    },
  ): Promise<{ html_file: string | null; template: number | null }> {
    const { html_file: file = null, template = null, tparams = [], headers = [] } = given;
    if (template !== null) {
      await requireTemplate(deps, caller, project, template);
      await renderTemplate(deps, { template, tparams, headers });
    } else if (file === null) throw badRequest('An applet needs an html_file or a template.');
    if (file !== null) await requirePage(project, file);
    return { html_file: file, template };
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

function named(name: string | undefined): string {
  if (name === undefined || name.trim() === '') throw badRequest('An applet needs a name.');
  if (name.length > LONGEST_NAME) throw badRequest(`A name has at most ${LONGEST_NAME} characters.`);
  return name;
}

function appletJson(row: Row): Record<string, unknown> {
  return omit(row, ['headers']);
}
