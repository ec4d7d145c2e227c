import type { SecretCipher } from './accounts/secrets.ts';
import type { HostToShell } from './shell-messages.ts';

/** Marks what the key chain sealed; without it the text is as it was stored, for want of a key chain. */
const sealedMark = 'sealed:';
const plainMark = 'plain:';

export interface ShellCipher extends SecretCipher {
  /** The main process answers request `id`. */
  answer(id: number, value: string | null): void;
}

/** Seals with the operating system's key chain, which lives in the main process. */
export function shellCipher(send: (message: HostToShell) => void): ShellCipher {
  let lastId = 0;
  const open = new Map<number, (value: string | null) => void>();
  const ask = (message: (id: number) => HostToShell): Promise<string | null> =>
    new Promise((resolve) => {
      const id = ++lastId;
      open.set(id, resolve);
      send(message(id));
    });
  return {
    seal: async (plain) => {
      const data = await ask((id) => ({ kind: 'encrypt', id, text: plain }));
      return data === null ? plainMark + plain : sealedMark + data;
    },
    unseal: (stored) => {
      if (stored.startsWith(plainMark)) return Promise.resolve(stored.slice(plainMark.length));
      if (!stored.startsWith(sealedMark)) return Promise.resolve(null);
      return ask((id) => ({ kind: 'decrypt', id, data: stored.slice(sealedMark.length) }));
    },
    answer: (id, value) => {
      open.get(id)?.(value);
      open.delete(id);
    },
  };
}
