import { ContainerClient } from '@azure/storage-blob';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startLocalServer, type LocalServer } from './local-server.ts';
import { nodePackage } from './node-package.ts';

/** Azure's blob storage on this machine: Azurite, the emulator of its own makers. */
export interface LocalAzure extends LocalServer {
  connectionString: string;
  /** Makes a container; its name. */
  makeContainer(): Promise<string>;
}

/** The last one that runs on Node 20. */
const VERSION = '3.35.0';
const account = 'tidemark';

/** Undefined, with a line that says so, where it cannot be had. */
export async function startLocalAzure(): Promise<LocalAzure | undefined> {
  const folder = await nodePackage('azurite', VERSION);
  if (folder === undefined) return undefined;
  const key = randomBytes(64).toString('base64');
  const program = join(folder, 'dist', 'src', 'blob', 'main.js');
  const server = await startLocalServer({
    command: process.execPath,
    args: (port) => [
      program,
      ...['--blobHost', '127.0.0.1', '--blobPort', String(port)],
      ...['--inMemoryPersistence', '--silent', '--disableTelemetry', '--skipApiVersionCheck'],
    ],
    env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}` },
  });
  const blobs = `${server.endpoint}/${account}`;
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${blobs};`;
  return {
    ...server,
    connectionString,
    async makeContainer() {
      const name = `dives-${randomBytes(4).toString('hex')}`;
      await new ContainerClient(connectionString, name).create();
      return name;
    },
  };
}
