import type { Selectable } from 'kysely';
import type { Invitations } from '../db/schema-people.ts';

const LIFE_MS = 7 * 86_400_000;

export type InvitationStatus = 'Pending' | 'Accepted' | 'Expired';

/** An invitation that nobody took within seven days has expired. */
export function statusOf(
  { status, created_datetime }: Pick<Selectable<Invitations>, 'status' | 'created_datetime'>,
  now: number,
): InvitationStatus {
  return status === 'Pending' && now - created_datetime.getTime() >= LIFE_MS ? 'Expired' : status;
}
