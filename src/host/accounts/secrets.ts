import { readJson, writeDurably } from '../files.ts';

/** Encrypts what is stored; where the system offers nothing, the file's mode is the only protection. */
export interface SecretCipher {
  seal(plain: string): Promise<string>;
  /** Null when it cannot be opened (another user's key, a new machine): then one signs in again. */
  unseal(sealed: string): Promise<string | null>;
}

export const noCipher: SecretCipher = {
  seal: (plain) => Promise.resolve(plain),
  unseal: (sealed) => Promise.resolve(sealed),
};

/** Tokens by account. They never leave the host. */
export interface Secrets {
  token(account: string): string | null;
  keep(account: string, token: string): Promise<void>;
  forget(account: string): Promise<void>;
}

export async function openSecrets(path: string, cipher: SecretCipher): Promise<Secrets> {
  const tokens = new Map<string, string>();
  for (const [account, sealed] of Object.entries(parse(await readJson(path)))) {
    const token = await cipher.unseal(sealed);
    if (token !== null) tokens.set(account, token);
  }
  const write = async (next: ReadonlyMap<string, string>): Promise<void> => {
    const sealed: Record<string, string> = {};
    for (const [account, token] of next) sealed[account] = await cipher.seal(token);
    await writeDurably(path, JSON.stringify({ tokens: sealed }), { mode: 0o600 });
  };
  return {
    token: (account) => tokens.get(account) ?? null,
    keep: async (account, token) => {
      await write(new Map([...tokens, [account, token]]));
      tokens.set(account, token);
    },
    forget: async (account) => {
      await write(new Map([...tokens].filter(([id]) => id !== account)));
      tokens.delete(account);
    },
  };
}

function parse(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  const { tokens } = value as { tokens?: unknown };
  if (typeof tokens !== 'object' || tokens === null) return {};
  return Object.fromEntries(
    Object.entries(tokens).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}
