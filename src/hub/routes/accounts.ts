import { requireOrganization } from '../access/access.ts';
import { hashPassword } from '../access/passwords.ts';
import { logIn } from '../access/tokens.ts';
import { userJson } from '../access/users.ts';
import { created, ok, type Serve } from '../call.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { checkElementalId } from '../marks/writing.ts';

export function accountRoutes(serve: Serve, { db, clock, settings }: HubDeps): void {
  serve('create_obtain_auth_token', async ({ caller, body }) => {
    if (caller.id !== 0 && caller.username.toLowerCase() !== body.username.trim().toLowerCase()) {
      throw badRequest('The request is already authenticated as another user.');
    }
    return created({ token: await logIn(db, body, clock.now()) });
  });

  serve('whoami', async ({ caller }) => {
    const user = await db.selectFrom('users').selectAll().where('id', '=', caller.id).executeTakeFirst();
    if (!user) throw notFound();
    return ok(userJson(user));
  });

  serve('get_user', async ({ caller, params }) => {
    const user = await db.selectFrom('users').selectAll().where('id', '=', params.id).executeTakeFirst();
    if (!user) throw notFound(`There is no user ${params.id}.`);
    if (user.id !== caller.id && !caller.isStaff && !(await shareProject(caller.id, user.id)))
      throw forbidden();
    return ok(userJson(user));
  });

  serve('get_user_list', async ({ query }) => {
    const [column, value] = soughtUser(query);
    const users = await db.selectFrom('users').selectAll().where(column, '=', value).orderBy('id').execute();
    return ok(users.map(userJson));
  });

  serve('user_exists', async ({ query }) => {
    const [column, value] = soughtUser(query);
    return ok((await db.selectFrom('users').select('id').where(column, '=', value).execute()).length > 0);
  });

  serve('update_user', async ({ caller, params, body }) => {
    if (params.id !== caller.id && !caller.isStaff) throw forbidden();
    const user = await db.selectFrom('users').selectAll().where('id', '=', params.id).executeTakeFirst();
    if (!user) throw notFound(`There is no user ${params.id}.`);
    if (body.password !== undefined)
      throw badRequest('Passwords are reset by token, which needs e-mail.', 'not-implemented');
    const cleared = new Set(body.clear_profile_keys ?? []);
    const profile = Object.fromEntries(
      Object.entries({ ...user.profile, ...body.set_profile_keys }).filter(([key]) => !cleared.has(key)),
    );
    await db
      .updateTable('users')
      .set({
        first_name: body.first_name ?? user.first_name,
        last_name: body.last_name ?? user.last_name,
        email: body.email ?? user.email,
        profile: JSON.stringify(profile),
      })
      .where('id', '=', user.id)
      .execute();
    return ok({ message: `User ${user.id} successfully updated!` });
  });

  serve('get_organization_list', async ({ caller }) => {
    const rows = await db
      .selectFrom('organizations')
      .innerJoin('affiliations', 'affiliations.organization_id', 'organizations.id')
      .select(['organizations.id', 'name', 'thumb', 'default_membership_permission', 'permission'])
      .where('affiliations.user_id', '=', caller.id)
      .orderBy('name')
      .execute();
    return ok(rows.map((row) => ({ ...row, effective_permission: 0 })));
  });

  serve('get_organization', async ({ caller, params }) => {
    await requireOrganization(db, caller, params.id, 'Member');
    const row = await db
      .selectFrom('organizations')
      .innerJoin('affiliations', 'affiliations.organization_id', 'organizations.id')
      .select(['organizations.id', 'name', 'thumb', 'default_membership_permission', 'permission'])
      .where('affiliations.user_id', '=', caller.id)
      .where('organizations.id', '=', params.id)
      .executeTakeFirst();
    return ok({ ...row, effective_permission: 0 });
  });

  serve('create_organization', async ({ caller, body }) => {
    if (!caller.isStaff && !settings.anybodyMakesOrganizations) throw forbidden();
    const id = await db.transaction().execute(async (tx) => {
      const row = await tx
        .insertInto('organizations')
        .values({
          name: body.name,
          default_membership_permission: body.default_membership_permission ?? 'No Access',
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      await tx
        .insertInto('affiliations')
        .values({ user_id: caller.id, organization_id: row.id, permission: 'Admin' })
        .execute();
      return row.id;
    });
    return created({ message: 'Organization successfully created!', id });
  });

  serve('create_affiliation', async ({ caller, params, body }) => {
    await requireOrganization(db, caller, params.organization, 'Admin');
    if (body.user === undefined) throw badRequest('An affiliation needs a user.');
    const row = await db
      .insertInto('affiliations')
      .values({
        user_id: body.user,
        organization_id: params.organization,
        permission: body.permission ?? 'Member',
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created({ message: 'Affiliation successfully created!', id: row.id });
  });

  serve('get_affiliation_list', async ({ caller, params }) => {
    await requireOrganization(db, caller, params.organization, 'Member');
    const rows = await db
      .selectFrom('affiliations')
      .innerJoin('users', 'users.id', 'affiliations.user_id')
      .select([
        'affiliations.id',
        'user_id',
        'organization_id',
        'permission',
        'username',
        'first_name',
        'last_name',
        'email',
      ])
      .where('organization_id', '=', params.organization)
      .orderBy('last_name')
      .orderBy('username')
      .execute();
    return ok(rows);
  });

  serve('create_user', async ({ caller, body }) => {
    if (!caller.isStaff) throw forbidden('Only staff can make users here.');
    const username = body.username.trim();
    const taken = await db
      .selectFrom('users')
      .select('id')
      .where((eb) => eb(eb.fn('lower', ['username']), '=', username.toLowerCase()))
      .executeTakeFirst();
    if (taken) throw badRequest('The user name is taken.');
    const row = await db
      .insertInto('users')
      .values({
        username,
        first_name: body.first_name,
        last_name: body.last_name,
        email: body.email,
        password_hash: await hashPassword(body.password),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created({ message: `User ${username} successfully created!`, id: row.id });
  });

  async function shareProject(one: number, other: number): Promise<boolean> {
    const row = await db
      .selectFrom('memberships as mine')
      .innerJoin('memberships as theirs', 'theirs.project', 'mine.project')
      .select('mine.id')
      .where('mine.user_id', '=', one)
      .where('theirs.user_id', '=', other)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }
}

type UserKey = ['username' | 'email' | 'elemental_id', string];

/** The key that counts when several are given is the last one, as in the original. */
function soughtUser(query: {
  username?: string | undefined;
  email?: string | undefined;
  elemental_id?: string | undefined;
}): UserKey {
  const elemental = checkElementalId(query.elemental_id);
  if (elemental !== undefined) return ['elemental_id', elemental];
  if (query.email !== undefined) return ['email', query.email];
  if (query.username !== undefined) return ['username', query.username];
  throw badRequest('Give a username, an email or an elemental_id.');
}
