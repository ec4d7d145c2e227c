/**
 * How the store behind the signed URLs takes a file; read off the URLs, since the server does not say it.
 *
 *   parts     S3: any order, any number at a time, an ETag each
 *   blocks    Azure: the same, without ETags that one could go by
 *   session   Google: one URL named once for each part; bytes in order, with Content-Range
 *   object    one PUT of the whole
 */
export type StoreKind = 'parts' | 'blocks' | 'session' | 'object';

export function storeKindOf(urls: readonly string[]): StoreKind {
  const [first = ''] = urls;
  if (urls.length <= 1) return 'object';
  if (urls.every((url) => url === first)) return 'session';
  return isAzure(first) ? 'blocks' : 'parts';
}

/** Headers that the PUT of one part or object needs. */
export function putHeaders(url: string, length: number): Record<string, string> {
  const blob = isAzure(url) && !/[?&]comp=block/.test(url);
  return { 'content-length': String(length), ...(blob ? { 'x-ms-blob-type': 'BlockBlob' } : {}) };
}

/** Only Azure's shared access signatures carry this parameter. */
function isAzure(url: string): boolean {
  return /[?&]sig=/.test(url);
}

/** How long the URL says that it lives, ms; null where it does not. Never by comparing it with our own clock. */
export function lifetimeOf(url: string): number | null {
  const { searchParams } = new URL(url);
  const seconds = searchParams.get('X-Amz-Expires') ?? searchParams.get('X-Goog-Expires');
  if (seconds !== null && Number(seconds) > 0) return Number(seconds) * 1000;
  const [from, to] = [searchParams.get('st'), searchParams.get('se')].map((text) => Date.parse(text ?? ''));
  return from !== undefined && to !== undefined && to > from ? to - from : null;
}
