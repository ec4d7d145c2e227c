import { createServer, type Server } from 'node:http';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePrivateTest } from '../../../src/hub/remote/private-addresses.ts';
import { RemoteFailure, RemoteFiles } from '../../../src/hub/remote/remote-files.ts';

let server: Server;
let base: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-remote-'));
  server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path === '/file') return response.end('ten bytes!');
    if (path === '/moved') return response.writeHead(302, { location: '/file' }).end();
    if (path === '/to-file-scheme') return response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    if (path === '/round') return response.writeHead(302, { location: '/round' }).end();
    if (path === '/busy') return response.writeHead(503).end();
    if (path === '/broken') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
      return undefined;
    }
    return response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const open = new RemoteFiles({ allowPrivate: true });
const strict = new RemoteFiles({ allowPrivate: false });

async function failureOf(files: RemoteFiles, url: string, largest = 1_000): Promise<RemoteFailure> {
  const failure: unknown = await files.download(url, join(folder, 'x'), { largest }).catch((e: unknown) => e);
  expect(failure).toBeInstanceOf(RemoteFailure);
  expect(await readdir(folder)).not.toContain('x');
  return failure as RemoteFailure;
}

describe('an address', () => {
  const isPrivate = makePrivateTest();
  it.each([
    '127.0.0.1',
    '10.2.3.4',
    '169.254.169.254',
    '::1',
    'fe80::1%eth0',
    '::ffff:192.168.0.1',
    'fd00::1',
    '0.0.0.0',
    '64:ff9b::7f00:1',
    'no address',
  ])('%s is private', (address) => expect(isPrivate(address)).toBe(true));
  it.each(['8.8.8.8', '172.32.0.1', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('%s is public', (address) =>
    expect(isPrivate(address)).toBe(false),
  );
});

describe('a file of another server', () => {
  it('is fetched, also where it has moved to', async () => {
    for (const path of ['/file', '/moved']) {
      const target = join(folder, 'got');
      expect(await open.download(base + path, target, { largest: 10 })).toEqual({ size: 10 });
      expect(await readFile(target, 'utf8')).toBe('ten bytes!');
      await rm(target);
    }
  });

  it('is refused by other schemes, with passwords, and through redirects to them', async () => {
    for (const url of [
      'file:///etc/passwd',
      'ftp://host/x',
      'nonsense',
      'http://me:secret@host/x',
      `${base}/to-file-scheme`,
    ]) {
      expect((await failureOf(open, url)).permanent).toBe(true);
    }
  });

  it('is refused on private networks, by number and by name, unless that is allowed', async () => {
    const { port } = server.address() as AddressInfo;
    const hosts = [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '2130706433',
      '0x7f.1',
      'sub.localhost',
    ];
    for (const host of hosts) {
      const failure = await failureOf(strict, `http://${host}:${port}/file`);
      expect(failure).toMatchObject({ status: 400, permanent: true });
      expect(failure.message).toMatch(/private network/);
    }
  });

  it('is given up where it is too large, missing, or moves in a circle', async () => {
    expect(await failureOf(open, `${base}/file`, 9)).toMatchObject({ permanent: true });
    expect(await failureOf(open, `${base}/nothing`)).toMatchObject({ permanent: true });
    expect(await failureOf(open, `${base}/round`)).toMatchObject({ permanent: true });
  });

  it('may be asked for again where the server is busy, or breaks off', async () => {
    expect(await failureOf(open, `${base}/busy`)).toMatchObject({ permanent: false });
    expect(await failureOf(open, `${base}/broken`)).toMatchObject({ permanent: false });
    expect(await failureOf(open, 'http://127.0.0.1:1/')).toMatchObject({ permanent: false });
  });

  it('stops with its signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(open.download(`${base}/file`, join(folder, 'x'), { largest: 10, signal })).rejects.toThrow(
      'enough',
    );
  });
});
