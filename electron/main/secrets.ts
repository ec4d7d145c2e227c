import { safeStorage } from 'electron';

/** The operating system's key chain; null where it offers none, or where the data is not ours. */
export interface Secrets {
  /** Base64 of the encrypted text. */
  encrypt(text: string): Promise<string | null>;
  decrypt(data: string): Promise<string | null>;
}

export function keychainSecrets(): Secrets {
  return {
    encrypt: async (text) => {
      if (!(await safeStorage.isAsyncEncryptionAvailable())) return null;
      return (await safeStorage.encryptStringAsync(text)).toString('base64');
    },
    decrypt: async (data) => {
      if (!(await safeStorage.isAsyncEncryptionAvailable())) return null;
      try {
        return (await safeStorage.decryptStringAsync(Buffer.from(data, 'base64'))).result;
      } catch {
        // Another user's key chain, or a new machine: the host asks to sign in again.
        return null;
      }
    },
  };
}
