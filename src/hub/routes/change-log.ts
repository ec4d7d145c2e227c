import { sql, type SqlBool } from 'kysely';
import { requireProject } from '../access/access.ts';
import { level } from '../access/levels.ts';
import { ok, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';

/** Who changed what: all but the marks of annotations, which are a log of their own. */
export function changeLogRoutes(serve: Serve, { db }: HubDeps): void {
  serve('get_change_log_list', async ({ caller, params, query }) => {
    await requireProject(db, caller, params.project, level.view);
    const { entity_type: kind, entity_id: entity, user_id: user } = query;
    if (kind === undefined && entity === undefined && user === undefined)
      throw badRequest('At least one of entity_type, entity_id and user_id is needed.');
    let rows = db
      .selectFrom('change_logs')
      .select(['id', 'project', 'user_id as user', 'modified_datetime', 'description_of_change'])
      .where('project', '=', params.project);
    if (kind !== undefined) rows = rows.where('entity_type', '=', kind);
    if (user !== undefined) rows = rows.where('user_id', '=', user);
    if (entity !== undefined) rows = rows.where(sql<SqlBool>`entity_ids @> ARRAY[${entity}::int]`);
    return ok(await rows.orderBy('id').execute());
  });
}
