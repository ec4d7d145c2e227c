import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopLeftover } from '../../../src/hub/postgres/cluster.ts';
import { hubClient } from '../../support/hub.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Manifest {
  bin: Record<string, string>;
}

let folder: string;
/** The packed project, unpacked, over the packages that are installed here. */
let unpacked: string;
let manifest: Manifest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-packed-'));
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [archive = ''] = await readdir(folder);
  await run('tar', ['-xzf', join(folder, archive), '-C', folder]);
  unpacked = join(folder, 'package');
  await symlink(join(root, 'node_modules'), join(unpacked, 'node_modules'));
  manifest = JSON.parse(await readFile(join(unpacked, 'package.json'), 'utf8')) as Manifest;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the packed project', () => {
  it('holds the program that it names, with the line that makes it one', async () => {
    expect(Object.keys(manifest.bin)).toEqual(['tidemark-hub']);
    const text = await readFile(join(unpacked, manifest.bin['tidemark-hub'] ?? ''), 'utf8');
    expect(text.split('\n')[0]).toBe('#!/usr/bin/env node');
  });

  it('runs the hub with the sample, in a folder named from where it is started', async () => {
    const place = join(folder, 'ship');
    await mkdir(place);
    const program = join(unpacked, manifest.bin['tidemark-hub'] ?? '');
    const options = ['--port', '0', '--data', './hub-data', '--sample', '--parent-watch'];
    const hub = spawn(process.execPath, [program, ...options], {
      cwd: place,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const ended = new Promise((resolve) => hub.once('exit', resolve));
    let said = '';
    hub.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    try {
      const ready = await Promise.race([
        new Promise<string>((resolve) => createInterface(hub.stdout).once('line', resolve)),
        ended.then(() => Promise.reject(new Error(`the hub ended: ${said}`))),
      ]);
      const { url } = JSON.parse(ready) as { url: string };
      const password = (await readFile(join(place, 'hub-data', 'admin-password.txt'), 'utf8')).trim();
      const anybody = hubClient(() => url);
      const { body } = await anybody<{ token: string }>('POST', '/rest/Token', {
        username: 'admin',
        password,
      });
      const projects = await hubClient(() => url, body.token)<{ name: string }[]>('GET', '/rest/Projects');
      expect(projects.body.map(({ name }) => name)).toEqual(['Sample dives']);
    } finally {
      hub.stdin.end();
      await ended;
      await stopLeftover(join(place, 'hub-data'));
    }
    expect(existsSync(join(place, 'hub-data', 'postgres', 'cluster', 'postmaster.pid'))).toBe(false);
  });
});
