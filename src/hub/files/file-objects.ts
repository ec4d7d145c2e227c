import type { Selectable } from 'kysely';
import { requireProject, type Caller } from '../access/access.ts';
import type { Level } from '../access/levels.ts';
import type { Db, Tx } from '../db/database.ts';
import type { Files } from '../db/schema-work.ts';
import { notFound } from '../errors.ts';

export type FileRow = Selectable<Files>;

/** @throws HubError 404 when there is no such file object, 403 when the right is missing. */
export async function findFile(db: Db | Tx, caller: Caller, id: number, need: Level): Promise<FileRow> {
  const row = await db.selectFrom('files').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row) throw notFound(`There is no file ${id}.`);
  await requireProject(db, caller, row.project, need);
  return row;
}

/** Where the content of a file object is kept; `owner` is `<organization>/<project>`. */
export function fileKey(owner: string, id: number, name: string): string {
  return `${owner}/files/${id}/${name}`;
}
