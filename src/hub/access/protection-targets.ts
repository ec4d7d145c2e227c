import { sql, type SqlBool } from 'kysely';
import type { Db } from '../db/database.ts';
import { notFound } from '../errors.ts';
import { anyOf, type Condition } from '../search/fields.ts';
import { requireOrganization, requireProject, type Caller } from './access.ts';
import { level } from './levels.ts';
import { targetKinds, type Target, type TargetKind } from './protections.ts';

type Owner = 'project' | 'organization';

/** Where each kind of target lives, and the column with whoever decides about it. */
const homes: Record<TargetKind, { table: string; column: string; owner: Owner }> = {
  project: { table: 'projects', column: 'id', owner: 'project' },
  media: { table: 'media', column: 'project', owner: 'project' },
  localization: { table: 'localizations', column: 'project', owner: 'project' },
  state: { table: 'states', column: 'project', owner: 'project' },
  file: { table: 'files', column: 'project', owner: 'project' },
  section: { table: 'sections', column: 'project', owner: 'project' },
  algorithm: { table: 'algorithms', column: 'project', owner: 'project' },
  version: { table: 'versions', column: 'project', owner: 'project' },
  target_organization: { table: 'organizations', column: 'id', owner: 'organization' },
  target_group: { table: 'user_groups', column: 'organization', owner: 'organization' },
  job_cluster: { table: 'job_clusters', column: 'organization', owner: 'organization' },
  bucket: { table: 'buckets', column: 'organization', owner: 'organization' },
  hosted_template: { table: 'hosted_templates', column: 'organization', owner: 'organization' },
};

/**
 * That the caller decides about the target: Full Control of its project, or Admin of its organization.
 * @throws HubError 404 when there is no such target, 403 when the right is missing.
 */
export async function requireControl(db: Db, caller: Caller, { kind, id }: Target): Promise<void> {
  const { table, column, owner } = homes[kind];
  const { rows } = await sql<{ owner: number | null }>`
    SELECT ${sql.ref(column)} AS owner FROM ${sql.table(table)} WHERE id = ${id}`.execute(db);
  const found = rows[0]?.owner ?? undefined;
  if (found === undefined) throw notFound(`There is no ${kind.replace('target_', '')} ${id}.`);
  if (owner === 'project') await requireProject(db, caller, found, level.full);
  else await requireOrganization(db, caller, found, 'Admin');
}

/** The same as a condition on the table `row_protections`, for lists. */
export function controlledBy(caller: Caller): Condition {
  return anyOf(
    targetKinds.map((kind) => {
      const { table, column, owner } = homes[kind];
      return sql<SqlBool>`(row_protections.target_kind = ${kind} AND row_protections.target_id IN (
        SELECT id FROM ${sql.table(table)} WHERE ${sql.ref(column)} IN (${ownedBy(caller, owner)})))`;
    }),
  );
}

function ownedBy({ id }: Caller, owner: Owner) {
  return owner === 'project'
    ? sql`SELECT project FROM memberships WHERE user_id = ${id} AND level >= ${level.full}`
    : sql`SELECT organization_id FROM affiliations WHERE user_id = ${id} AND permission = 'Admin'`;
}
