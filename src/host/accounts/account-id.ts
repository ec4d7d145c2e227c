import { createHash } from 'node:crypto';

/** The built-in server's account; its address may change, its identity not. */
export const embeddedAccountId = 'built-in';

/** Stable for a user on a server: a readable part and a digest that keeps look-alikes apart. */
export function accountIdOf(host: string, username: string): string {
  const readable = `${username}-${host.replace(/^https?:\/\//, '')}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 48);
  const digest = createHash('sha256').update(`${host}\n${username}`).digest('hex').slice(0, 10);
  return `${readable}-${digest}`;
}

/** The base address as it is stored; null when it is no http(s) address. */
export function normalizeHost(text: string): string | null {
  const withScheme = /^https?:\/\//i.test(text.trim()) ? text.trim() : `https://${text.trim()}`;
  try {
    const { protocol, host, pathname, username } = new URL(withScheme);
    if (username !== '') return null;
    return `${protocol}//${host}${pathname.replace(/\/+$/, '')}`;
  } catch {
    return null;
  }
}
