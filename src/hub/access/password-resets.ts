import { createHash, randomBytes } from 'node:crypto';
import type { Db, Tx } from '../db/database.ts';
import { badRequest } from '../errors.ts';
import { hashPassword } from './passwords.ts';

const LIFE_MS = 86_400_000;
/** Nobody's mailbox is filled by asking again and again. */
const PAUSE_MS = 60_000;

/**
 * A token with which the user's password can be set once, within a day.
 * @throws HubError 400 when one was made less than a minute ago.
 */
export async function makeReset(db: Db, user: number, now: number): Promise<string> {
  const token = randomBytes(24).toString('base64url');
  await db.transaction().execute(async (tx) => {
    await tx.selectFrom('users').select('id').where('id', '=', user).forUpdate().execute();
    const last = await tx
      .selectFrom('password_resets')
      .select('created')
      .where('user_id', '=', user)
      .orderBy('created', 'desc')
      .executeTakeFirst();
    if (last && now - last.created.getTime() < PAUSE_MS)
      throw badRequest('A mail was sent a moment ago. Try again in a minute.');
    await tx.deleteFrom('password_resets').where('user_id', '=', user).execute();
    await tx
      .insertInto('password_resets')
      .values({ digest: digestOf(token), user_id: user, created: new Date(now) })
      .execute();
  });
  return token;
}

/**
 * Spends a token of `makeReset` on a new password. Every session of the user ends.
 * @throws HubError 400 for a token that is unknown, spent, too old or another user's.
 */
export async function spendReset(
  db: Db,
  { user, token, password }: { user: number; token: string; password: string },
  now: number,
): Promise<void> {
  const hash = await hashPassword(password);
  await db.transaction().execute(async (tx) => {
    const spent = await tx
      .deleteFrom('password_resets')
      .where('digest', '=', digestOf(token))
      .where('user_id', '=', user)
      .where('created', '>', new Date(now - LIFE_MS))
      .executeTakeFirst();
    if (spent.numDeletedRows === 0n) throw badRequest('The reset token is not valid any more.');
    await setPassword(tx, user, hash);
  });
}

/** Stores a hashed password and ends every session of the user. */
export async function setPassword(tx: Tx, user: number, hash: string): Promise<void> {
  await tx
    .updateTable('users')
    .set({ password_hash: hash, failed_logins: 0 })
    .where('id', '=', user)
    .execute();
  await tx.deleteFrom('tokens').where('user_id', '=', user).execute();
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
