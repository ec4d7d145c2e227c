import { startLocalServer, type LocalServer } from './local-server.ts';
import { pythonPackage } from './python.ts';

/** An S3 store on this machine: the server of moto, which is what users of S3 libraries test against. */
export type LocalS3 = LocalServer;

const VERSION = '5.1.16';

/** Undefined, with a line that says so, where Python or its packages cannot be had. */
export async function startLocalS3(): Promise<LocalS3 | undefined> {
  const folder = await pythonPackage('moto[server]', VERSION);
  if (folder === undefined) return undefined;
  return startLocalServer({
    command: 'python3',
    args: (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
  });
}
