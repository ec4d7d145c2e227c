import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';

/** A server program of somebody else's on this machine. */
export interface LocalServer {
  endpoint: string;
  stop(): Promise<void>;
}

export interface Program {
  command: string;
  /** Its arguments, given the port that it shall listen on. */
  args: (port: number) => string[];
  env?: NodeJS.ProcessEnv;
}

/** Starts it on 127.0.0.1 and waits until it answers. */
export async function startLocalServer({ command, args, env = process.env }: Program): Promise<LocalServer> {
  const port = await freePort();
  const server = spawn(command, args(port), { env, stdio: 'ignore' });
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
  throw new Error('the server did not start');
}
