import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handleAsset, type AssetSource } from '../../../src/host/server/asset-handler.ts';
import { judge, type RequestFacts } from '../../../src/host/server/guard.ts';
import { parseRange } from '../../../src/host/server/ranges.ts';

describe('a range header', () => {
  it.each([
    [null, { kind: 'whole' }],
    ['bytes=0-0', { kind: 'part', start: 0, end: 0 }],
    ['bytes=10-19', { kind: 'part', start: 10, end: 19 }],
    ['bytes=90-', { kind: 'part', start: 90, end: 99 }],
    ['bytes=90-900', { kind: 'part', start: 90, end: 99 }],
    ['bytes=-10', { kind: 'part', start: 90, end: 99 }],
    ['bytes=-1000', { kind: 'part', start: 0, end: 99 }],
    ['bytes=100-', { kind: 'unsatisfiable' }],
    ['bytes=-0', { kind: 'unsatisfiable' }],
    ['bytes=20-10', { kind: 'whole' }],
    ['bytes=0-1,5-6', { kind: 'whole' }],
    ['items=0-1', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
  ])('%s of 100 bytes means %o', (header, expected) => {
    expect(parseRange(header, 100)).toEqual(expected);
  });
});

const key = 'k'.repeat(43);
const guard = { access: { kind: 'cookie' as const, key }, port: 4000 };
const mine: RequestFacts = {
  method: 'GET',
  target: '/',
  host: '127.0.0.1:4000',
  origin: undefined,
  fetchSite: 'same-origin',
  cookie: `other=1; tidemark-4000=${key}`,
  authorization: undefined,
  upgrade: false,
};

describe('the guard of browser mode', () => {
  it('lets the page in that has the cookie', () => {
    expect(judge(mine, guard)).toEqual({ kind: 'allowed' });
  });

  it.each<[string, Partial<RequestFacts>, 'host' | 'origin' | 'key']>([
    ['a name that was bound to this machine', { host: 'evil.example:4000' }, 'host'],
    ['no host', { host: undefined }, 'host'],
    ['another port', { host: '127.0.0.1:4001' }, 'host'],
    ['another site', { origin: 'https://evil.example' }, 'origin'],
    ['a page on another port of this machine', { origin: 'http://127.0.0.1:5000' }, 'origin'],
    ['an opaque origin', { origin: 'null' }, 'origin'],
    ['an image on another site', { fetchSite: 'cross-site' }, 'origin'],
    ['no cookie', { cookie: undefined }, 'key'],
    ['a cookie of another instance', { cookie: `tidemark-4001=${key}` }, 'key'],
    ['a wrong cookie', { cookie: 'tidemark-4000=guess' }, 'key'],
    ['a socket without an origin', { upgrade: true }, 'origin'],
    ['a write without an origin', { method: 'PUT' }, 'origin'],
    ['a wrong key', { target: '/open?key=guess' }, 'key'],
    ['no key', { target: '/open' }, 'key'],
  ])('refuses %s', (_, change, reason) => {
    expect(judge({ ...mine, ...change }, guard)).toEqual({ kind: 'refused', reason });
  });

  it('gives the cookie for the key, to no script and to no other site', () => {
    const verdict = judge({ ...mine, cookie: undefined, target: `/open?key=${key}` }, guard);
    expect(verdict).toMatchObject({ kind: 'welcome' });
    expect(verdict.kind === 'welcome' && verdict.setCookie).toMatch(
      /^tidemark-4000=.*HttpOnly; SameSite=Strict$/,
    );
  });

  it('asks the shell for its header, and gives it no socket', () => {
    const shell = { access: { kind: 'header' as const, authorization: 'Bearer s' }, port: 4000 };
    const facts = { ...mine, cookie: undefined, authorization: 'Bearer s' };
    expect(judge(facts, shell).kind).toBe('allowed');
    expect(judge({ ...facts, authorization: 'Bearer t' }, shell).kind).toBe('refused');
    expect(judge({ ...facts, authorization: undefined, cookie: mine.cookie }, shell).kind).toBe('refused');
    expect(judge({ ...facts, upgrade: true, origin: 'http://127.0.0.1:4000' }, shell).kind).toBe('refused');
  });
});

describe('the asset handler', () => {
  let root = '';
  let source: AssetSource;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tidemark-assets-'));
    await mkdir(join(root, 'bundle', 'assets'), { recursive: true });
    await writeFile(join(root, 'secret.txt'), 'secret');
    await writeFile(join(root, 'bundle', 'index.html'), '<p>page</p>');
    await writeFile(join(root, 'bundle', 'assets', 'app-1a.js'), 'js');
    await writeFile(join(root, 'film.mp4'), '0123456789');
    source = {
      bundle: join(root, 'bundle'),
      mediaFile: (media, kind) =>
        Promise.resolve(
          media === 'known' && kind === 'play'
            ? { path: join(root, 'film.mp4'), contentType: 'video/mp4' }
            : null,
        ),
    };
  });
  afterAll(() => rm(root, { recursive: true }));
  const get = (path: string, headers: Record<string, string> = {}) =>
    handleAsset(new Request(`http://localhost${path}`, { headers }), source);

  it('serves the page at the root, and lets named files be cached', async () => {
    const page = await get('/');
    expect([page.status, await page.text()]).toEqual([200, '<p>page</p>']);
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect((await get('/assets/app-1a.js')).headers.get('cache-control')).toContain('immutable');
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/%00',
    '/%zz',
  ])('gives nothing outside of the bundle for %s', async (path) => {
    const response = await get(path);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.text()).not.toContain('secret');
  });

  it('answers ranges of a media', async () => {
    const part = await get('/media/known/play', { range: 'bytes=2-4' });
    expect([part.status, await part.text()]).toEqual([206, '234']);
    expect(part.headers.get('content-range')).toBe('bytes 2-4/10');
    const beyond = await get('/media/known/play', { range: 'bytes=10-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    const whole = await get('/media/known/play');
    expect([whole.status, whole.headers.get('accept-ranges'), await whole.text()]).toEqual([
      200,
      'bytes',
      '0123456789',
    ]);
  });

  it('says 404 for media and files of media that are not there, and 405 for writes', async () => {
    expect((await get('/media/unknown/play')).status).toBe(404);
    expect((await get('/media/known/thumbnail')).status).toBe(404);
    expect((await get('/media/known/media.json')).status).toBe(404);
    const write = await handleAsset(new Request('http://localhost/', { method: 'POST' }), source);
    expect(write.status).toBe(405);
  });
});
