import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { requireProject, type ProjectRow } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { userByElementalId } from '../access/users.ts';
import { attributesForCreate, attributesForEdit } from '../attributes.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Db } from '../db/database.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden } from '../errors.ts';
import { fileKey, findFile, type FileRow } from '../files/file-objects.ts';
import { requireAll } from '../marks/references.ts';
import { attributeTypesOf, checkElementalId } from '../marks/writing.ts';
import { attributeCondition, type AttributeFilters } from '../search/attribute-filters.ts';
import { allOf, type Condition } from '../search/fields.ts';
import { loadScope } from '../search/scopes.ts';
import { searchCondition } from '../search/search-object.ts';
import { orderOf, windowOf } from '../search/sorting.ts';

const LONGEST_NAME = 128;
const LONGEST_DESCRIPTION = 1024;

interface FileQuery extends AttributeFilters {
  type?: number | undefined;
  name?: string | undefined;
  elemental_id?: string | undefined;
  encoded_search?: unknown;
  start?: number | undefined;
  stop?: number | undefined;
}

/** Objects of file types: a row with attributes, and one content that is uploaded to it. */
export function fileRoutes(serve: Serve, { db, objects, clock, makeId }: HubDeps): void {
  serve('create_file', async ({ caller, params, body }) => {
    const { type } = body;
    const [name, description] = [named(body.name), described(body.description)];
    if (type === undefined) throw badRequest('A file needs a type.');
    const row = await db.transaction().execute(async (tx) => {
      const need = body.user_elemental_id ? level.full : level.execute;
      const { project } = await requireProject(tx, caller, params.project, need);
      const types = await requireAll(tx, 'file', project.id, [type]);
      const author = body.user_elemental_id ? await userByElementalId(tx, body.user_elemental_id) : caller.id;
      const now = clock.now();
      const at = new Date(now);
      return tx
        .insertInto('files')
        .values({
          project: project.id,
          type,
          name,
          description,
          attributes: JSON.stringify(attributesForCreate(types.get(type) ?? [], body.attributes, { now })),
          elemental_id: checkElementalId(body.elemental_id) ?? makeId(),
          created_by: author,
          created_datetime: at,
          modified_by: author,
          modified_datetime: at,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
    });
    return created({ message: 'File created successfully!', id: row.id, object: fileJson(row) });
  });

  serve('get_file_list', async ({ caller, params, query }) => {
    await requireProject(db, caller, params.project, level.view);
    return ok((await listFiles(db, params.project, query)).map(fileJson));
  });

  // The original answers raw column names here; both names are given, so that either reader is served.
  serve('get_file', async ({ caller, params }) => {
    const row = await findFile(db, caller, params.id, level.view);
    return ok({ ...fileJson(row), meta: row.type, deleted: false });
  });

  serve('update_file', async ({ caller, params, body }) => {
    const replaced = await db.transaction().execute(async (tx) => {
      const { id, project: projectId } = await findFile(tx, caller, params.id, level.execute);
      const row = await lock(id);
      const { project } = await requireProject(tx, caller, projectId, level.execute);
      if (body.type !== undefined && body.type !== row.type)
        throw badRequest('The type of a file cannot be changed.');
      if (body.path !== undefined) await requireOwnUpload(project, row, body.path);
      const changes = attributesForEdit(await attributeTypesOf(tx, row.type), body);
      await tx
        .updateTable('files')
        .set({
          name: body.name === undefined ? row.name : named(body.name),
          description: body.description === undefined ? row.description : described(body.description),
          path: body.path ?? row.path,
          attributes: JSON.stringify({ ...row.attributes, ...changes }),
          elemental_id: checkElementalId(body.elemental_id) ?? row.elemental_id,
          modified_by: caller.id,
          modified_datetime: new Date(clock.now()),
        })
        .where('id', '=', id)
        .execute();
      return body.path !== undefined && row.path !== body.path ? row.path : null;

      async function lock(file: number): Promise<FileRow> {
        return tx
          .selectFrom('files')
          .selectAll()
          .where('id', '=', file)
          .forUpdate()
          .executeTakeFirstOrThrow();
      }
    });
    if (replaced !== null) await objects.delete(replaced);
    return ok({ message: `File ${params.id} successfully updated!` });
  });

  serve('delete_file', async ({ caller, params }) => {
    const row = await findFile(db, caller, params.id, level.execute);
    await db.deleteFrom('files').where('id', '=', row.id).execute();
    if (row.path !== null) await objects.delete(row.path);
    return ok({ message: `File ${row.id} successfully deleted!` });
  });

  /** @throws HubError 403 for a key that was not given for this file, 400 for one without content. */
  async function requireOwnUpload(project: ProjectRow, row: FileRow, key: string): Promise<void> {
    const prefix = fileKey(`${project.organization ?? 0}/${project.id}`, row.id, '');
    if (!key.startsWith(prefix)) throw forbidden('The key was not given for an upload of this file.');
    if (!(await objects.head(key))) throw badRequest('Nothing was uploaded under this key.');
  }
}

async function listFiles(db: Db, project: number, query: FileQuery): Promise<FileRow[]> {
  const scope = await loadScope(db, project, 'file', { alias: 'row', type: query.type });
  if (scope.types.length === 0) throw badRequest('The project has no such file type.');
  const conditions: Condition[] = [sql<SqlBool>`row.project = ${project}`];
  if (query.type !== undefined) conditions.push(sql<SqlBool>`row.type = ${query.type}`);
  if (query.name !== undefined) conditions.push(sql<SqlBool>`row.name = ${query.name}`);
  const elemental = checkElementalId(query.elemental_id);
  if (elemental !== undefined) conditions.push(sql<SqlBool>`row.elemental_id = ${elemental}::uuid`);
  const attributes = attributeCondition(scope, query);
  if (attributes) conditions.push(attributes);
  if (query.encoded_search !== undefined) conditions.push(searchCondition(scope, {}, query.encoded_search));
  const { offset, limit } = windowOf(query.start, query.stop);
  let rows = db.selectFrom('files as row').selectAll('row').where(allOf(conditions));
  for (const key of orderOf(scope, [], ['id'])) rows = rows.orderBy(key as RawBuilder<SqlBool>);
  if (offset > 0) rows = rows.offset(offset);
  return (limit === undefined ? rows : rows.limit(limit)).execute();
}

function named(name: string | undefined): string {
  if (name === undefined || name.trim() === '') throw badRequest('A file needs a name.');
  if (name.length > LONGEST_NAME) throw badRequest(`A name has at most ${LONGEST_NAME} characters.`);
  return name;
}

function described(description: string | undefined): string {
  if (description === undefined) throw badRequest('A file needs a description.');
  if (description.length > LONGEST_DESCRIPTION)
    throw badRequest(`A description has at most ${LONGEST_DESCRIPTION} characters.`);
  return description;
}

function fileJson(row: FileRow): Record<string, unknown> {
  return { ...row };
}
