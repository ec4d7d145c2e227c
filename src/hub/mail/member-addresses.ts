import type { Db } from '../db/database.ts';
import { badRequest } from '../errors.ts';

const MOST_RECIPIENTS = 100;

/**
 * The addresses that a mail about a project goes to, as their users wrote them.
 * @throws HubError 400 for an address that no member of the project has.
 */
export async function memberAddresses(db: Db, project: number, wanted: readonly string[]): Promise<string[]> {
  if (wanted.length === 0) throw badRequest('The mail has no recipients.');
  if (wanted.length > MOST_RECIPIENTS)
    throw badRequest(`A mail goes to at most ${MOST_RECIPIENTS} recipients.`);
  const rows = await db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select('users.email')
    .where('memberships.project', '=', project)
    .execute();
  const known = new Map(rows.map(({ email }) => [email.toLowerCase(), email]));
  return [...new Set(wanted)].map((address) => {
    const email = address === '' ? undefined : known.get(address.toLowerCase());
    if (email === undefined) throw badRequest(`${address} is not the address of a member of the project.`);
    return email;
  });
}
