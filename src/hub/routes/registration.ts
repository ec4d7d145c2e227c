import { statusOf } from '../access/invitations.ts';
import { readAvatar } from '../access/avatars.ts';
import { hashPassword } from '../access/passwords.ts';
import { checkEmail, checkNewPassword, usersByEmail } from '../access/users.ts';
import { created, type Answer, type Call } from '../call.ts';
import type { Tx } from '../db/database.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden } from '../errors.ts';
import { checkElementalId } from '../marks/writing.ts';
import { affiliate } from './organizations.ts';

const LONGEST_NAME = 150;

/**
 * Makes a user: by staff, by an invitation, or by anybody where the hub is open for it. An invitation
 * is spent in the same transaction, and makes the user part of its organization.
 */
export async function registerUser(
  { db, clock, makeId, objects, settings }: HubDeps,
  { caller, body }: Call<'create_user'>,
): Promise<Answer> {
  const token = body.registration_token || undefined;
  if (token === undefined && !caller.isStaff && !settings.anybodyRegisters)
    throw forbidden('A new user needs an invitation.');
  const username = checkName(body.username);
  const email = body.email === '' && caller.isStaff ? '' : checkEmail(body.email);
  const elemental = caller.isStaff ? checkElementalId(body.elemental_id) : undefined;
  if (!caller.isStaff) checkNewPassword(body.password);
  const hash = await hashPassword(body.password);
  const id = await db.transaction().execute(async (tx) => {
    const { avatar: _unchecked, ...profile } = body.profile ?? {};
    const row = await tx
      .insertInto('users')
      .values({
        username,
        first_name: body.first_name,
        last_name: body.last_name,
        email,
        password_hash: hash,
        profile: JSON.stringify(profile),
        ...(elemental === undefined ? {} : { elemental_id: elemental }),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    if (!row) throw badRequest('The user name is taken.');
    if (!caller.isStaff && (await usersByEmail(tx, email)).length > 1)
      throw badRequest(`The address ${email} is taken.`);
    if (token !== undefined) await spendInvitation(tx, { token, email, user: row.id, now: clock.now() });
    if (body.new_avatar !== undefined) {
      const avatar = readAvatar(body.new_avatar, row.id, makeId());
      await objects.put(avatar.key, avatar.content);
      const withAvatar = JSON.stringify({ ...profile, avatar: avatar.key });
      await tx.updateTable('users').set({ profile: withAvatar }).where('id', '=', row.id).execute();
    }
    return row.id;
  });
  return created({ message: `User ${username} successfully created!`, id });
}

function checkName(given: string): string {
  const username = given.trim();
  if (username === '' || username.length > LONGEST_NAME)
    throw badRequest(`A user name has 1 to ${LONGEST_NAME} characters.`);
  return username;
}

interface Spending {
  token: string;
  email: string;
  user: number;
  now: number;
}

/** @throws HubError 400 for a token that is unknown, spent, expired or another address's. */
async function spendInvitation(tx: Tx, { token, email, user, now }: Spending): Promise<void> {
  const invitation = await tx
    .selectFrom('invitations')
    .selectAll()
    .where('registration_token', '=', checkElementalId(token) ?? '')
    .forUpdate()
    .executeTakeFirst();
  if (!invitation) throw badRequest('There is no such invitation.');
  if (statusOf(invitation, now) !== 'Pending') throw badRequest('The invitation is not pending any more.');
  if (invitation.email.toLowerCase() !== email.toLowerCase())
    throw badRequest('The invitation is for another address.');
  const { organization_id: organization, permission } = invitation;
  await affiliate(tx, { user, organization, permission });
  await tx.updateTable('invitations').set({ status: 'Accepted' }).where('id', '=', invitation.id).execute();
}
