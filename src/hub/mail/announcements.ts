import type { Db } from '../db/database.ts';
import { badRequest } from '../errors.ts';

const HOUR = 3_600_000;
const A_WEEK = 168;
const A_YEAR = 8_760;

/**
 * Shows a text to every user until it is dismissed or its hours are over.
 * @throws HubError 400 for a body that is not `{markdown, hours?}`.
 */
export async function announce(db: Db, body: unknown, now: number): Promise<{ id: number }> {
  const { markdown, hours = A_WEEK } = (body ?? {}) as { markdown?: unknown; hours?: unknown };
  if (typeof markdown !== 'string' || markdown.trim() === '') throw badRequest('The text is missing.');
  if (typeof hours !== 'number' || !(hours > 0 && hours <= A_YEAR))
    throw badRequest(`hours is a number up to ${A_YEAR}.`);
  return db
    .insertInto('announcements')
    .values({ markdown, created_datetime: new Date(now), eol_datetime: new Date(now + hours * HOUR) })
    .returning('id')
    .executeTakeFirstOrThrow();
}
