import { readFile } from 'node:fs/promises';
import { Check } from 'typebox/value';
import Type from 'typebox';
import { TidemarkError } from '../../contract/errors.ts';
import { Account } from '../../contract/host-rpc.ts';
import { readJson, writeDurably } from '../files.ts';
import { accountIdOf, embeddedAccountId, normalizeHost } from './account-id.ts';
import type { Secrets } from './secrets.ts';
import type { CallServer, Connection } from './server-link.ts';

/** Who is signed in where. Tokens stay in `Secrets`; what is told to pages holds none. */
export interface Accounts {
  list(): Account[];
  find(account: string): Account | undefined;
  /** Address and token; throws `no-token`. */
  connection(account: string): Connection;
  signIn(host: string, username: string, password: string): Promise<Account>;
  signOut(account: string): Promise<void>;
  /** The server refused the token: the account stays, with everything of it, and asks to sign in. */
  markRefused(account: string): Promise<void>;
  /** Signs in to the built-in server with the credentials that it wrote for us. */
  signInEmbedded(host: string, credentialsFile: string): Promise<Account>;
}

export interface AccountsOptions {
  path: string;
  secrets: Secrets;
  callServer: CallServer;
  onChange: () => void;
}

const Credentials = Type.Object({ username: Type.String(), password: Type.String() });
const TokenReply = Type.Object({ token: Type.String() });
const UserReply = Type.Object({
  id: Type.Integer(),
  username: Type.String(),
  first_name: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  last_name: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

export async function openAccounts({
  path,
  secrets,
  callServer,
  onChange,
}: AccountsOptions): Promise<Accounts> {
  const stored = await readJson(path);
  let accounts = Check(Type.Array(Account), stored) ? stored : [];
  let last: Promise<void> = Promise.resolve();

  /** One change after the other, each computed from the newest list; memory follows the disk. */
  const change = (compute: (before: Account[]) => Account[]): Promise<void> => {
    const done = last.then(async () => {
      const next = compute(accounts);
      await writeDurably(path, JSON.stringify(next, null, 2), { mode: 0o600 });
      accounts = next;
      onChange();
    });
    last = done.catch(() => {});
    return done;
  };
  const put = (account: Account): Promise<void> =>
    change((before) => [...before.filter(({ id }) => id !== account.id), account]);

  const login = async (login: {
    host: string;
    username: string;
    password: string;
    id: string;
  }): Promise<Account> => {
    const { host, username, password, id } = login;
    const reply = await callServer({ host, token: null }, 'create_obtain_auth_token', {
      body: { username, password },
    });
    if (!Check(TokenReply, reply))
      throw new TidemarkError('garbled-answer', { detail: 'create_obtain_auth_token' });
    const user = await callServer({ host, token: reply.token }, 'whoami', {});
    if (!Check(UserReply, user)) throw new TidemarkError('garbled-answer', { detail: 'whoami' });
    await secrets.keep(id, reply.token);
    const account: Account = {
      id,
      host,
      username: user.username,
      userId: user.id,
      displayName: [user.first_name, user.last_name].filter(Boolean).join(' ') || user.username,
      embedded: id === embeddedAccountId,
      signIn: 'signed-in',
    };
    await put(account);
    return account;
  };

  return {
    list: () => accounts.map((account) => withSignIn(account, secrets)),
    find: (id) => accounts.find((account) => account.id === id),
    connection: (id) => {
      const account = accounts.find((known) => known.id === id);
      if (account === undefined) throw new TidemarkError('no-token', { detail: `no account ${id}` });
      const token = secrets.token(id);
      if (token === null || account.signIn === 'needed') throw new TidemarkError('no-token', { detail: id });
      return { host: account.host, token };
    },
    signIn: async (host, username, password) => {
      const base = normalizeHost(host);
      if (base === null)
        throw new TidemarkError('bad-request', { message: 'This is not the address of a server.' });
      return login({ host: base, username, password, id: accountIdOf(base, username) });
    },
    signOut: async (id) => {
      await secrets.forget(id);
      await change((before) =>
        before.map((known) => (known.id === id ? { ...known, signIn: 'needed' } : known)),
      );
    },
    markRefused: async (id) => {
      if (accounts.find((known) => known.id === id)?.signIn !== 'signed-in') return;
      await secrets.forget(id);
      await change((before) =>
        before.map((known) => (known.id === id ? { ...known, signIn: 'needed' } : known)),
      );
    },
    signInEmbedded: async (host, credentialsFile) => {
      const known = accounts.find(({ id }) => id === embeddedAccountId);
      const token = secrets.token(embeddedAccountId);
      if (known !== undefined && token !== null && known.signIn === 'signed-in') {
        const still = await callServer({ host, token }, 'whoami', {}).catch(() => null);
        if (Check(UserReply, still) && still.id === known.userId) {
          if (known.host !== host) await put({ ...known, host });
          return { ...known, host };
        }
      }
      const credentials = parseCredentials(await readFile(credentialsFile, 'utf8'));
      return login({ host, ...credentials, id: embeddedAccountId });
    },
  };
}

function withSignIn(account: Account, secrets: Secrets): Account {
  return secrets.token(account.id) === null ? { ...account, signIn: 'needed' } : account;
}

function parseCredentials(text: string): { username: string; password: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!Check(Credentials, value))
    throw new TidemarkError('hub-failed', { detail: 'the credentials file is not readable' });
  return value;
}
