import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Who may talk to browser mode's server. It listens on this machine only, but so do the pages of every
 * site that the user's browser has open: hence a secret made anew at each start, no foreign `Host`
 * (a site's name that was re-bound to 127.0.0.1), and no foreign `Origin`.
 */
export interface GuardOptions {
  access: Access;
  port: number;
}

/** How a caller shows that it may: by the cookie that `/open` gave, or by a header that only the shell knows. */
export type Access = { kind: 'cookie'; key: string } | { kind: 'header'; authorization: string };

export type Verdict =
  | { kind: 'allowed' }
  /** `/open` with the right key: set the cookie and go to the page. */
  | { kind: 'welcome'; setCookie: string }
  | { kind: 'refused'; reason: 'host' | 'origin' | 'key' };

export interface RequestFacts {
  method: string;
  /** Path and query. */
  target: string;
  host: string | undefined;
  origin: string | undefined;
  /** The browser's `Sec-Fetch-Site`. */
  fetchSite: string | undefined;
  cookie: string | undefined;
  authorization: string | undefined;
  upgrade: boolean;
}

/** Decides about one request; pure but for hashing. */
export function judge(facts: RequestFacts, { access, port }: GuardOptions): Verdict {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (facts.host === undefined || !hosts.includes(facts.host)) return { kind: 'refused', reason: 'host' };
  if (access.kind === 'header') {
    const known = !facts.upgrade && sameSecret(facts.authorization ?? '', access.authorization);
    return known ? { kind: 'allowed' } : { kind: 'refused', reason: 'key' };
  }
  const { key } = access;
  if (facts.origin !== undefined && facts.origin !== `http://${facts.host}`) {
    return { kind: 'refused', reason: 'origin' };
  }
  // A socket or a write without an Origin does not come from a page of ours.
  const mustHaveOrigin = facts.upgrade || (facts.method !== 'GET' && facts.method !== 'HEAD');
  if (mustHaveOrigin && facts.origin === undefined) return { kind: 'refused', reason: 'origin' };
  const url = new URL(facts.target, 'http://localhost');
  if (url.pathname === '/open') {
    if (!sameSecret(url.searchParams.get('key') ?? '', key)) return { kind: 'refused', reason: 'key' };
    return { kind: 'welcome', setCookie: `${cookieName(port)}=${key}; Path=/; HttpOnly; SameSite=Strict` };
  }
  if (facts.fetchSite === 'cross-site') return { kind: 'refused', reason: 'origin' };
  const given = cookieOf(facts.cookie, cookieName(port));
  return sameSecret(given, key) ? { kind: 'allowed' } : { kind: 'refused', reason: 'key' };
}

/** Cookies do not tell ports apart, so the name must. */
export function cookieName(port: number): string {
  return `tidemark-${port}`;
}

function cookieOf(header: string | undefined, name: string): string {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
