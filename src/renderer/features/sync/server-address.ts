export interface ServerAddress {
  /** With scheme, without a trailing slash. */
  address: string;
  /** The password would travel in the clear over a network. */
  insecure: boolean;
}

/**
 * The address of a server as a person writes it: `tator.example.org`, `192.168.1.4:8080`, or a
 * whole URL, also one copied from the browser's address bar down to `/rest`. Null if it is none.
 * Without a scheme it is https, except on this machine and in private networks, where a hub of a
 * ship seldom has a certificate.
 */
export function serverAddress(text: string): ServerAddress | null {
  const trimmed = text.trim();
  if (trimmed === '' || /\s/.test(trimmed)) return null;
  const written = /^([a-z][a-z0-9+.-]*):\/\//i.test(trimmed) ? trimmed : null;
  const url = parse(written ?? `https://${trimmed}`);
  if (url === null || url.hostname === '') return null;
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  if (url.username !== '' || url.password !== '') return null;
  const scheme = written !== null ? url.protocol : isLocal(url.hostname) ? 'http:' : 'https:';
  const path = url.pathname.replace(/\/+$/, '').replace(/\/rest$/, '');
  // Read again as http, for `:443` and `:80` are dropped by scheme.
  const host = scheme === url.protocol ? url.host : hostOf(trimmed);
  return { address: `${scheme}//${host}${path}`, insecure: scheme === 'http:' && !isLoopback(url.hostname) };
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

function hostOf(withoutScheme: string): string {
  return new URL(`http://${withoutScheme}`).host;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}

function isLocal(hostname: string): boolean {
  return (
    isLoopback(hostname) ||
    hostname.endsWith('.local') ||
    /^(10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./.test(hostname)
  );
}
