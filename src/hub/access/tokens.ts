import { createHash, randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Db } from '../db/database.ts';
import type { Users } from '../db/schema.ts';
import { badRequest } from '../errors.ts';
import type { Caller } from './access.ts';
import { afterFailure, isLockedOut, type LoginHistory } from './login-rules.ts';
import { checkPassword } from './passwords.ts';

export const noCredentials = 'Authentication credentials were not provided.';
export const invalidToken = 'Invalid token.';

/** A hash of nobody's password: an unknown user costs as long as a wrong password. */
const NOBODY = 'scrypt$16384$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/**
 * The token of a user with the right password; one per user, kept until `refresh` replaces it.
 * @throws HubError 400 for bad credentials and during a lockout.
 */
export async function logIn(
  db: Db,
  {
    username,
    password,
    refresh = false,
  }: { username: string; password: string; refresh?: boolean | undefined },
  now: number,
): Promise<string> {
  const user = await db
    .selectFrom('users')
    .selectAll()
    .where((eb) => eb(eb.fn('lower', ['username']), '=', username.trim().toLowerCase()))
    .executeTakeFirst();
  const locked = user !== undefined && isLockedOut(historyOf(user), now);
  const right = !locked && (await checkPassword(password, user?.password_hash ?? NOBODY));
  const outcome = user ? await settle(db, user.id, { right, now }) : 'wrong';
  if (!user || outcome !== 'in')
    throw badRequest(
      outcome === 'locked'
        ? 'Too many failed logins. Try again in 10 minutes.'
        : 'Unable to log in with provided credentials.',
    );
  return tokenOf(db, user.id, { refresh });
}

/**
 * Writes down how a try ended, one try after the other: of many at once those that come after the third
 * failure are locked out, even the one with the right password.
 */
function settle(
  db: Db,
  user: number,
  { right, now }: { right: boolean; now: number },
): Promise<'in' | 'wrong' | 'locked'> {
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('users')
      .select(['failed_logins', 'last_failed_login'])
      .where('id', '=', user)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const history = historyOf(row);
    const locked = isLockedOut(history, now);
    if (right && !locked && history.failures === 0) return 'in';
    const next =
      right && !locked
        ? { failed_logins: 0 }
        : { failed_logins: afterFailure(history, now).failures, last_failed_login: new Date(now) };
    await tx.updateTable('users').set(next).where('id', '=', user).execute();
    if (locked) return 'locked';
    return right ? 'in' : 'wrong';
  });
}

function historyOf(row: Pick<Selectable<Users>, 'failed_logins' | 'last_failed_login'>): LoginHistory {
  return { failures: row.failed_logins, lastFailure: row.last_failed_login?.getTime() };
}

/** The user's token; one is made where there is none yet. */
export async function tokenOf(db: Db, user: number, { refresh }: { refresh: boolean }): Promise<string> {
  const value = randomBytes(20).toString('hex');
  const made = { user_id: user, value, digest: digestOf(value) };
  const row = await db
    .insertInto('tokens')
    .values(made)
    .onConflict((conflict) =>
      // A no-op update, so that the row that was there comes back.
      conflict.column('user_id').doUpdateSet(refresh ? made : { user_id: user }),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return row.value;
}

/** Looked up by digest, so that the time of the comparison tells nothing about the token. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/**
 * The caller behind an `Authorization` header; undefined without one.
 * @throws HubError 400 for a token that is not (or no longer) valid.
 */
export async function callerOf(db: Db, header: string | undefined): Promise<Caller | undefined> {
  if (header === undefined || header === '') return undefined;
  const token = /^Token\s+(\S+)$/i.exec(header)?.[1];
  if (token === undefined) throw badRequest(invalidToken);
  const user = await db
    .selectFrom('tokens')
    .innerJoin('users', 'users.id', 'tokens.user_id')
    .select(['users.id', 'users.username', 'users.is_staff'])
    .where('tokens.digest', '=', digestOf(token))
    .executeTakeFirst();
  if (!user) throw badRequest(invalidToken);
  return { id: user.id, username: user.username, isStaff: user.is_staff };
}
