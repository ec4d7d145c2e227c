import { spawn, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An S3 store on this machine: the server of moto, which is what users of S3 libraries test against. */
export interface LocalS3 {
  endpoint: string;
  stop(): Promise<void>;
}

const VERSION = '5.1.16';
const folder = fileURLToPath(new URL(`../../node_modules/.cache/moto-${VERSION}`, import.meta.url));

/** Undefined, with a line that says so, where Python or its packages cannot be had. */
export async function startLocalS3(): Promise<LocalS3 | undefined> {
  try {
    await install();
  } catch (error) {
    console.log(`skipped: tests with S3 need Python 3 and the package moto (${String(error).slice(0, 200)})`);
    return undefined;
  }
  const port = await freePort();
  const server = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const endpoint = `http://127.0.0.1:${port}`;
  await answers(endpoint);
  return {
    endpoint,
    async stop() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

async function install(): Promise<void> {
  if (existsSync(`${folder}/installed`)) return;
  await mkdir(folder, { recursive: true });
  const options = ['--quiet', '--disable-pip-version-check', '--target', folder];
  await run('python3', ['-m', 'pip', 'install', ...options, `moto[server]==${VERSION}`], {
    timeout: 240_000,
  });
  await mkdir(`${folder}/installed`, { recursive: true });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(endpoint: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const reply = await fetch(endpoint).catch(() => undefined);
    if (reply) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the S3 server did not start');
}
