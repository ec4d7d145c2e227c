import { describe, expect, it } from 'vitest';
import { isLocalUri, localUri, parseUri, serverUri, uriOnServer } from '../../../src/domain/place-uri.ts';

describe('the URI of a bookmark', () => {
  it('names a media that no server has by its key, until there is a row id', () => {
    const uri = localUri('a/b?c', 41);
    expect(isLocalUri(uri)).toBe(true);
    expect(parseUri(uri)).toEqual({ media: { key: 'a/b?c' }, frame: 41 });
    expect(uriOnServer(uri, { projectId: 3, mediaIds: new Map() })).toBeNull();
    expect(uriOnServer(uri, { projectId: 3, mediaIds: new Map([['a/b?c', 7]]) })).toBe(
      '/3/annotation/7?frame=41',
    );
  });

  it('is read as the pages of a server write it, and left alone where it is another', () => {
    expect(parseUri(serverUri(3, { id: 7, frame: null }))).toEqual({ media: { serverId: 7 }, frame: null });
    expect(parseUri('https://tator.example/3/annotation/7?sort=a&frame=9&lock=1')).toEqual({
      media: { serverId: 7 },
      frame: 9,
    });
    expect(parseUri('/3/analytics/localizations')).toBeNull();
    expect(uriOnServer('/3/analytics', { projectId: 3, mediaIds: new Map() })).toBe('/3/analytics');
  });

  it('of a damaged key is kept as it is', () => {
    expect(parseUri('tidemark:media/%E0%A4%A?frame=1')).toEqual({ media: { key: '%E0%A4%A' }, frame: 1 });
  });
});
