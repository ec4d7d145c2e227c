/**
 * The key that a client means by the URL of one of the hub's own objects: the plain key, or the path of
 * a URL that carries the hub's signature (which is not checked here), whatever host it was given under.
 * Undefined for anything else. The caller still checks
 * that the key is one the user may read.
 */
export function keyOfOwnUrl(url: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) return url.startsWith('/') ? undefined : url;
  try {
    const { protocol, pathname, searchParams } = new URL(url);
    if (protocol !== 'http:' && protocol !== 'https:') return undefined;
    if (!pathname.startsWith('/objects/') || !searchParams.has('signature')) return undefined;
    return pathname.slice('/objects/'.length).split('/').map(decodeURIComponent).join('/');
  } catch {
    return undefined;
  }
}
