import type { Selectable } from 'kysely';
import type { Caller } from '../access/access.ts';
import { readAvatar } from '../access/avatars.ts';
import { makeReset, spendReset } from '../access/password-resets.ts';
import { logIn, noCredentials } from '../access/tokens.ts';
import { checkEmail, checkNewPassword, userJson, usersByEmail } from '../access/users.ts';
import { created, ok, type Call, type Serve } from '../call.ts';
import type { Db } from '../db/database.ts';
import type { Users } from '../db/schema.ts';
import type { HubDeps } from '../deps.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { downloadUrl } from '../files/presign.ts';
import { post, requireMailer } from '../mail/posting.ts';
import { checkElementalId } from '../marks/writing.ts';
import { passwordResetPath } from '../pages/paths.ts';
import { registerUser } from './registration.ts';

export function accountRoutes(serve: Serve, deps: HubDeps): void {
  const { db, clock, objects, signer, makeId, settings } = deps;

  serve('create_obtain_auth_token', async ({ caller, body }) => {
    if (caller.id !== 0 && caller.username.toLowerCase() !== body.username.trim().toLowerCase()) {
      throw badRequest('The request is already authenticated as another user.');
    }
    return created({ token: await logIn(db, body, clock.now()) });
  });

  serve('whoami', async ({ caller, query, origin }) =>
    ok(shown(await findUser(db, caller.id), query.presigned, origin)),
  );

  serve('get_user', async ({ caller, params, query, origin }) => {
    const user = await findUser(db, params.id);
    if (user.id !== caller.id && !caller.isStaff && !(await shareProject(db, caller.id, user.id)))
      throw forbidden();
    return ok(shown(user, query.presigned, origin));
  });

  serve('get_user_list', async ({ query, origin }) =>
    ok((await soughtUsers(db, query)).map((user) => shown(user, query.presigned, origin))),
  );

  serve('user_exists', async ({ query }) => ok((await soughtUsers(db, query)).length > 0));

  serve('create_user', (call) => registerUser(deps, call));

  serve('update_user', async ({ caller, params, body }) => {
    if (body.password !== undefined || body.reset_token !== undefined) {
      return changePassword(deps, params.id, body);
    }
    requireSelfOrStaff(caller, params.id);
    const user = await findUser(db, params.id);
    const elemental = checkElementalId(body.elemental_id);
    if (elemental !== undefined && !caller.isStaff) throw forbidden('Only staff can set an elemental ID.');
    const avatar = body.new_avatar === undefined ? undefined : readAvatar(body.new_avatar, user.id, makeId());
    const profile = editedProfile(user.profile, body);
    if (avatar) {
      await objects.put(avatar.key, avatar.content);
      profile['avatar'] = avatar.key;
    }
    await db
      .updateTable('users')
      .set({
        first_name: body.first_name ?? user.first_name,
        last_name: body.last_name ?? user.last_name,
        email: body.email === undefined ? user.email : await freeEmail(user, body.email),
        elemental_id: elemental ?? user.elemental_id,
        profile: JSON.stringify(profile),
      })
      .where('id', '=', user.id)
      .execute();
    return ok({ message: `User ${user.id} successfully updated!` });
  });

  serve('create_password_reset', async ({ body }) => {
    const mailer = requireMailer(deps);
    const [user, ...others] = await usersByEmail(db, body.email.trim());
    if (!user) throw badRequest('No user has this address.');
    if (others.length > 0) throw badRequest('Several users have this address.');
    const link =
      (settings.publicUrl ?? '') + passwordResetPath(await makeReset(db, user.id, clock.now()), user.id);
    // Never the host that the request named: whoever asks for somebody else would choose where it leads.
    const where = settings.publicUrl === undefined ? 'Open this page of the hub' : 'Open';
    const text = `${where} to set a new password for the user ${user.username}:\n\n${link}\n\nIt works once, within a day. If you did not ask for it, do nothing.\n`;
    await post(deps, mailer, { to: [user.email], subject: 'A new password', text });
    return created({ message: 'Password reset email sent!' });
  });

  /** @throws HubError 400 for an address that another user has. */
  async function freeEmail(user: Selectable<Users>, given: string): Promise<string> {
    if (given === user.email) return given;
    const email = checkEmail(given);
    if ((await usersByEmail(db, email)).some((other) => other.id !== user.id))
      throw badRequest(`The address ${email} is taken.`);
    return email;
  }

  function shown(user: Selectable<Users>, seconds: number | undefined, origin: string) {
    const json = userJson(user);
    if (seconds === undefined) return json;
    const key = user.profile['avatar'];
    const expires = Math.floor(clock.now() / 1000) + seconds;
    const avatar = typeof key === 'string' ? downloadUrl({ signer, origin, expires }, key) : null;
    return { ...json, profile: { ...user.profile, avatar } };
  }
}

type UserUpdate = Call<'update_user'>['body'];

/** The two members that go together; the token stands for the caller, who may be nobody. */
async function changePassword(
  { db, clock }: HubDeps,
  user: number,
  { password, reset_token: token, ...others }: UserUpdate,
) {
  if (password === undefined || token === undefined || Object.keys(others).length > 0)
    throw badRequest('A new password needs password and reset_token, and nothing else.');
  await spendReset(db, { user, token, password: checkNewPassword(password) }, clock.now());
  return ok({ message: 'Password successfully updated!' });
}

function requireSelfOrStaff(caller: Caller, user: number): void {
  if (caller.id === 0) throw badRequest(noCredentials);
  if (caller.id !== user && !caller.isStaff) throw forbidden();
}

/** The avatar is a key into the object store, so it is set by its own members only. */
function editedProfile(profile: Record<string, unknown>, body: UserUpdate): Record<string, unknown> {
  const cleared = new Set(body.clear_profile_keys ?? []);
  const set = { ...profile, ...body.set_profile_keys, avatar: profile['avatar'] };
  const kept = Object.entries(set).filter(([key, value]) => !cleared.has(key) && value !== undefined);
  const result = Object.fromEntries(kept);
  if (body.clear_avatar === 1) delete result['avatar'];
  return result;
}

async function findUser(db: Db, id: number): Promise<Selectable<Users>> {
  const user = await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
  if (!user) throw notFound(id === 0 ? undefined : `There is no user ${id}.`);
  return user;
}

async function shareProject(db: Db, one: number, other: number): Promise<boolean> {
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

interface UserQuery {
  username?: string | undefined;
  email?: string | undefined;
  elemental_id?: string | undefined;
}

/** The key that counts when several are given is the last one, as in the original. */
function soughtUsers(db: Db, query: UserQuery): Promise<Selectable<Users>[]> {
  const users = db.selectFrom('users').selectAll().orderBy('id');
  const elemental = checkElementalId(query.elemental_id);
  if (elemental !== undefined) return users.where('elemental_id', '=', elemental).execute();
  if (query.email !== undefined) return users.where('email', '=', query.email).execute();
  if (query.username !== undefined) return users.where('username', '=', query.username).execute();
  throw badRequest('Give a username, an email or an elemental_id.');
}
