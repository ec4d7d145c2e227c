import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashPassword } from './access/passwords.ts';
import type { Db } from './db/database.ts';

export interface FirstUser {
  id: number;
  username: string;
  /** Known while the file with it is in the data folder. */
  password: string | undefined;
}

export interface FirstUsers {
  admin: FirstUser;
  /** An ordinary user of the sample project. */
  annotator?: FirstUser;
}

const ADMIN = 'admin';
const ANNOTATOR = 'annotator';

/** The administrator, made at the first start with a random password that is shown once and kept in a file. */
export async function ensureUsers(
  db: Db,
  { data, log, sample, showPasswords }: Omit<NewUser, 'username' | 'staff'> & { sample: boolean },
): Promise<FirstUsers> {
  const admin = await ensureUser(db, { username: ADMIN, staff: true, data, log, showPasswords });
  if (!sample) return { admin };
  return {
    admin,
    annotator: await ensureUser(db, { username: ANNOTATOR, staff: false, data, log, showPasswords }),
  };
}

export interface NewUser {
  username: string;
  staff: boolean;
  data: string;
  log: (line: string) => void;
  /** Whether a new password is said once; not where the log is kept by another program. */
  showPasswords: boolean;
}

/** A user whose random password lies in `<data>/<name>-password.txt` (0600) until somebody removes it. */
export async function ensureUser(
  db: Db,
  { username, staff, data, log, showPasswords }: NewUser,
): Promise<FirstUser> {
  const path = join(data, `${username}-password.txt`);
  const known = await db.selectFrom('users').select('id').where('username', '=', username).executeTakeFirst();
  if (known) {
    const password = (await readFile(path, 'utf8').catch(() => '')).trim();
    return { id: known.id, username, password: password === '' ? undefined : password };
  }
  const password = randomBytes(12).toString('base64url');
  await writeFile(path, `${password}\n`, { mode: 0o600 });
  const { id } = await db
    .insertInto('users')
    .values({ username, is_staff: staff, password_hash: await hashPassword(password) })
    .returning('id')
    .executeTakeFirstOrThrow();
  log(
    showPasswords
      ? `user "${username}" was made with the password ${password} (shown once; kept in ${path})`
      : `user "${username}" was made; the password is kept in ${path}`,
  );
  return { id, username, password };
}
