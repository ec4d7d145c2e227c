import { randomBytes, randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { faultOf, TidemarkError } from '../contract/errors.ts';
import { noCipher } from './accounts/secrets.ts';
import { tatorCalls } from './accounts/tator-calls.ts';
import { chooseDataRoot, dataFolderAt, makeDataFolder } from './data-folder.ts';
import { isCode } from './files.ts';
import { programVersion } from './program-version.ts';
import { createHost, type RunningHost } from './host.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { startBrowserServer, type BrowserServer } from './server/browser-server.ts';

/**
 * Browser mode: the host as a plain Node program that also serves the pages.
 *
 *   browser.js [--data FOLDER] [--port N] [--no-hub] [--bundle FOLDER] [--dev-server URL]
 *
 * When it serves, it prints one line of JSON on its standard output:
 *   {"event":"ready","url":"http://127.0.0.1:PORT/open?key=…","origin":"http://127.0.0.1:PORT","pid":N,"dataFolder":"…"}
 * or, when it cannot start, {"event":"failed","fault":{…}} and exits with 1.
 */
const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    port: { type: 'string' },
    'no-hub': { type: 'boolean', default: false },
    bundle: { type: 'string', default: join(here, '..', 'renderer') },
    'hub-script': { type: 'string', default: join(here, 'hub.js') },
    'dev-server': { type: 'string' },
    'part-bytes': { type: 'string' },
  },
});

function print(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function log(line: string): void {
  process.stderr.write(`tidemark: ${line}\n`);
}

async function main(): Promise<void> {
  const clock = systemClock();
  const dataRoot = chooseDataRoot(values.data, process.env, process.platform);
  const folder = dataFolderAt(dataRoot);
  await makeDataFolder(folder);
  const lock = await takeInstanceLock(folder.lock, clock);
  const host = await createHost({
    version: await programVersion(here),
    mode: 'browser',
    dataRoot,
    bundle: resolve(values.bundle),
    hubScript: values['no-hub'] ? null : resolve(values['hub-script']),
    env: process.env,
    cipher: noCipher,
    callServer: tatorCalls({ clock, random: Math.random }),
    clock,
    random: Math.random,
    makeId: randomUUID,
    log,
    partBytes: values['part-bytes'] === undefined ? undefined : Number(values['part-bytes']),
  });
  const key = randomBytes(32).toString('base64url');
  const server = await serve(host, key);
  await lock.announce(server.origin);
  host.begin();
  const { origin } = server;
  print({ event: 'ready', url: `${origin}/open?key=${key}`, origin, pid: process.pid, dataFolder: dataRoot });

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await server.close();
    await host.stop();
    await lock.release();
    process.exit(0);
  };
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
}

/** The port of the last run, since the page's database belongs to it; another one if that is taken. */
async function serve(host: RunningHost, key: string): Promise<BrowserServer> {
  const asked = values.port === undefined ? null : Number(values.port);
  const start = (port: number | null): Promise<BrowserServer> =>
    startBrowserServer({
      assets: host.assets,
      access: { kind: 'cookie', key },
      port,
      onChannel: host.attach,
      receiveImport: (id, offset, bytes) => host.imports.receive(id, offset, bytes),
      devServer: values['dev-server'],
      onError: (what, thrown) => {
        const { code, detail, message } = faultOf(thrown);
        log(`${what}: ${code}: ${detail ?? message}`);
      },
    });
  const usual = asked ?? host.settings.get().port;
  try {
    const server = await start(usual);
    if (usual === null) await host.settings.change({ port: server.port });
    return server;
  } catch (error) {
    if (!isCode(error, 'EADDRINUSE') || asked !== null) throw error;
    // Confirmed work comes again from the server, unconfirmed work from the flight recorder.
    log(`port ${usual} is taken by another program; this run uses another one`);
    return start(null);
  }
}

main().catch((thrown: unknown) => {
  const fault = faultOf(thrown);
  if (!(thrown instanceof TidemarkError))
    log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  print({ event: 'failed', fault });
  process.exit(1);
});
