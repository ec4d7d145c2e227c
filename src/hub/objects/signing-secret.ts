import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { Db } from '../db/database.ts';

const NAME = 'signed-urls';
const LENGTH = 32;

/** The secret in the file at `path` (0600), made when there is none. */
export async function secretInFile(path: string): Promise<Buffer> {
  const known = await readFile(path).catch(() => undefined);
  if (known && known.length > 0) return known;
  const made = randomBytes(LENGTH);
  await writeFile(path, made, { mode: 0o600 });
  return made;
}

/**
 * The secret of all hubs on one database, so that each honours the URLs that the others gave out. The
 * first hub brings the one of its file; the others write it over theirs.
 */
export async function sharedSecret(db: Db, path: string): Promise<Buffer> {
  const own = await secretInFile(path);
  await db
    .insertInto('shared_secrets')
    .values({ name: NAME, value: own })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { value } = await db
    .selectFrom('shared_secrets')
    .select('value')
    .where('name', '=', NAME)
    .executeTakeFirstOrThrow();
  if (!value.equals(own)) await writeFile(path, value, { mode: 0o600 });
  return value;
}
