import type { Selectable } from 'kysely';
import { requireOrganization, type Caller, type OrganizationLevel } from '../access/access.ts';
import { statusOf } from '../access/invitations.ts';
import { checkEmail, usersByEmail } from '../access/users.ts';
import { created, ok, type Serve } from '../call.ts';
import type { Db, Tx } from '../db/database.ts';
import type { Invitations } from '../db/schema-people.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, notFound } from '../errors.ts';
import { post } from '../mail/posting.ts';
import { registrationPath } from '../pages/paths.ts';
import { affiliate } from './organizations.ts';

type Row = Selectable<Invitations> & { created_username: string | null };

export function invitationRoutes(serve: Serve, deps: HubDeps): void {
  const { db, clock, makeId, mailer } = deps;

  serve('create_invitation', async ({ caller, params, body, origin }) => {
    await requireOrganization(db, caller, params.organization, 'Admin');
    const email = checkEmail(body.email);
    const token = makeId();
    const id = await db.transaction().execute(async (tx) => {
      // The lock on the organization keeps two invitations of one address apart.
      await tx
        .selectFrom('organizations')
        .select('id')
        .where('id', '=', params.organization)
        .forUpdate()
        .execute();
      await requireNew(tx, params.organization, email);
      const row = await tx
        .insertInto('invitations')
        .values({
          organization_id: params.organization,
          email,
          permission: body.permission,
          registration_token: token,
          created_by_id: caller.id,
          created_datetime: new Date(clock.now()),
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return row.id;
    });
    const url = origin + registrationPath(token, email);
    if (!mailer) return created({ message: `User can register at ${url}`, id });
    const text = `${caller.username} invites you to work together. Register here:\n\n${url}\n\nThe invitation ends in 7 days.\n`;
    await post(deps, mailer, { to: [email], subject: 'Invitation', text });
    return created({ message: `Invitation sent to ${email}. User can register at ${url}`, id });
  });

  serve('get_invitation_list', async ({ caller, params }) => {
    const part = await requireOrganization(db, caller, params.organization, 'Member');
    const rows = await invitations(db)
      .where('organization_id', '=', params.organization)
      .orderBy('invitations.id')
      .execute();
    return ok(rows.map((row) => invitationJson(row, part, clock.now())));
  });

  serve('get_invitation', async ({ caller, params }) => {
    const row = await find(caller, params.id, 'Member');
    const part = await requireOrganization(db, caller, row.organization_id, 'Member');
    return ok(invitationJson(row, part, clock.now()));
  });

  serve('update_invitation', async ({ caller, params, body }) => {
    const row = await find(caller, params.id, 'Admin');
    const permission = body.permission ?? row.permission;
    await db.transaction().execute(async (tx) => {
      if (body.status === 'Accepted') await accept(tx, { ...row, permission });
      await tx.updateTable('invitations').set({ permission }).where('id', '=', row.id).execute();
    });
    return ok({ message: `Invitation ${row.id} successfully updated!` });
  });

  serve('delete_invitation', async ({ caller, params }) => {
    const row = await find(caller, params.id, 'Admin');
    await db.deleteFrom('invitations').where('id', '=', row.id).execute();
    return ok({ message: `Invitation ${row.id} successfully deleted!` });
  });

  /** @throws HubError 400 for an address that is invited or affiliated, or that several users share. */
  async function requireNew(tx: Tx, organization: number, email: string): Promise<void> {
    const open = await tx
      .selectFrom('invitations')
      .selectAll()
      .where('organization_id', '=', organization)
      .where((eb) => eb(eb.fn('lower', ['email']), '=', email.toLowerCase()))
      .execute();
    if (open.some((row) => statusOf(row, clock.now()) === 'Pending'))
      throw badRequest(`There is a pending invitation for ${email}.`);
    const users = await usersByEmail(tx, email);
    if (users.length > 1) throw badRequest(`Several users have the address ${email}.`);
    const [user] = users;
    if (!user) return;
    const there = await tx
      .selectFrom('affiliations')
      .select('id')
      .where('organization_id', '=', organization)
      .where('user_id', '=', user.id)
      .executeTakeFirst();
    if (there) throw badRequest(`${email} belongs to the organization already.`);
  }

  /** Makes the user with the invited address part of the organization. */
  async function accept(tx: Tx, row: Row): Promise<void> {
    if (statusOf(row, clock.now()) !== 'Pending') throw badRequest('The invitation is not pending.');
    const [user, ...others] = await usersByEmail(tx, row.email);
    if (!user || others.length > 0) throw badRequest(`Not exactly one user has the address ${row.email}.`);
    await affiliate(tx, { user: user.id, organization: row.organization_id, permission: row.permission });
    await tx.updateTable('invitations').set({ status: 'Accepted' }).where('id', '=', row.id).execute();
  }

  async function find(caller: Caller, id: number, need: 'Member' | 'Admin'): Promise<Row> {
    const row = await invitations(db).where('invitations.id', '=', id).executeTakeFirst();
    if (!row) throw notFound(`There is no invitation ${id}.`);
    await requireOrganization(db, caller, row.organization_id, need);
    return row;
  }
}

function invitations(db: Db) {
  return db
    .selectFrom('invitations')
    .leftJoin('users', 'users.id', 'invitations.created_by_id')
    .selectAll('invitations')
    .select('users.username as created_username');
}

/** Whoever holds the token can join on the invited level, so it is shown to administrators alone. */
function invitationJson(
  { registration_token, ...row }: Row,
  part: OrganizationLevel,
  now: number,
): Record<string, unknown> {
  return { ...row, status: statusOf(row, now), ...(part === 'Admin' ? { registration_token } : {}) };
}
