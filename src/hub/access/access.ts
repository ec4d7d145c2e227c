import type { Selectable } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import type { Memberships, Projects } from '../db/schema.ts';
import { forbidden, notFound } from '../errors.ts';
import type { Level } from './levels.ts';

/** Who asks. */
export interface Caller {
  id: number;
  username: string;
  isStaff: boolean;
}

export type OrganizationLevel = 'Member' | 'Admin';
export type ProjectRow = Selectable<Projects>;
export type MembershipRow = Selectable<Memberships>;

/**
 * The project, when the caller is a member on that level or higher.
 * @throws HubError 404 when there is no such project, 403 when the right is missing.
 */
export async function requireProject(
  db: Db | Tx,
  caller: Caller,
  project: number,
  level: Level,
): Promise<{ project: ProjectRow; membership: MembershipRow }> {
  const row = await db.selectFrom('projects').selectAll().where('id', '=', project).executeTakeFirst();
  if (!row) throw notFound(`There is no project ${project}.`);
  const membership = await db
    .selectFrom('memberships')
    .selectAll()
    .where('project', '=', project)
    .where('user_id', '=', caller.id)
    .executeTakeFirst();
  if (!membership || membership.level < level) throw forbidden();
  return { project: row, membership };
}

/** Who stands for those without a token: the user "anonymous", whose projects are public by that. */
export async function publicReader(db: Db, nobody: Caller): Promise<Caller> {
  const user = await db
    .selectFrom('users')
    .select('id')
    .where((eb) => eb(eb.fn('lower', ['username']), '=', 'anonymous'))
    .executeTakeFirst();
  return user ? { ...nobody, id: user.id } : nobody;
}

/**
 * The caller's part in the organization.
 * @throws HubError 404 when there is no such organization, 403 when the caller lacks the affiliation.
 */
export async function requireOrganization(
  db: Db | Tx,
  caller: Caller,
  organization: number,
  need: OrganizationLevel,
): Promise<OrganizationLevel> {
  const row = await db
    .selectFrom('organizations')
    .select('id')
    .where('id', '=', organization)
    .executeTakeFirst();
  if (!row) throw notFound(`There is no organization ${organization}.`);
  const affiliations = await db
    .selectFrom('affiliations')
    .select('permission')
    .where('organization_id', '=', organization)
    .where('user_id', '=', caller.id)
    .execute();
  const admin = affiliations.some(({ permission }) => permission === 'Admin');
  if (affiliations.length === 0 || (need === 'Admin' && !admin)) throw forbidden();
  return admin ? 'Admin' : 'Member';
}
