import { requireProject, type Caller } from '../access/access.ts';
import { level, type Level } from '../access/levels.ts';
import { created, ok, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { servedKey, servedName, takeFile } from '../files/served-files.ts';
import {
  addTemporaryFile,
  removeTemporaryFiles,
  temporaryFileJson,
  type TemporaryFileRow,
} from '../files/temporary-files.ts';

/** What is kept at all; the field is an answer to a search, not a place for data. */
const LONGEST_TEXT = 512;

/** Files that the hub fetches and keeps for some hours. */
export function temporaryFileRoutes(serve: Serve, deps: HubDeps): void {
  const { db, clock } = deps;

  serve('create_temporary_file', async ({ caller, params, body }) => {
    const { project } = await requireProject(db, caller, params.project, level.edit);
    const { name, url, lookup, hours = 24 } = body;
    if (name.trim() === '' || name.length > LONGEST_TEXT || lookup.length > LONGEST_TEXT)
      throw badRequest(
        `A temporary file needs a name; name and lookup have at most ${LONGEST_TEXT} characters.`,
      );
    const objectName = servedName(name);
    await takeFile(deps, { url, project: project.id, key: servedKey(project, objectName) });
    const row = await addTemporaryFile(deps, {
      project: project.id,
      user: caller.id,
      name,
      lookup,
      objectName,
      hours,
    });
    return created({ message: 'Temporary file created successfully!', id: row.id });
  });

  serve('get_temporary_file_list', async ({ caller, params, query, origin }) => {
    await requireProject(db, caller, params.project, level.view);
    const rows = await chosen(params.project, query.expired ?? 0)
      .orderBy('id')
      .execute();
    return ok(rows.map((row) => temporaryFileJson(row, origin)));
  });

  serve('get_temporary_file', async ({ caller, params, origin }) =>
    ok(temporaryFileJson(await find(caller, params.id, level.view), origin)),
  );

  serve('delete_temporary_file', async ({ caller, params }) => {
    const row = await find(caller, params.id, level.edit);
    await removeTemporaryFiles(deps, [row.id]);
    return ok({ message: `Temporary file ${row.id} successfully deleted!` });
  });

  serve('delete_temporary_file_list', async ({ caller, params, query }) => {
    await requireProject(db, caller, params.project, level.edit);
    const rows = await chosen(params.project, query.expired ?? 0).execute();
    await removeTemporaryFiles(
      deps,
      rows.map(({ id }) => id),
    );
    return ok({ message: `Successfully deleted ${rows.length} temporary files!` });
  });

  function chosen(project: number, expired: number) {
    const rows = db.selectFrom('temporary_files').selectAll().where('project', '=', project);
    return expired === 0 ? rows : rows.where('eol_datetime', '<', new Date(clock.now()));
  }

  async function find(caller: Caller, id: number, need: Level): Promise<TemporaryFileRow> {
    const row = await db.selectFrom('temporary_files').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no temporary file ${id}.`);
    await requireProject(db, caller, row.project, need);
    return row;
  }
}
