import type { Selectable } from 'kysely';
import { isUuid } from '../../base/random.ts';
import type { Db, Tx } from '../db/database.ts';
import type { Users } from '../db/schema.ts';
import { badRequest } from '../errors.ts';

export function userJson(user: Selectable<Users>): Record<string, unknown> {
  return {
    id: user.id,
    username: user.username,
    first_name: user.first_name,
    last_name: user.last_name,
    email: user.email,
    is_staff: user.is_staff,
    elemental_id: user.elemental_id,
    profile: user.profile,
  };
}

/** @throws HubError 400 when there is no such user. */
export async function userByElementalId(db: Db | Tx, elementalId: string): Promise<number> {
  const user = isUuid(elementalId)
    ? await db.selectFrom('users').select('id').where('elemental_id', '=', elementalId).executeTakeFirst()
    : undefined;
  if (!user) throw badRequest('There is no user with this elemental ID.');
  return user.id;
}

/** Everybody with this address, whatever its case. */
export function usersByEmail(db: Db | Tx, email: string): Promise<Selectable<Users>[]> {
  return db
    .selectFrom('users')
    .selectAll()
    .where((eb) => eb(eb.fn('lower', ['email']), '=', email.toLowerCase()))
    .orderBy('id')
    .execute();
}

/** One mailbox, no list and no name beside it: nothing that a mail server could read as more. */
const address = /^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\]+$/;
const LONGEST_ADDRESS = 254;

/** @throws HubError 400 for text that is no e-mail address. */
export function checkEmail(given: string): string {
  const email = given.trim();
  if (email.length > LONGEST_ADDRESS || !address.test(email))
    throw badRequest(`"${email.slice(0, 80)}" is no e-mail address.`);
  return email;
}

const SHORTEST_PASSWORD = 8;
const LONGEST_PASSWORD = 1024;

/** Whoever chooses a password of their own is held to a least length. @throws HubError 400 */
export function checkNewPassword(password: string): string {
  if (password.length < SHORTEST_PASSWORD)
    throw badRequest(`A password needs at least ${SHORTEST_PASSWORD} characters.`);
  if (password.length > LONGEST_PASSWORD)
    throw badRequest(`A password has at most ${LONGEST_PASSWORD} characters.`);
  return password;
}
