import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { pythonPackage } from './python.ts';

/** An S3 store on this machine: the server of moto, which is what users of S3 libraries test against. */
export interface LocalS3 {
  endpoint: string;
  stop(): Promise<void>;
}

const VERSION = '5.1.16';

/** Undefined, with a line that says so, where Python or its packages cannot be had. */
export async function startLocalS3(): Promise<LocalS3 | undefined> {
  const folder = await pythonPackage('moto[server]', VERSION);
  if (folder === undefined) return undefined;
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
