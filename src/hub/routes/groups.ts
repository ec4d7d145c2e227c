import { sql } from 'kysely';
import { requireOrganization, type Caller, type OrganizationLevel } from '../access/access.ts';
import { protectFully } from '../access/protections.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Db, Tx } from '../db/database.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';

/** Groups of users of an organization, the subjects of row protections. */
export function groupRoutes(serve: Serve, { db, clock }: HubDeps): void {
  serve('create_group', async ({ caller, params, body }) => {
    await requireOrganization(db, caller, params.organization, 'Admin');
    const id = await db.transaction().execute(async (tx) => {
      const row = await tx
        .insertInto('user_groups')
        .values({ organization: params.organization, name: checkName(body.name) })
        .returning('id')
        .executeTakeFirstOrThrow();
      await addMembers(tx, row.id, body.initial_members ?? []);
      await protectFully(tx, caller.id, { kind: 'target_group', id: row.id }, clock.now());
      return row.id;
    });
    return created({ message: `Group ${body.name} created!`, id });
  });

  serve('get_group_list', async ({ caller, params, query }) => {
    await requireOrganization(db, caller, params.organization, 'Member');
    const all = await groups(db).where('organization', '=', params.organization).orderBy('id').execute();
    const { user } = query;
    const chosen = user === undefined ? all : all.filter(({ members }) => members.includes(user));
    // Lists of the original name the organization so, single groups do not.
    return ok(chosen.map((row) => ({ ...row, organization__id: row.organization })));
  });

  serve('get_group', async ({ caller, params }) => ok(await find(caller, params.id, 'Member')));

  serve('update_group', async ({ caller, params, body }) => {
    const row = await find(caller, params.id, 'Admin');
    await db.transaction().execute(async (tx) => {
      if (body.name !== undefined) {
        await tx
          .updateTable('user_groups')
          .set({ name: checkName(body.name) })
          .where('id', '=', row.id)
          .execute();
      }
      const leaving = [...(body.remove_members ?? [])];
      await sql`DELETE FROM group_members
        WHERE group_id = ${row.id} AND user_id = ANY(${leaving}::int[])`.execute(tx);
      await addMembers(tx, row.id, body.add_members ?? []);
    });
    return ok({ message: `Group ${row.id} updated successfully!` });
  });

  serve('delete_group', async ({ caller, params }) => {
    const row = await find(caller, params.id, 'Admin');
    await db.deleteFrom('user_groups').where('id', '=', row.id).execute();
    return ok({ message: `Group ${row.id} deleted successfully!` });
  });

  async function find(caller: Caller, id: number, need: OrganizationLevel) {
    const row = await groups(db).where('user_groups.id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no group ${id}.`);
    await requireOrganization(db, caller, row.organization, need);
    return row;
  }
}

/** Groups with the ids of their members, lowest first. */
function groups(db: Db) {
  const members = sql<number[]>`ARRAY(SELECT user_id FROM group_members
    WHERE group_id = user_groups.id ORDER BY user_id)`;
  return db.selectFrom('user_groups').select(['id', 'organization', 'name', members.as('members')]);
}

async function addMembers(tx: Tx, group: number, users: readonly number[]): Promise<void> {
  if (users.length === 0) return;
  const wanted = [...new Set(users)];
  const known = await tx.selectFrom('users').select('id').where('id', 'in', wanted).execute();
  const missing = wanted.find((user) => !known.some(({ id }) => id === user));
  if (missing !== undefined) throw badRequest(`There is no user ${missing}.`);
  await tx
    .insertInto('group_members')
    .values(wanted.map((user) => ({ group_id: group, user_id: user })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

function checkName(name: string): string {
  if (name.trim() === '') throw badRequest('The name is empty.');
  return name;
}
