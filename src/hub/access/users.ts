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
